// A secret that its holder uses already is theirs, whatever ends its cycle in the next moment.
import Delivery
import KeyModel
import Storage
import Testing

@testable import Management

@Suite("Use before a cycle's end")
struct CyclingUseTests {
  enum End: CaseIterable, Sendable {
    case otherDays, off, rotation
    /// Whoever uses what a given up endpoint got may not be its holder.
    case otherEndpoint
  }

  private func end(_ cycling: CyclingTests.Cycling, _ end: End) async throws {
    let management = cycling.world.management
    var patch = CyclingPatch()
    switch end {
    case .otherDays: patch.everyDays = 9
    case .otherEndpoint: patch.endpoint = "https://other.example/in"
    case .off:
      _ = try await management.stopAutoCycling(
        of: cycling.account, environment: nil, by: World.local)
      return
    case .rotation:
      _ = try await management.rotateKey(cycling.key, KeyRotation(), by: World.local)
      return
    }
    _ = try await management.updateAutoCycling(of: cycling.account, patch, by: World.local)
  }

  @Test(
    "what would end an open cycle commits it where its secret was used a moment ago",
    arguments: End.allCases)
  func usedBeforeTheEnd(_ end: End) async throws {
    let cycling = try await CyclingTests.Cycling(policy: ["manual_rotation_while_on": true])
    let id = try await cycling.runUnheard()
    try await cycling.use(isStored: false)
    cycling.world.endpoint.answer(ScriptedEndpoint.echo)
    try await self.end(cycling, end)
    let isGivenUp = end == .otherEndpoint
    #expect(try await cycling.cycle(id).state == (isGivenUp ? .superseded : .committed))
    #expect(cycling.world.decide(cycling.newest) == (isGivenUp ? .revoked : .valid))
  }
}
