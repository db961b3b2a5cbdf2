// What a restored store does about cycles that were open in it, and about keys whose secrets it
// does not know.
import Delivery
import KeyModel
import Storage
import Testing

@testable import Management

@Suite("Cycles after a restore")
struct CyclingRestoreTests {
  typealias Cycling = CyclingTests.Cycling

  @Test("a store put back to before a commit gives the holder the secret that it has")
  func restored() async throws {
    let cycling = try await Cycling()
    let world = cycling.world
    world.endpoint.answer(ScriptedEndpoint.failing(.timedOut, arrived: true))
    let id = try await cycling.run()
    await cycling.look()
    // What a journal knows from after the backup: the old version has ended.
    let old = try await cycling.cycle(id).oldVersion
    let ending = Restraint.ending(
      .version(old, of: cycling.key, until: Timestamp(microseconds: 0)))
    _ = try await world.management.holdAgain([ending])
    #expect(try await cycling.cycle(id).state == .committed)
    #expect(world.decide(cycling.first) == .revoked && world.decide(cycling.newest) == .valid)
  }

  @Test("a store put back to before a reset commits none of what the reset ended")
  func restoredBeforeReset() async throws {
    let cycling = try await Cycling()
    let world = cycling.world
    world.endpoint.answer(ScriptedEndpoint.failing(.timedOut, arrived: true))
    let id = try await cycling.run()
    await cycling.look()
    let cycle = try await cycling.cycle(id)
    let endings = [cycle.oldVersion, cycle.newVersion].map {
      Restraint.ending(.version($0, of: cycling.key, until: Timestamp(microseconds: 0)))
    }
    _ = try await world.management.holdAgain(endings)
    #expect(try await cycling.cycle(id).state == .cancelled)
    #expect(world.decide(cycling.first) == .revoked && world.decide(cycling.newest) == .revoked)
  }

  @Test("a key that a restore leaves without a secret gets one by its next cycle")
  func bereft() async throws {
    let cycling = try await Cycling()
    let world = cycling.world
    let old = try await world.management.store.read { [key = cycling.key] in
      try $0.keys.find(key)?.versions.first?.id
    }
    let ending = Restraint.ending(
      .version(try #require(old), of: cycling.key, until: Timestamp(microseconds: 0)))
    _ = try await world.management.holdAgain([ending])
    #expect(world.decide(cycling.first) == .revoked)
    let id = try await cycling.run()
    await cycling.look()
    #expect(try await cycling.cycle(id).state == .committed)
    #expect(world.decide(cycling.newest) == .valid)
  }
}
