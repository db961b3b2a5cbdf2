// The shortcuts of the control plane: principals that are remembered and changes that the feed is
// told of without reading. Neither may ever show what is no longer so.
import KeyModel
import Management
import Storage
import Testing
import Verification

@Suite("Shortcuts of the control plane")
struct CommittedChangesTests {
  @Test("An operator key that was just used is refused once its revocation is answered")
  func revokedOperatorKey() async throws {
    let world = try await World()
    let (id, token) = try await operatorKey(world)
    for _ in 0..<2 { _ = try await world.management.authenticate(token) }
    _ = try await world.management.revokeOperatorKey(id, by: World.local)
    #expect(await code { try await world.management.authenticate(token) } == .unauthorized)
  }

  @Test("An operator key that was just used ends with its project")
  func removedProject() async throws {
    let world = try await World()
    _ = try await world.management.createProject(
      NewProject(slug: "demo", name: "Demo", profile: "default"), by: World.local)
    let (_, token) = try await operatorKey(world, project: "demo")
    _ = try await world.management.authenticate(token)
    _ = try await world.management.deleteProject("demo", by: World.local)
    #expect(await code { try await world.management.authenticate(token) } == .unauthorized)
  }

  @Test("A change that was committed past the use cases is applied before one that came through")
  func gap() async throws {
    let world = try await World()
    let account = try await world.account()
    let (id, secret) = try await world.key(account)
    #expect(world.decide(secret) == .valid)
    let now = world.clock.now()
    try await world.store.write { tx in
      guard let key = try tx.keys.find(id) else { throw Missing() }
      _ = try tx.keys.update(KeyLifecycle.step(key, .revoke, now: now))
      try tx.changes.append(.key(id))
    }
    let (_, other) = try await world.key(account)
    #expect(world.decide(secret) == .revoked)
    #expect(world.decide(other) == .valid)
    let position = try await world.store.read { try $0.changes.latest() }
    #expect(world.table.position == position)
  }

  @Test("Many keys made at once are all in force when they are answered")
  func together() async throws {
    let world = try await World()
    let account = try await world.account()
    try await withThrowingTaskGroup(of: DecisionCode?.self) { group in
      for _ in 0..<200 {
        group.addTask { world.decide(try await world.key(account).secret) }
      }
      for try await code in group { #expect(code == .valid) }
    }
    #expect(world.table.versionCount == 200)
  }

  private func operatorKey(
    _ world: World, project: String? = nil
  ) async throws -> (OperatorKeyID, String) {
    let answer = try await world.management.createOperatorKey(
      NewOperatorKey(scopes: [.verify], project: project), by: World.local)
    guard let id = answer.body?["id"]?.string.flatMap({ OperatorKeyID($0) }),
      let token = answer.body?["operator_key"]?.string
    else { throw Missing() }
    return (id, token)
  }
}
