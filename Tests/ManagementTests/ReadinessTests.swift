// Who still presents which version, and what safe delete makes of it.
import KeyModel
import Management
import Testing

@Suite("Readiness and safe delete")
struct ReadinessTests {
  private static let policy: JSONValue = [
    "safe_delete_seconds": 60,
    "rotation": ["reset": true, "reset_all": true, "overlap_max_seconds": 600],
    "limits": ["keys": nil],
  ]

  private func version(_ answer: JSONValue?, _ index: Int) throws -> VersionID {
    try #require(
      answer?["versions"]?.array?[index]["id"]?.string.flatMap { VersionID($0) })
  }

  private func present(
    _ world: World, _ key: KeyID, _ version: Int, agent: String = "old/1", calls: Int64 = 1
  ) async throws {
    let shown = try await world.management.key(key, by: .local)
    world.sightings.add(
      CallerSighting(
        keyID: key, versionID: try self.version(shown.body, version),
        caller: KeyCaller(address: "192.0.2.7", userAgent: agent, route: "GET /v1/orders"),
        lastSeenAt: world.clock.now(), calls: calls))
  }

  @Test("readiness names each caller and says when the old version may end")
  func readiness() async throws {
    let world = try await World()
    let key = try await world.key(try await world.account(policy: Self.policy))
    try await present(world, key.id, 0, calls: 2)
    _ = try await world.management.rotateKey(
      key.id, KeyRotation(overlapSeconds: 600), by: World.local)
    try await present(world, key.id, 0)
    try await present(world, key.id, 1, agent: "")
    let first = try await world.management.readiness(of: key.id, by: .local).body
    #expect(first?["safe_to_retire"] == false && first?["callers_dropped"] == false)
    let rows = try #require(first?["data"]?.array)
    #expect(Set(rows.map { $0["calls"] }) == [3, 1] && rows.count == 2)
    let old = try #require(rows.first { $0["user_agent"] == "old/1" })
    #expect(old["version"] == first?["version"] && old["address"] == "192.0.2.7")
    #expect(old["route"] == "GET /v1/orders" && old["last_seen_at"]?.string != nil)
    #expect(rows.contains { $0["user_agent"] == .null })
    world.clock.advance(seconds: 60)
    try await present(world, key.id, 1, agent: "new/2")
    let second = try await world.management.readiness(of: key.id, by: .local).body
    #expect(second?["safe_to_retire"] == true)
    #expect(second?["data"]?.array?.count == 3)
  }

  @Test("callers beyond the bound are said to be dropped")
  func dropped() async throws {
    let world = try await World()
    let key = try await world.key(try await world.account(policy: Self.policy))
    for number in 0..<70 { try await present(world, key.id, 0, agent: "agent \(number)") }
    let body = try await world.management.readiness(of: key.id, by: .local).body
    #expect(body?["data"]?.array?.count == 64 && body?["callers_dropped"] == true)
    #expect(body?["dropped_calls"] == 6)
  }

  @Test("a key that was presented is not deleted, with whoever presented it; force goes on")
  func delete() async throws {
    let world = try await World()
    let key = try await world.key(try await world.account(policy: Self.policy))
    try await present(world, key.id, 0)
    world.clock.advance(seconds: 59)
    do {
      _ = try await world.management.revokeKey(key.id, by: World.local)
      Issue.record("the key was deleted")
    } catch {
      #expect(error.code == .keyInUse)
      #expect(error.members["callers"]?.array?.map { $0["user_agent"] } == ["old/1"])
    }
    #expect(world.decide(key.secret) == .valid)
    _ = try await world.management.revokeKey(key.id, force: true, by: World.local)
    #expect(world.decide(key.secret) == .revoked)
  }

  @Test("after the window, and without the knob, deletion is as ever")
  func quiet() async throws {
    let world = try await World()
    let guarded = try await world.key(try await world.account(policy: Self.policy))
    let free = try await world.key(try await world.account("free"))
    try await present(world, guarded.id, 0)
    try await present(world, free.id, 0)
    _ = try await world.management.revokeKey(free.id, by: World.local)
    world.clock.advance(seconds: 60)
    _ = try await world.management.revokeKey(guarded.id, by: World.local)
    #expect(world.decide(guarded.secret) == .revoked)
    #expect(world.decide(free.secret, project: "free") == .revoked)
  }

  @Test("whatever ends a presented version at once is refused; an overlap is not")
  func endings() async throws {
    let world = try await World()
    let account = try await world.account(policy: Self.policy)
    let key = try await world.key(account)
    let management = world.management
    try await present(world, key.id, 0)
    #expect(await code { try await management.resetKey(key.id, by: World.local) } == .keyInUse)
    #expect(
      await code { try await management.resetAllKeys(of: account, by: World.local) } == .keyInUse)
    let shown = try await management.key(key.id, by: .local)
    let application = try #require(
      shown.body?["application_id"]?.string.flatMap { ApplicationID($0) })
    #expect(
      await code { try await management.deleteApplication(application, by: World.local) }
        == .keyInUse)
    func rotate(_ overlap: Int64, force: Bool = false) async -> ProblemCode? {
      await code {
        try await management.rotateKey(
          key.id, KeyRotation(overlapSeconds: overlap), force: force, by: World.local)
      }
    }
    #expect(await rotate(0) == .keyInUse)
    #expect(await rotate(600) == nil)
    // The next rotation would end the version that still retires.
    #expect(await rotate(600) == .keyInUse)
    #expect(await rotate(600, force: true) == nil)
    #expect(await code { try await management.resetKey(key.id, by: World.local) } == nil)
    _ = try await management.deleteApplication(application, force: true, by: World.local)
  }

  @Test("a chain of rotations keeps two secrets at most, each to the very end of its overlap")
  func chain() async throws {
    let world = try await World()
    let key = try await world.key(try await world.account(policy: Self.policy))
    var secrets = [key.secret]
    func rotate(_ overlap: Int64) async throws {
      let answer = try await world.management.rotateKey(
        key.id, KeyRotation(overlapSeconds: overlap), by: World.local)
      secrets.append(try #require(answer.body?["secret"]?.string))
    }
    func codes() -> [DecisionCode?] { secrets.map { world.decide($0) } }
    try await rotate(600)
    world.clock.advance(seconds: 300)
    try await rotate(600)
    #expect(codes() == [.revoked, .valid, .valid])
    world.clock.advance(seconds: 599)
    #expect(codes() == [.revoked, .valid, .valid])
    world.clock.advance(seconds: 1)
    #expect(codes() == [.revoked, .revoked, .valid])
    let shown = try await world.management.key(key.id, by: .local)
    #expect(
      shown.body?["versions"]?.array?.map { $0["state"] } == ["retired", "retired", "active"])
    try await rotate(0)
    #expect(codes() == [.revoked, .revoked, .revoked, .valid])
    try await rotate(600)
    let reset = try await world.management.resetKey(key.id, by: World.local)
    secrets.append(try #require(reset.body?["secret"]?.string))
    #expect(codes().dropLast().allSatisfy { $0 == .revoked } && codes().last == .valid)
    try await rotate(600)
    _ = try await world.management.revokeKey(key.id, by: World.local)
    #expect(codes().allSatisfy { $0 == .revoked })
  }
}
