// Nanoseconds per decision with nothing, rates, a slot and a quota to ask, over a thousand keys:
// what each limit adds to a call.
import Crypto
import Glibc
import KeyModel
import Verification

struct MeterBench {
  private struct Variant {
    var name: String
    var rates = 0
    var slot = false
    var quota = false
  }

  private static let variants = [
    Variant(name: "none"),
    Variant(name: "1 rate", rates: 1),
    Variant(name: "3 rates", rates: 3),
    Variant(name: "slot", slot: true),
    Variant(name: "quota", quota: true),
    Variant(name: "3 rates, slot, quota", rates: 3, slot: true, quota: true),
  ]

  private static let keys = 1000

  static func run(decisions: Int) {
    for variant in variants {
      let figures = (0..<5).map { _ in measure(variant, decisions) }.sorted()
      print(
        "{\"bench\":\"meters\",\"limits\":\"\(variant.name)\",\"decisions\":\(decisions),"
          + "\"ns_median\":\(rounded(figures[2])),\"ns_min\":\(rounded(figures[0]))}")
    }
  }

  private static func policy(_ variant: Variant) -> Policy {
    var policy = Population.policy
    policy.rates = [MeterScope.account, .key, .address].prefix(variant.rates).map {
      Rate(calls: 1_000_000_000, seconds: 60, scope: $0, route: nil, countRefused: false)
    }
    if variant.slot { policy.concurrency = Concurrency(max: 100, scope: .application) }
    if variant.quota {
      policy.quota = Quota(
        calls: 1_000_000_000_000, scope: .account, resetsAtSecond: 0, counterResetsAtSecond: 0)
    }
    return policy
  }

  private static func measure(_ variant: Variant, _ decisions: Int) -> Double {
    let population = Population(keys: keys, policy: policy(variant))
    guard let project = population.project else { preconditionFailure("no project") }
    let cells = QuotaCells()
    let desk = MeterDesk(Meters(quota: cells))
    let now = Timestamp(seconds: 1_800_000_000)
    let empty = UnsafeRawBufferPointer(start: nil, count: 0)
    let call = Call(method: empty, path: empty, query: nil, host: empty, now: now)
    let address = MeterAddress(high: 0, low: 0xFFFF_7F00_0001)
    func one(_ at: Int) -> Bool {
      var decision = population.verifier.decide(
        call, token: population.token(at % keys), project: project)
      let outcome = desk.judge(
        &decision, call, address: address, project.limits, use: .call,
        monotonic: 1_000_000_000_000 + Int64(at) * 1000)
      switch outcome {
      case .settled: return decision.code == .valid
      case .waiting: return false
      case .unavailable: return false
      }
    }
    // The first call of each subject waits for the store: here it grants once and for all.
    for at in 0..<keys where !one(at) { grant(cells, now) }
    var valid = 0
    let started = clockNanoseconds()
    for at in 0..<decisions where one(at) { valid += 1 }
    let elapsed = clockNanoseconds() - started
    precondition(valid == decisions, "\(variant.name): \(decisions - valid) were not valid")
    return Double(elapsed) / Double(decisions)
  }

  private static func grant(_ cells: QuotaCells, _ now: Timestamp) {
    let requests = cells.takeRequests(limit: 10)
    for request in requests {
      cells.answer(
        request, QuotaCells.Answer(day: request.day, granted: 1 << 34, reserved: 1 << 34), low: 0)
    }
    cells.finish(requests)
  }
}
