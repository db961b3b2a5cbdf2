// latchkey-sim: runs simulated worlds and says what was found. Nothing of the product is here.
import Glibc
import Simulation

struct Options {
  var first: UInt64 = 0
  var seeds = 1000
  /// Stop after so many seconds; 0: after the seeds.
  var seconds = 0
  var mutant: Mutant?
  /// With faults; three without follow.
  var days = Simulator.days
}

func options(_ arguments: [String]) -> Options? {
  var options = Options()
  var rest = arguments.dropFirst()
  while let name = rest.popFirst() {
    guard let value = rest.popFirst() else { return nil }
    switch name {
    case "--seed":
      guard let seed = UInt64(value) else { return nil }
      (options.first, options.seeds) = (seed, 1)
    case "--first":
      guard let first = UInt64(value) else { return nil }
      options.first = first
    case "--seeds":
      guard let seeds = Int(value) else { return nil }
      options.seeds = seeds
    case "--seconds":
      guard let seconds = Int(value) else { return nil }
      (options.seconds, options.seeds) = (seconds, .max)
    case "--days":
      guard let days = Int64(value), days > 0 else { return nil }
      options.days = days
    case "--mutant":
      guard let mutant = Mutant(rawValue: value) else { return nil }
      options.mutant = mutant
    default: return nil
    }
  }
  return options
}

struct Sum {
  var (runs, span, happenings, commits, arrivals) = (0, Int64(0), 0, 0, 0)

  mutating func add(_ run: SimulatedRun) {
    runs += 1
    span += run.span
    happenings += run.happenings
    commits += run.commits
    arrivals += run.arrivals
  }
}

func report(_ sum: Sum, _ took: Duration) {
  let (whole, parts) = took.components
  let seconds = max(0.001, Double(whole) + Double(parts) / 1e18)
  let simulated = Double(sum.span) / 1e6
  print(
    "\(sum.runs) seeds, \(Int(simulated / 31_557_600)) simulated years, "
      + "\(sum.happenings) happenings, \(sum.commits) commits, \(sum.arrivals) arrivals of events "
      + "in \(Int(seconds)) s: \(Int(simulated / seconds)) times real time")
}

func simulate(_ options: Options) -> Int {
  let start = ContinuousClock.now
  var sum = Sum()
  while sum.runs < options.seeds {
    if options.seconds > 0, ContinuousClock.now - start > .seconds(options.seconds) { break }
    let seed = options.first + UInt64(sum.runs)
    let run = Simulator.run(
      seed: seed, mutant: options.mutant, days: options.days, told: options.seeds == 1)
    sum.add(run)
    if let violation = run.violation {
      for line in run.story { print(line) }
      print("seed \(seed): \(violation)")
      let mutant = options.mutant.map { " --mutant \($0.rawValue)" } ?? ""
      let days = options.days == Simulator.days ? "" : " --days \(options.days)"
      print("again: latchkey-sim --seed \(seed)\(days)\(mutant)")
      return 1
    }
    if options.seeds == 1 { print("seed \(seed): trace \(run.trace)") }
  }
  report(sum, ContinuousClock.now - start)
  return 0
}

if let options = options(CommandLine.arguments) {
  exit(Int32(simulate(options)))
} else {
  print(
    "usage: latchkey-sim [--seeds N] [--first SEED] [--seconds N] [--seed SEED] "
      + "[--days N] [--mutant NAME]")
  print("mutants: " + Mutant.allCases.map(\.rawValue).joined(separator: " "))
  exit(2)
}
