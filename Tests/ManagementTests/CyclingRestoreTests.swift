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

  /// What a journal knows from after the backup: these versions have ended.
  private func hold(_ ended: [VersionID], of cycling: Cycling) async throws {
    let endings = ended.map {
      Restraint.ending(.version($0, of: cycling.key, until: Timestamp(microseconds: 0)))
    }
    _ = try await cycling.world.management.holdAgain(endings)
  }

  @Test("a store put back to before a commit gives the holder the secret that it has")
  func restored() async throws {
    let cycling = try await Cycling()
    let world = cycling.world
    let id = try await cycling.runUnheard()
    try await hold([cycling.cycle(id).oldVersion], of: cycling)
    #expect(try await cycling.cycle(id).state == .committed)
    #expect(world.decide(cycling.first) == .revoked && world.decide(cycling.newest) == .valid)
  }

  @Test("a store put back to before a reset commits none of what the reset ended")
  func restoredBeforeReset() async throws {
    let cycling = try await Cycling()
    let world = cycling.world
    let id = try await cycling.runUnheard()
    let cycle = try await cycling.cycle(id)
    try await hold([cycle.oldVersion, cycle.newVersion], of: cycling)
    #expect(try await cycling.cycle(id).state == .cancelled)
    #expect(world.decide(cycling.first) == .revoked && world.decide(cycling.newest) == .revoked)
  }

  @Test("a key that a restore leaves without a secret gets one by its next cycle")
  func bereft() async throws {
    let cycling = try await Cycling()
    let world = cycling.world
    try await hold(cycling.stored.versions.map(\.id), of: cycling)
    #expect(world.decide(cycling.first) == .revoked)
    let id = try await cycling.run()
    await cycling.look()
    #expect(try await cycling.cycle(id).state == .committed)
    #expect(world.decide(cycling.newest) == .valid)
  }
}
