// Keys that are known by their SHA-256 only: found by every scheme, in the projects that have any,
// and by nothing but their own secret.
import Crypto
import KeyModel
import Testing
import Verification

@Suite("Imported keys on the data plane")
struct ImportedTests {
  private func importing(_ world: World, _ policy: Policy, slug: String = "demo") -> ProjectRecord {
    var project = world.project(policy, slug: slug)
    project.hasImports = true
    world.apply(.project(project))
    return project
  }

  private func version(_ world: World, _ secret: String) -> VersionRecord {
    VersionRecord(
      id: VersionID(bits: world.nextBits()),
      lookup: Array(secret.utf8).withUnsafeBytes { LookupHasher.sha256(of: $0) },
      algorithm: .sha256, acceptedFrom: Timestamp(seconds: 0))
  }

  private func add(
    _ world: World, _ account: AccountRecord, _ secret: String, publicID: String? = nil
  ) -> KeyRecord {
    world.key(account, tokens: []) {
      $0.versions = [version(world, secret)]
      $0.publicID = publicID
    }
  }

  @Test("A key of another form is found, unknown ones are malformed or not found as before")
  func found() throws {
    let world = World()
    let policy = Policy()
    let account = world.account(of: importing(world, policy))
    let key = add(world, account, "legacy-0123456789abcdef")
    let decision = try #require(world.decide(.bearer("legacy-0123456789abcdef")))
    #expect(decision.code == .valid && decision.identity?.keyID == key.id)
    #expect(world.decide(.bearer("legacy-0123456789abcdeg"))?.code == .malformed)
    #expect(world.decide(.bearer(world.token(policy)))?.code == .notFound)
    let native = world.token(policy)
    _ = world.key(account, tokens: [native])
    #expect(world.decide(.bearer(native))?.code == .valid)
  }

  @Test("A key of the policy's own form may be known by its SHA-256 too")
  func ownForm() {
    let world = World()
    let policy = Policy()
    let secret = world.token(policy)
    _ = add(world, world.account(of: importing(world, policy)), secret)
    #expect(world.decide(.bearer(secret))?.code == .valid)
  }

  @Test("What is revoked, expired or suspended is refused as any other key is")
  func life() {
    let world = World()
    let account = world.account(of: importing(world, Policy()))
    var key = add(world, account, "legacy-0123456789abcdef")
    key.revoked = true
    world.apply(.key(key))
    #expect(world.decide(.bearer("legacy-0123456789abcdef"))?.code == .revoked)
    var late = add(world, account, "legacy-expired-0123456")
    late.expiresAt = world.now
    world.apply(.key(late))
    #expect(world.decide(.bearer("legacy-expired-0123456"))?.code == .expired)
  }

  @Test("A project without imports does not look, and another project does not find")
  func elsewhere() {
    let world = World()
    _ = add(world, world.account(of: importing(world, Policy())), "legacy-0123456789abcdef")
    _ = world.project(Policy(), slug: "plain")
    let headers = Headers.bearer("legacy-0123456789abcdef")
    #expect(world.decide(headers, project: "plain")?.code == .malformed)
    _ = importing(world, Policy(), slug: "third")
    #expect(world.decide(headers, project: "third")?.code == .notFound)
  }

  @Test("The id half of every scheme must belong to the key")
  func schemes() throws {
    let secret = "legacy-0123456789abcdef"
    let schemes: [CredentialScheme] = [
      .basic, .header("X-Api-Key"), .headerPair(id: "X-Client", secret: "X-Secret"),
      .authorizationPair(idHeader: "Client-Id", scheme: "apikey"),
    ]
    for scheme in schemes {
      let world = World()
      var policy = Policy()
      policy.credential = scheme
      let account = world.account(of: importing(world, policy))
      _ = add(world, account, secret, publicID: "old-17")
      func headers(_ id: String, _ user: String) -> Headers {
        switch scheme {
        case .bearer, .header: Headers([("x-api-key", secret)])
        case .basic: Headers([("authorization", "Basic " + Base64Text.encode("\(id):\(secret)"))])
        case .headerPair: Headers([("x-client", id), ("x-secret", secret)])
        case .authorizationPair:
          Headers([("client-id", id), ("authorization", "apikey \(user):\(secret)")])
        }
      }
      let id = scheme == .basic ? "old-17" : account.clientID
      #expect(world.decide(headers(id, account.username))?.code == .valid, "\(scheme)")
      if case .header = scheme { continue }
      #expect(world.decide(headers(id + "x", account.username))?.code == .notFound, "\(scheme)")
    }
  }

  @Test("A second credential is noticed when it is an imported key")
  func second() {
    let world = World()
    let policy = Policy()
    let account = world.account(of: importing(world, policy))
    let secret = "legacy-0123456789abcdef"
    _ = add(world, account, secret)
    let native = world.token(policy)
    _ = world.key(account, tokens: [native])
    #expect(world.decide(.bearer(native), query: "key=\(secret)")?.code == .malformed)
    #expect(world.decide(.bearer(native), query: "key=\(secret)x")?.code == .valid)
  }

  @Test("No random, changed, cut or hashed token is ever taken for an imported key")
  func never() throws {
    let world = World()
    let policy = Policy()
    let account = world.account(of: importing(world, policy))
    var random = Seeded(state: 99)
    let digits = Array("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_")
    func text(_ count: Int) -> String {
      String((0..<count).map { _ in digits.randomElement(using: &random) ?? "0" })
    }
    let secrets = (0..<50).map { _ in text(Int.random(in: 16...80, using: &random)) }
    for secret in secrets { _ = add(world, account, secret) }
    for _ in 0..<20_000 {
      var token = secrets.randomElement(using: &random) ?? ""
      switch Int.random(in: 0..<6, using: &random) {
      case 0: token = text(Int.random(in: 1...100, using: &random))
      case 1: token.removeLast()
      case 2: token.removeFirst()
      case 3: token += text(1)
      case 4: token = token == token.uppercased() ? token.lowercased() : token.uppercased()
      default:
        let digest = SHA256.digest(of: Array(token.utf8))
        token = Bool.random(using: &random) ? Hex.encode(digest) : text(1) + token.dropFirst()
      }
      if secrets.contains(token) { continue }
      let code = world.decide(.bearer(token))?.code
      #expect(code == .malformed || code == .notFound)
    }
    for secret in secrets { #expect(world.decide(.bearer(secret))?.code == .valid) }
  }
}
