// In-process measurements: what one decision costs, and what a key costs in memory. Prints one JSON
// object a line. Run through Benchmarks/run.sh, which pins it to a core and repeats it.
import Glibc

let arguments = CommandLine.arguments.dropFirst()
switch arguments.first {
case "decide":
  let sizes = arguments.dropFirst().compactMap { Int($0) }
  for keys in sizes { DecisionBench(keys: keys).run(rounds: 7) }
case "memory":
  for keys in arguments.dropFirst().compactMap({ Int($0) }) { MemoryBench.run(keys: keys) }
case "schemes":
  for decisions in arguments.dropFirst().compactMap({ Int($0) }) {
    SchemeBench.run(decisions: decisions)
  }
case "records": try RecordBench.run(Array(arguments.dropFirst()))
case "quota":
  for debits in arguments.dropFirst().compactMap({ Int($0) }) { QuotaBench.run(debits: debits) }
case "meters":
  for decisions in arguments.dropFirst().compactMap({ Int($0) }) {
    MeterBench.run(decisions: decisions)
  }
case "usage":
  for keys in arguments.dropFirst().compactMap({ Int($0) }) { UsageBench(keys: keys).run() }
case "store":
  for place in arguments.dropFirst() { try await StoreBench.run(place) }
case "outbound":
  let given = Array(arguments.dropFirst())
  guard given.count == 4, let calls = Int(given[2]), let inFlight = Int(given[3]) else { exit(2) }
  try await OutboundBench.run(given[0], authorities: given[1], calls: calls, inFlight: inFlight)
default:
  print("usage: latchkey-bench decide KEYS…   nanoseconds per decision")
  print("       latchkey-bench memory KEYS…   resident bytes per key")
  print("       latchkey-bench schemes N…     nanoseconds per decision, by scheme, N decisions")
  print("       latchkey-bench records write|read|drop FOLDER|URL ACCOUNTS [RECORDS]")
  print("       latchkey-bench quota N…       nanoseconds per debit of a quota, N debits")
  print("       latchkey-bench meters N…      nanoseconds per decision, by limits, N decisions")
  print("       latchkey-bench usage KEYS…    nanoseconds per call that is counted, by key")
  print("       latchkey-bench store FILE|URL…  writes a second, seconds to load a million keys")
  print("       latchkey-bench outbound URL CA CALLS IN_FLIGHT  deliveries a second")
  exit(2)
}
