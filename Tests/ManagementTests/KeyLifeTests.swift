// Keys from making to revocation, as the data plane sees them after each answer.
import KeyModel
import Management
import Testing

@Suite("The life of keys")
struct KeyLifeTests {
  @Test("A key passes once its 201 is given, and is refused once its 204 is given")
  func issueAndRevoke() async throws {
    let world = try await World()
    let account = try await world.account()
    let key = try await world.key(account)
    #expect(key.secret.hasPrefix("sk_live_"))
    #expect(world.decide(key.secret) == .valid)
    let answer = try await world.management.revokeKey(key.id, by: World.local)
    #expect(answer.status == 204)
    #expect(world.decide(key.secret) == .revoked)
    let again = try await world.management.revokeKey(key.id, by: World.local)
    #expect(again.status == 204)
    let shown = try await world.management.key(key.id, by: .local)
    #expect(shown.body?["state"]?.string == "revoked")
  }

  @Test("Rotation accepts both secrets for the overlap, then only the new one")
  func rotate() async throws {
    let world = try await World()
    let account = try await world.account()
    let key = try await world.key(account)
    let answer = try await world.management.rotateKey(
      key.id, KeyRotation(overlapSeconds: 60), by: World.local)
    let secret = try #require(answer.body?["secret"]?.string)
    #expect(secret != key.secret)
    #expect(answer.body?["id"]?.string == key.id.description)
    #expect(answer.body?["versions"]?.array?.map { $0["state"]?.string } == ["retiring", "active"])
    #expect(world.decide(key.secret) == .valid)
    #expect(world.decide(secret) == .valid)
    world.clock.advance(seconds: 61)
    #expect(world.decide(key.secret) != .valid)
    #expect(world.decide(secret) == .valid)
    let shown = try await world.management.key(key.id, by: .local)
    #expect(shown.body?["versions"]?.array?.map { $0["state"]?.string } == ["retired", "active"])
  }

  @Test("An overlap above the policy's bound is refused with its pointer")
  func overlapBound() async throws {
    let world = try await World()
    let key = try await world.key(try await world.account())
    do {
      _ = try await world.management.rotateKey(
        key.id, KeyRotation(overlapSeconds: 604_801), by: World.local)
      Issue.record("the overlap was accepted")
    } catch {
      #expect(error.code == .validationFailed)
      #expect(error.findings.map(\.pointer) == ["/overlap_seconds"])
    }
  }

  @Test("Reset kills the old secret in the same moment; reset all does so for every key")
  func reset() async throws {
    let world = try await World()
    let account = try await world.account()
    let first = try await world.key(account)
    let second = try await world.key(account, "sandbox")
    let answer = try await world.management.resetKey(first.id, by: World.local)
    let renewed = try #require(answer.body?["secret"]?.string)
    #expect(world.decide(first.secret) != .valid && world.decide(renewed) == .valid)
    let all = try await world.management.resetAllKeys(of: account, by: World.local)
    let keys = try #require(all.body?["keys"]?.array)
    #expect(keys.count == 2)
    #expect(world.decide(renewed) != .valid && world.decide(second.secret) != .valid)
    for key in keys { #expect(world.decide(try #require(key["secret"]?.string)) == .valid) }
  }

  @Test("A mode that the policy switches off is refused")
  func modes() async throws {
    let world = try await World()
    let account = try await world.account(
      policy: ["rotation": ["reset": false, "reset_all": false, "overlap_max_seconds": nil]])
    let key = try await world.key(account)
    let management = world.management
    #expect(
      await code { try await management.rotateKey(key.id, KeyRotation(), by: World.local) }
        == .rotationModeDisabled)
    #expect(
      await code { try await management.resetKey(key.id, by: World.local) }
        == .rotationModeDisabled)
    #expect(
      await code { try await management.resetAllKeys(of: account, by: World.local) }
        == .rotationModeDisabled)
  }

  @Test("A revoked key cannot be rotated, reset, patched or revealed")
  func revoked() async throws {
    let world = try await World()
    let key = try await world.key(try await world.account())
    let management = world.management
    _ = try await management.revokeKey(key.id, by: World.local)
    #expect(
      await code { try await management.rotateKey(key.id, KeyRotation(), by: World.local) }
        == .keyRevoked)
    #expect(await code { try await management.resetKey(key.id, by: World.local) } == .keyRevoked)
    #expect(
      await code { try await management.updateKey(key.id, KeyPatch(), by: World.local) }
        == .keyRevoked)
    #expect(await code { try await management.revealKey(key.id, by: World.local) } == .keyRevoked)
  }

  @Test("An expired key is shown as expired, refused, and does not count against the limit")
  func expiry() async throws {
    let world = try await World()
    let account = try await world.account(
      policy: ["limits": ["keys": ["max": 1, "min": 0, "per": "account"]]])
    var new = NewKey(environment: "production")
    new.expiresAt = world.clock.now().adding(seconds: 10)
    let made = try await world.management.createKey(of: account, new, by: World.local)
    let secret = try #require(made.body?["secret"]?.string)
    let id = try #require(made.body?["id"]?.string.flatMap { KeyID($0) })
    #expect(world.decide(secret) == .valid)
    world.clock.advance(seconds: 10)
    #expect(world.decide(secret) == .expired)
    #expect(try await world.management.key(id, by: .local).body?["state"]?.string == "expired")
    _ = try await world.key(account)
    var patch = KeyPatch()
    patch.expiresAt = .clear
    let management = world.management
    #expect(
      await code { try await management.updateKey(id, patch, by: World.local) }
        == .keyLimitReached)
  }

  @Test("Reveal gives the same secret where the policy says always, and is refused where once")
  func reveal() async throws {
    let world = try await World()
    let always = try await world.account("always", profile: "truework")
    let key = try await world.key(always)
    let shown = try await world.management.revealKey(key.id, by: World.local)
    #expect(shown.body == ["secret": .string(key.secret)])
    let once = try await world.key(try await world.account("once"))
    let management = world.management
    #expect(
      await code { try await management.revealKey(once.id, by: World.local) }
        == .secretNotRecoverable)
  }

  @Test("A suspended account's key is refused, and passes again afterwards")
  func suspension() async throws {
    let world = try await World()
    let account = try await world.account()
    let key = try await world.key(account)
    var patch = AccountPatch()
    patch.state = .suspended
    _ = try await world.management.updateAccount(account, patch, by: World.local)
    #expect(world.decide(key.secret) == .accountSuspended)
    patch.state = .active
    _ = try await world.management.updateAccount(account, patch, by: World.local)
    #expect(world.decide(key.secret) == .valid)
  }

  @Test("Deleting an account or a project takes its keys from the data plane")
  func deletion() async throws {
    let world = try await World()
    let account = try await world.account()
    let key = try await world.key(account)
    _ = try await world.management.deleteAccount(account, by: World.local)
    #expect(world.decide(key.secret) == .notFound)
    _ = try await world.management.deleteProject("demo", by: World.local)
    #expect(world.decide(key.secret) == nil)
  }
}
