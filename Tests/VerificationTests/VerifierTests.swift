// What a decision says, code by code.
import KeyModel
import Testing
import Verification

@Suite struct VerifierTests {
  let world = World()

  /// Two environments told apart by prefix, host and path; secret and publishable keys.
  static var policy: Policy {
    var policy = Policy()
    var production = Environment(name: "production", title: "Production")
    production.secretPrefix = "sk_live_"
    production.publishablePrefix = "pk_live_"
    production.hosts = ["api.example.com"]
    var sandbox = Environment(name: "sandbox", title: "Sandbox")
    sandbox.secretPrefix = "sk_test_"
    sandbox.publishablePrefix = "pk_test_"
    sandbox.pathPrefix = "/sandbox"
    policy.environments = [production, sandbox]
    policy.kinds = [.secret, .publishable]
    policy.publishableAllow = [RoutePattern(method: "POST", path: "/widget/*")]
    return policy
  }

  @Test("a live key is valid and names its key, version, account and application")
  func valid() throws {
    let account = world.account(of: world.project(Self.policy))
    let token = world.token(Self.policy)
    let key = world.key(account, tokens: [token])
    let decision = try #require(world.decide(.bearer(token)))
    #expect(decision.code == .valid)
    #expect(decision.identity?.keyID == key.id)
    #expect(decision.identity?.versionID == key.versions[0].id)
    #expect(decision.identity?.accountID == account.id)
    #expect(decision.identity?.applicationID == key.applicationID)
    #expect(decision.identity?.environment == 0)
  }

  @Test("no credential is missing; a wrong form is malformed; a right form nobody has is not found")
  func unknown() {
    _ = world.account(of: world.project(Self.policy))
    let token = world.token(Self.policy)
    #expect(world.decide(Headers([]))?.code == .missing)
    #expect(world.decide(.bearer("nonsense"))?.code == .malformed)
    #expect(world.decide(.bearer(String(token.dropLast()) + "!"))?.code == .malformed)
    #expect(world.decide(Headers([("authorization", "Basic abc")]))?.code == .malformed)
    let twice = Headers([("authorization", "Bearer \(token)"), ("authorization", "Bearer x")])
    #expect(world.decide(twice)?.code == .malformed)
    #expect(world.decide(.bearer(token))?.code == .notFound)
  }

  @Test("revocation, retirement and the ends of windows refuse, at the microsecond they are due")
  func life() {
    let account = world.account(of: world.project(Self.policy))
    let tokens = (0..<4).map { _ in world.token(Self.policy) }
    var key = world.key(account, tokens: tokens) { [now = world.now] in
      $0.versions[1].state = .retiring
      $0.versions[1].acceptedUntil = now
      $0.versions[2].state = .retired
      $0.versions[3].state = .abandoned
      $0.expiresAt = now.adding(seconds: 10)
    }
    #expect(
      tokens.map { world.decide(.bearer($0))?.code } == [.valid, .revoked, .revoked, .revoked])
    world.now.microseconds -= 1
    #expect(world.decide(.bearer(tokens[1]))?.code == .valid)
    world.now.microseconds += 10_000_001
    #expect(world.decide(.bearer(tokens[0]))?.code == .expired)
    key.revoked = true
    world.apply(.key(key))
    #expect(tokens.allSatisfy { world.decide(.bearer($0))?.code == .revoked })
    world.apply(.keyRemoved(key.id))
    #expect(tokens.allSatisfy { world.decide(.bearer($0))?.code == .notFound })
  }

  @Test("an environment is chosen by host or path and a key of another one is refused")
  func environments() {
    let account = world.account(of: world.project(Self.policy))
    let live = world.token(Self.policy)
    let test = world.token(Self.policy, environment: 1)
    _ = world.key(account, tokens: [live])
    _ = world.key(account, tokens: [test], environment: "sandbox")
    #expect(world.decide(.bearer(live), host: "API.example.com")?.code == .valid)
    #expect(world.decide(.bearer(test), host: "api.example.com")?.code == .wrongEnvironment)
    #expect(world.decide(.bearer(test), path: "/sandbox/things")?.code == .valid)
    #expect(world.decide(.bearer(live), path: "/sandbox")?.code == .wrongEnvironment)
    #expect(world.decide(.bearer(live), path: "/sandboxes")?.code == .valid)
    #expect(world.decide(.bearer(test), host: "elsewhere.example")?.code == .valid)
    for path in ["/x/../sandbox/a", "/./sandbox", "//sandbox/a", "/%73andbox", "/x/%2e%2e/sandbox"]
    {
      #expect(world.decide(.bearer(live), path: path)?.code == .wrongEnvironment)
    }
  }

  @Test("a read-only key reads, and no override makes it write")
  func readOnly() {
    let account = world.account(of: world.project(Self.policy))
    let token = world.token(Self.policy)
    _ = world.key(account, tokens: [token]) { $0.access = .readOnly }
    for method in ["GET", "HEAD", "OPTIONS"] {
      #expect(world.decide(.bearer(token), method: method)?.code == .valid)
    }
    for method in ["POST", "PUT", "PATCH", "DELETE", "get", "PROPFIND"] {
      #expect(world.decide(.bearer(token), method: method)?.code == .readOnly)
    }
    for query in ["_method=DELETE", "a=1&_method=put", "%5fmethod=DELETE", "_%6Dethod=DELETE"] {
      #expect(world.decide(.bearer(token), query: query)?.code == .readOnly)
    }
    #expect(world.decide(.bearer(token), query: "method=DELETE")?.code == .valid)
    let override = Headers([
      ("authorization", "Bearer \(token)"), ("x-http-method-override", "DELETE"),
    ])
    #expect(world.decide(override)?.code == .readOnly)
  }

  @Test("a publishable key passes only the routes its policy names; a key's own routes bind it")
  func routes() {
    let account = world.account(of: world.project(Self.policy))
    let publishable = world.token(Self.policy, kind: .publishable)
    let bound = world.token(Self.policy)
    _ = world.key(account, tokens: [publishable]) { $0.kind = .publishable }
    _ = world.key(account, tokens: [bound]) {
      $0.routes = [RoutePattern(method: "GET", path: "/v1/orders/*")]
    }
    func code(_ token: String, _ method: String, _ path: String) -> DecisionCode? {
      // The host selects the environment, so that the path is left to the routes.
      world.decide(.bearer(token), method: method, path: path, host: "api.example.com")?.code
    }
    #expect(code(publishable, "POST", "/widget/open") == .valid)
    #expect(code(publishable, "GET", "/widget/open") == .routeNotAllowed)
    #expect(code(publishable, "POST", "/widgets") == .routeNotAllowed)
    #expect(code(bound, "GET", "/v1/orders/17") == .valid)
    #expect(code(bound, "POST", "/v1/orders/17") == .routeNotAllowed)
    for path in ["/v1/orders/../keys", "/v1/orders/%2e%2e/keys", "/v1/orders//x", "/v1/orders/a;b"]
    {
      #expect(code(bound, "GET", path) == .routeNotAllowed)
    }
  }

  @Test("a route allowed for one method is not reached by a call that becomes another method's")
  func routesAgainstOverrides() {
    let account = world.account(of: world.project(Self.policy))
    let (bound, open) = (world.token(Self.policy), world.token(Self.policy))
    _ = world.key(account, tokens: [bound]) {
      $0.routes = [RoutePattern(method: "POST", path: "/v1/*")]
    }
    _ = world.key(account, tokens: [open]) {
      $0.routes = [RoutePattern(method: "*", path: "/v1/*")]
    }
    func code(_ token: String, _ query: String?, _ more: [(String, String)] = []) -> DecisionCode? {
      let headers = Headers([("authorization", "Bearer \(token)")] + more)
      return world.decide(headers, method: "POST", path: "/v1/a", query: query)?.code
    }
    #expect(code(bound, nil) == .valid)
    #expect(code(bound, "_method=DELETE") == .routeNotAllowed)
    #expect(code(bound, "%5Fmethod=DELETE") == .routeNotAllowed)
    #expect(code(bound, nil, [("x-http-method-override", "DELETE")]) == .routeNotAllowed)
    #expect(code(open, "_method=DELETE") == .valid)
    #expect(code(open, nil, [("x-http-method-override", "DELETE")]) == .valid)
  }

  @Test("a publishable key that may call nothing is refused also where the route is unknown")
  func publishableNothing() {
    var policy = Self.policy
    policy.publishableAllow = []
    let account = world.account(of: world.project(policy))
    let token = world.token(policy, kind: .publishable)
    _ = world.key(account, tokens: [token]) { $0.kind = .publishable }
    #expect(world.decide(.bearer(token), path: "")?.code == .routeNotAllowed)
  }

  @Test("a second key of the project in the query or in Authorization refuses the call")
  func secondCredential() {
    var policy = Policy()
    policy.credential = .header("X-Api-Key")
    let account = world.account(of: world.project(policy))
    let (one, two) = (world.token(policy), world.token(policy))
    _ = world.key(account, tokens: [one])
    _ = world.key(account, tokens: [two])
    func code(_ authorization: String?, query: String? = nil) -> DecisionCode? {
      let more = authorization.map { [("authorization", $0)] } ?? []
      return world.decide(Headers([("x-api-key", one)] + more), query: query)?.code
    }
    #expect(code(nil) == .valid)
    #expect(code("Bearer of-the-upstream") == .valid)
    #expect(code(nil, query: "a=1&b=\(world.token(policy))") == .valid)
    for value in ["Bearer \(two)", two, "Basic user:\(two)", "Bearer \(one)"] {
      #expect(code(value) == .malformed)
    }
    let encoded = "%" + String(two.utf8.first!, radix: 16) + two.dropFirst()
    for query in ["key=\(two)", "a=1&\(two)", "a=1;x=\(encoded)", "k=\(one)"] {
      #expect(code(nil, query: query) == .malformed)
    }
    #expect(world.decide(Headers([]), query: "key=\(one)")?.code == .missing)
  }

  @Test("two Authorization lines refuse the call under every scheme")
  func twoAuthorizations() {
    for scheme in [CredentialScheme.bearer, .header("X-Api-Key")] {
      let world = World()
      var policy = Policy()
      policy.credential = scheme
      let token = world.token(policy)
      _ = world.key(world.account(of: world.project(policy)), tokens: [token])
      let own: [(String, String)] = scheme == .bearer ? [] : [("x-api-key", token)]
      let value = scheme == .bearer ? "Bearer \(token)" : "Basic of-the-upstream"
      let line = [("authorization", value)]
      #expect(world.decide(Headers(own + line))?.code == .valid)
      #expect(world.decide(Headers(own + line + line))?.code == .malformed)
    }
  }

  @Test("a second key of the project in any other header refuses the call")
  func secondCredentialElsewhere() {
    let policy = Policy()
    let account = world.account(of: world.project(policy))
    let (one, two, unknown) = (world.token(policy), world.token(policy), world.token(policy))
    for token in [one, two] { _ = world.key(account, tokens: [token]) }
    func code(_ value: String) -> DecisionCode? {
      world.decide(Headers([("authorization", "Bearer \(one)"), ("x-access-secret", value)]))?.code
    }
    #expect(code("of the upstream") == .valid)
    #expect(code(unknown) == .valid)
    #expect(code(one) == .malformed)
    #expect(code(two) == .malformed)
  }

  @Test("an id that is presented beside the secret must be the key's: its public id, else its own")
  func basicIDs() {
    var policy = Policy()
    policy.credential = .basic
    let account = world.account(of: world.project(policy))
    let (named, plain) = (world.token(policy), world.token(policy))
    _ = world.key(account, tokens: [named]) { $0.publicID = "PFK-1" }
    let key = world.key(account, tokens: [plain])
    func code(_ id: String, _ secret: String) -> DecisionCode? {
      let value = "Basic " + Base64Text.encode("\(id):\(secret)")
      return world.decide(Headers([("authorization", value)]))?.code
    }
    #expect(code("PFK-1", named) == .valid)
    #expect(code(key.id.description, plain) == .valid)
    for (id, secret) in [
      ("PFK-2", named), ("PFK-1", plain), ("", plain), ("x", plain), ("", named),
    ] {
      #expect(code(id, secret) == .notFound)
    }
  }

  @Test("suspension and removal of an account or project act on all its keys at once")
  func accounts() {
    let project = world.project(Self.policy)
    var account = world.account(of: project)
    let tokens = (0..<50).map { _ in world.token(Self.policy) }
    for token in tokens { _ = world.key(account, tokens: [token]) }
    account.suspended = true
    world.apply(.account(account))
    #expect(tokens.allSatisfy { world.decide(.bearer($0))?.code == .accountSuspended })
    account.suspended = false
    world.apply(.account(account))
    #expect(tokens.allSatisfy { world.decide(.bearer($0))?.code == .valid })
    world.apply(.accountRemoved(account.id))
    #expect(tokens.allSatisfy { world.decide(.bearer($0))?.code == .notFound })
    #expect(world.table.versionCount == 0)
    world.apply(.projectRemoved(project.id))
    #expect(world.decide(.bearer(tokens[0])) == nil)
  }

  @Test("a key of one project is unknown to another, whatever host or slug is asked")
  func tenants() {
    let first = world.project(Self.policy, slug: "first", hosts: ["first.example"])
    _ = world.project(Self.policy, slug: "second", hosts: ["second.example"])
    let token = world.token(Self.policy)
    _ = world.key(world.account(of: first), tokens: [token])
    #expect(world.decide(.bearer(token), project: "first")?.code == .valid)
    #expect(world.decide(.bearer(token), project: "second")?.code == .notFound)
    let slug = Array("Second.Example".utf8).withUnsafeBytes {
      world.verifier.project(host: $0)?.slug
    }
    #expect(slug == "second")
    let unknown = Array("third.example".utf8).withUnsafeBytes { world.verifier.project(host: $0) }
    #expect(unknown == nil)
  }

  @Test("a host of several projects' environments leads to whose own it is, else to the oldest")
  func sharedHosts() {
    func asked(_ host: String) -> String? {
      Array(host.utf8).withUnsafeBytes { world.verifier.project(host: $0)?.slug }
    }
    let first = world.project(Self.policy, slug: "first")
    _ = world.project(Self.policy, slug: "second", hosts: ["second.example"])
    #expect(asked("api.example.com") == "first")
    let third = world.project(Policy(), slug: "third", hosts: ["api.example.com"])
    #expect(asked("api.example.com") == "third")
    world.apply(.projectRemoved(third.id))
    world.apply(.projectRemoved(first.id))
    #expect(asked("api.example.com") == "second")
  }

  @Test("use is gathered per version and handed over once")
  func usage() throws {
    let account = world.account(of: world.project(Self.policy), brands: ["north", "south"])
    let token = world.token(Self.policy)
    let key = world.key(account, tokens: [token])
    let identity = try #require(world.decide(.bearer(token))?.identity)
    let later = world.now.adding(seconds: 86_400)
    for time in [world.now, world.now, later] { world.verifier.admit(identity, now: time) }
    let ledger = try #require(world.verifier.takeUsage())
    let deltas = ledger.deltas.sorted { $0.lastUsedAt < $1.lastUsedAt }
    #expect(deltas.map(\.calls) == [2, 1])
    #expect(deltas.map(\.lastUsedAt) == [world.now, later])
    #expect(deltas.allSatisfy { $0.keyID == key.id && $0.versionID == key.versions[0].id })
    #expect(world.verifier.takeUsage() == nil)
    let south = Array("south".utf8).withUnsafeBytes { world.verifier.isBrand($0, of: identity) }
    let west = Array("west".utf8).withUnsafeBytes { world.verifier.isBrand($0, of: identity) }
    #expect(south && !west)
  }
}
