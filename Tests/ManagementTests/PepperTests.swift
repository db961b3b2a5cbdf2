// Changing the pepper: new keys use it at once, old ones move when they are used or can be opened,
// and the older one goes when nobody needs it.
import Crypto
import KeyModel
import Management
import Storage
import Testing
import Verification

@Suite("Peppers")
struct PepperTests {
  /// One `Verifier` for a whole test: what it noted is asked of it afterwards.
  private func found(_ world: World, _ token: String) -> (DecisionCode?, [Rehash]) {
    let verifier = Verifier(table: world.table)
    return (world.decide(token, with: verifier), verifier.takeRehashes())
  }

  private func use(_ world: World, older: Bool) async throws -> JSONValue? {
    try await world.management.peppers()["peppers"]?.array?[older ? 1 : 0]
  }

  @Test("New keys use the new pepper at once, keys of before go on and move when they are used")
  func lazily() async throws {
    let world = try await World()
    let account = try await world.account()
    let old = try await world.key(account)
    _ = try await world.management.rotatePepper()
    let new = try await world.key(account)
    #expect(try await use(world, older: true)?["keys"] == 1)
    #expect(try await use(world, older: false)?["keys"] == 1)
    #expect(found(world, new.secret) == (.valid, []))
    let (code, notes) = found(world, old.secret)
    #expect(code == .valid && notes.count == 1)
    #expect(try await world.management.rehash(notes) == 1)
    #expect(try await world.management.rehash(notes) == 0, "the second time there is nothing left")
    #expect(found(world, old.secret) == (.valid, []), "it is found under the new pepper now")
    #expect(try await use(world, older: true)?["keys"] == 0)
    #expect(world.table.versionCount == 2, "the value of before is forgotten")
  }

  @Test("A retired pepper leaves every moved key valid, and a moved key can still be revoked")
  func retired() async throws {
    let world = try await World()
    let account = try await world.account()
    let (kept, gone) = (try await world.key(account), try await world.key(account))
    _ = try await world.management.rotatePepper()
    for key in [kept, gone] { try await world.management.rehash(found(world, key.secret).1) }
    _ = try await world.management.revokeKey(gone.id, by: World.local)
    #expect(world.decide(gone.secret) == .revoked, "not even before the older one retires")
    #expect(try await world.management.retirePepper(force: false)["retired"]?.integer != nil)
    #expect(world.decide(kept.secret) == .valid)
    #expect(world.decide(gone.secret) == .revoked)
    #expect(try await world.management.retirePepper(force: false) == .null)
    guard case .intact = try await world.management.verifyAudit() else {
      Issue.record("the audit chain is broken")
      return
    }
  }

  @Test("The older pepper stays while a live key needs it; forced, that key stops verifying")
  func stillNeeded() async throws {
    let world = try await World()
    let account = try await world.account()
    let (old, ended) = (try await world.key(account), try await world.key(account))
    _ = try await world.management.revokeKey(ended.id, by: World.local)
    _ = try await world.management.rotatePepper()
    #expect(await code { try await world.management.retirePepper(force: false) } == .conflict)
    #expect(world.decide(old.secret) == .valid)
    let forced = try await world.management.retirePepper(force: true)
    #expect(forced["keys_left_behind"] == 1 && forced["ended_versions_left_behind"] == 1)
    #expect(world.decide(old.secret) == .notFound)
  }

  @Test("A third pepper beside two is refused")
  func third() async throws {
    let world = try await World()
    _ = try await world.management.rotatePepper()
    #expect(await code { try await world.management.rotatePepper() } == .conflict)
    _ = try await world.management.retirePepper(force: false)
    _ = try await world.management.rotatePepper()
  }

  @Test("What can be opened moves without being used, in one pass that may be begun again")
  func sealed() async throws {
    let world = try await World()
    let account = try await world.account(profile: "truv")
    var secrets: [String] = []
    for _ in 0..<2 { secrets.append(try await world.key(account).secret) }
    _ = try await world.management.rotatePepper()
    #expect(try await world.management.rehashSealed(from: nil)["rehashed"] == 2)
    #expect(try await world.management.rehashSealed(from: nil)["rehashed"] == 0)
    _ = try await world.management.retirePepper(force: false)
    for secret in secrets { #expect(world.decide(secret) == .valid) }
  }

  @Test("Operator keys move when they authenticate")
  func operatorKeys() async throws {
    let world = try await World()
    let made = try await world.management.createOperatorKey(
      NewOperatorKey(scopes: [.all], name: "ci"), by: World.local)
    let token = try #require(made.body?["operator_key"]?.string)
    _ = try await world.management.rotatePepper()
    #expect(await code { try await world.management.retirePepper(force: false) } == .conflict)
    _ = try await world.management.authenticate(token)
    #expect(try await world.management.rehash([]) == 1)
    _ = try await world.management.retirePepper(force: false)
    _ = try await world.management.authenticate(token)
  }

  @Test("A note that comes late, when its pepper is not the newest any more, changes nothing")
  func late() async throws {
    let world = try await World()
    let account = try await world.account()
    let key = try await world.key(account)
    _ = try await world.management.rotatePepper()
    let notes = found(world, key.secret).1
    try await world.management.rehash(notes)
    _ = try await world.management.retirePepper(force: false)
    _ = try await world.management.rotatePepper()
    #expect(try await world.management.rehash(notes) == 0)
    #expect(world.decide(key.secret) == .valid)
  }

  @Test("A note holds no token, and a token of garbage leaves none")
  func notes() async throws {
    let world = try await World()
    let account = try await world.account()
    let key = try await world.key(account)
    _ = try await world.management.rotatePepper()
    #expect(!String(reflecting: found(world, key.secret).1).contains(key.secret))
    #expect(found(world, String(key.secret.dropLast()) + "~").1 == [])
    #expect(found(world, "x").1 == [])
  }
}
