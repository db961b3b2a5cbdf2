// A worker's tally as others see it: a value that can be added up over the workers.
import KeyModel

package struct CallCounts: Sendable {
  /// Every door with every code, also those that never were.
  package internal(set) var decisions: [Door: [DecisionCode: UInt64]] = [:]
  package internal(set) var deciding: [Door: Latencies] = [:]
  /// Whole calls of the gateway's listener.
  package internal(set) var gateway = Latencies()
  /// From the decision to the head of the upstream's answer.
  package internal(set) var upstream = Latencies()
  /// The gateway's answers by the first digit of their status; at 0 those without one.
  package internal(set) var answers = [UInt64](repeating: 0, count: 6)
  /// Refusals that no decision led to, by the code of their problem document.
  package internal(set) var problems: [String: UInt64] = [:]
  package internal(set) var forwarded = 0
  package internal(set) var parked = 0

  package init() {}

  package mutating func add(_ other: CallCounts) {
    for (door, codes) in other.decisions {
      decisions[door, default: [:]].merge(codes, uniquingKeysWith: +)
    }
    for (door, times) in other.deciding { deciding[door, default: Latencies()].add(times) }
    gateway.add(other.gateway)
    upstream.add(other.upstream)
    for place in answers.indices { answers[place] += other.answers[place] }
    problems.merge(other.problems, uniquingKeysWith: +)
    forwarded += other.forwarded
    parked += other.parked
  }
}
