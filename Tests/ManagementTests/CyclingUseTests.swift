// A secret that its holder uses already is theirs, whatever ends its cycle in the next moment.
import Delivery
import KeyModel
import Storage
import Testing

@testable import Management

@Suite("Use before a cycle's end")
struct CyclingUseTests {
  @Test("what would end an open cycle commits it where its secret was used a moment ago")
  func usedBeforeTheEnd() async throws {
    for edit in 0..<4 {
      let cycling = try await CyclingTests.Cycling(policy: ["manual_rotation_while_on": true])
      let management = cycling.world.management
      cycling.world.endpoint.answer(ScriptedEndpoint.failing(.timedOut, arrived: true))
      let id = try await cycling.run()
      await cycling.look()
      try await cycling.use(isStored: false)
      cycling.world.endpoint.answer(ScriptedEndpoint.echo)
      var patch = CyclingPatch()
      if edit == 0 { patch.everyDays = 9 }
      // Whoever uses what a given up endpoint got may not be its holder.
      if edit == 3 { patch.endpoint = "https://other.example/in" }
      if edit == 0 || edit == 3 {
        _ = try await management.updateAutoCycling(of: cycling.account, patch, by: World.local)
      } else if edit == 1 {
        _ = try await management.stopAutoCycling(
          of: cycling.account, environment: nil, by: World.local)
      } else {
        _ = try await management.rotateKey(cycling.key, KeyRotation(), by: World.local)
      }
      let cycle = try await cycling.cycle(id)
      #expect(cycle.state == (edit == 3 ? .superseded : .committed), "\(edit)")
      #expect(cycling.world.decide(cycling.newest) == (edit == 3 ? .revoked : .valid), "\(edit)")
    }
  }
}
