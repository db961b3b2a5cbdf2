// What a report of a leaked secret means for a key that cycles by itself.
import Delivery
import KeyModel
import Testing

@testable import Management

@Suite("Leaks of keys that cycle")
struct CyclingLeakTests {
  private typealias Cycling = CyclingTests.Cycling

  @Test("a leaked key that cycles by itself cycles now; a leaked secret on its way is replaced")
  func leaked() async throws {
    let cycling = try await Cycling()
    let world = cycling.world
    var patch = ProjectPatch()
    patch.policy = .set([
      "auto_cycling": ["retries_within_cycle": 0], "leaks": ["action": "rotate"],
    ])
    _ = try await world.management.updateProject("demo", patch, by: World.local)
    func report(_ secret: String) async throws {
      var fields = Fields(["token": .string(secret), "url": .string(secret.suffix(4) + "x")])
      let answer = try await world.management.reportLeak(LeakReport(&fields), by: World.local)
      #expect(answer.body?["action"] == "rotated")
    }
    world.endpoint.answer(ScriptedEndpoint.failing(.timedOut, arrived: true))
    try await report(cycling.first)
    await cycling.look()
    let lost = cycling.newest
    #expect(world.decide(cycling.first) == .valid && world.decide(lost) == .valid)
    // What was sent is found too: it never becomes the key's.
    world.endpoint.answer(ScriptedEndpoint.echo)
    try await report(lost)
    await cycling.look()
    #expect(world.decide(lost) == .revoked && world.decide(cycling.first) == .revoked)
    #expect(world.decide(cycling.newest) == .valid && cycling.newest != lost)
    let states = try await cycling.cycles.map(\.state)
    #expect(states == [.committed, .superseded])
  }
}
