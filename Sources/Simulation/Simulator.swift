// Runs worlds by their seeds: what the executable and the tests ask for.
import KeyModel

package struct SimulatedRun: Sendable {
  package var seed: UInt64
  /// Of all that happened: the same for the same seed, always.
  package var trace: UInt64
  package var happenings: Int
  package var commits: Int
  /// Events that reached an endpoint, every time counted.
  package var arrivals: Int
  /// Older backups that were put in the store's place.
  package var restores: Int
  /// Simulated microseconds.
  package var span: Int64
  package var violation: Violation?
  /// What happened, in words, where that was asked for.
  package var story: [String] = []
}

package enum Simulator {
  /// Days with faults; three more follow without.
  package static let days: Int64 = 9

  package static func run(
    seed: UInt64, mutant: Mutant? = nil, days: Int64 = days, told: Bool = false
  ) -> SimulatedRun {
    var world = World(seed: seed, mutant: mutant, days: days)
    if told { world.story = [] }
    world.run()
    return SimulatedRun(
      seed: seed, trace: world.trace, happenings: world.happenings,
      commits: world.auditor.commits, arrivals: world.auditor.hooks.arrivals,
      restores: world.auditor.restores, span: world.now - World.start,
      violation: world.auditor.violation, story: world.story ?? [])
  }

  /// The first of so many seeds that shows the mutant; nil where none does.
  package static func firstSeed(killing mutant: Mutant, seeds: Int) -> SimulatedRun? {
    for seed in 0..<UInt64(seeds) {
      let run = run(seed: seed, mutant: mutant)
      if run.violation != nil { return run }
    }
    return nil
  }
}
