// Simulated worlds keep every promise, and the auditor sees each mistake that is planted.
import Simulation
import Testing

@Suite("Simulation")
struct SimulationTests {
  @Test("worlds with every fault keep every promise")
  func promises() {
    var (commits, arrivals, restores) = (0, 0, 0)
    for seed in 0..<UInt64(60) {
      let run = Simulator.run(seed: seed)
      if let violation = run.violation {
        Issue.record("latchkey-sim --seed \(seed): \(violation)")
      }
      commits += run.commits
      arrivals += run.arrivals
      restores += run.restores
    }
    #expect(commits > 200)
    #expect(arrivals > 2000)
    #expect(restores > 10)
  }

  @Test("one seed has one trace")
  func determinism() {
    for seed in [3, 4711, 99_999] as [UInt64] {
      let first = Simulator.run(seed: seed)
      let second = Simulator.run(seed: seed)
      #expect(first.trace == second.trace && first.happenings == second.happenings)
      #expect(first.trace != Simulator.run(seed: seed + 1).trace)
    }
  }

  @Test("a mistake that is planted is found", arguments: Mutant.allCases)
  func mutants(_ mutant: Mutant) {
    let run = Simulator.firstSeed(killing: mutant, seeds: 400)
    #expect(run != nil, "\(mutant.rawValue) lives")
  }
}
