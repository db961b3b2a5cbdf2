// The rate table against what a token bucket is, and against those who want to confuse it.
import Crypto
import Foundation
import KeyModel
import Synchronization
import Testing

@testable import Verification

/// The same bytes in every run.
struct FixedEntropy: Entropy {
  var seed: UInt64 = 11
  func fill(_ buffer: UnsafeMutableRawBufferPointer) {
    var source = Seeded(state: seed)
    for at in buffer.indices { buffer[at] = UInt8(truncatingIfNeeded: source.next()) }
  }
}

private let second: Int64 = 1_000_000_000

private func rule(
  _ calls: Int64, per seconds: Int64, countRefused: Bool = false, twin: Int = 0
) -> RateRule {
  RateRule(
    Rate(
      calls: calls, seconds: seconds, scope: .account, route: nil, countRefused: countRefused),
    project: ProjectID(bits: 1), twin: twin)
}

@Suite("Rate table")
struct RateTableTests {
  private let table = RateTable(cells: 1024, entropy: FixedEntropy())
  private let start: Int64 = 5_000 * second

  /// How many of `tries` calls pass.
  private func admitted(
    _ tries: Int, of subject: UInt128 = 7, _ rule: RateRule, at now: Int64
  ) -> Int {
    (0..<tries).count { _ in table.take(subject, rule, now: now).passes }
  }

  @Test("as many calls as the window has pass at once, then one per part of it")
  func bucket() {
    let rule = rule(10, per: 1)
    #expect(admitted(25, rule, at: start) == 10)
    #expect(admitted(5, rule, at: start + second / 10 - 1) == 0)
    #expect(admitted(5, rule, at: start + second / 10) == 1)
    #expect(admitted(50, rule, at: start + 30 * second) == 10)
  }

  @Test("the wait is what it says: a nanosecond sooner is too soon")
  func wait() {
    for (calls, seconds) in [(1, 86_400), (7, 1), (100_000, 1), (300, 60), (1, 1)]
      as [(Int64, Int64)]
    {
      let rule = rule(calls, per: seconds)
      let subject = UInt128(calls) << 32 | UInt128(seconds)
      #expect(admitted(Int(calls) + 3, of: subject, rule, at: start) == Int(calls))
      let refused = table.take(subject, rule, now: start)
      #expect(refused.wait > 0 && refused.remaining == 0)
      #expect(!table.take(subject, rule, now: start + refused.wait - 1).passes)
      #expect(table.take(subject, rule, now: start + refused.wait).passes)
    }
  }

  @Test("over any time no more pass than the burst and what the rate allows, by a reference")
  func property() {
    var random = Seeded(state: 3)
    for run in 0..<200 {
      let calls = Int64.random(in: 1...40, using: &random)
      let seconds = Int64.random(in: 1...20, using: &random)
      let rule = rule(calls, per: seconds)
      let subject = UInt128(1000 + run)
      var now = start
      var tokens = Double(calls)
      var last = now
      for _ in 0..<300 {
        now += Int64.random(in: 0...(rule.interval * 2), using: &random)
        tokens = min(Double(calls), tokens + Double(now - last) / Double(rule.interval))
        last = now
        let reading = table.take(subject, rule, now: now)
        if abs(tokens - 1) > 1e-6 { #expect(reading.passes == (tokens >= 1)) }
        guard reading.passes else { continue }
        tokens -= 1
        #expect(abs(Double(reading.remaining) - tokens.rounded(.down)) <= 1)
      }
    }
  }

  @Test("remaining counts down, a peek leaves no trace, and what is given back is to be had again")
  func peekAndGiveBack() {
    let rule = rule(3, per: 60)
    #expect(table.peek(7, rule, now: start).remaining == 2)
    #expect(table.peek(7, rule, now: start).remaining == 2)
    #expect((0..<3).map { _ in table.take(7, rule, now: start).remaining } == [2, 1, 0])
    #expect(!table.peek(7, rule, now: start).passes)
    table.giveBack(7, rule)
    #expect(table.take(7, rule, now: start).passes)
    #expect(!table.take(7, rule, now: start).passes)
  }

  @Test("refused calls count where the rule says so: who keeps calling stays out")
  func countRefused() {
    let (counting, lenient) = (rule(4, per: 4, countRefused: true), rule(4, per: 4))
    var passed = (counting: 0, lenient: 0)
    for step in 0..<40 {
      let now = start + Int64(step) * second / 2
      if table.take(1, counting, now: now).passes { passed.counting += 1 }
      if table.take(2, lenient, now: now).passes { passed.lenient += 1 }
    }
    // Two a second where one is allowed: after the burst nothing more, or every other call.
    #expect(passed.counting < 10 && passed.lenient > 20)
    let end = start + 20 * second
    let refused = table.take(1, counting, now: end)
    #expect(refused.wait == second || refused.passes)
    #expect(admitted(9, of: 1, counting, at: end + 4 * second) == 4)
  }

  @Test("a rule that is changed begins anew, whichever way it was changed")
  func changedRule() {
    #expect(admitted(99, of: 7, rule(5, per: 10), at: start) == 5)
    #expect(admitted(99, of: 7, rule(20, per: 10), at: start) == 20)
    #expect(admitted(99, of: 7, rule(2, per: 10), at: start) == 2)
    #expect(admitted(99, of: 7, rule(5, per: 10), at: start) == 0)
  }

  @Test("subjects, windows and twins of a rule have cells of their own")
  func apart() {
    #expect(admitted(9, of: 1, rule(2, per: 9), at: start) == 2)
    #expect(admitted(9, of: 2, rule(2, per: 9), at: start) == 2)
    #expect(admitted(9, of: 1, rule(2, per: 8), at: start) == 2)
    #expect(admitted(9, of: 1, rule(2, per: 9, twin: 1), at: start) == 2)
  }

  @Test("a flood of subjects makes the table forget the lesser ones and count that it did")
  func flood() {
    let rule = rule(10, per: 86_400)
    for _ in 0..<8 { _ = table.take(1 << 90, rule, now: start) }
    for subject in 0..<20_000 { _ = table.take(UInt128(subject) << 64 | 1, rule, now: start) }
    #expect(table.evictions > 10_000)
    // Who took more than anybody else is remembered.
    #expect(admitted(9, of: 1 << 90, rule, at: start) == 2)
  }

  @Test("neighbouring addresses spread over the whole table")
  func spread() {
    let rule = rule(10, per: 86_400)
    for subject in 0..<512 { _ = table.take(UInt128(subject) << 64 | 1, rule, now: start) }
    #expect(table.evictions < 8)
  }

  @Test("many workers that meet a subject for the first time admit exactly the limit")
  func race() {
    let rule = rule(10, per: 86_400)
    let table = RateTable(cells: 1 << 14, entropy: FixedEntropy())
    let subjects = 500
    let passed = Atomic<Int>(0)
    let arrived = Atomic<Int>(0)
    DispatchQueue.concurrentPerform(iterations: 4) { _ in
      for subject in 0..<subjects {
        // All at one subject at once.
        let turn = (subject + 1) * 4
        arrived.add(1, ordering: .sequentiallyConsistent)
        for _ in 0..<5000 where arrived.load(ordering: .sequentiallyConsistent) < turn {
          sched_yield()
        }
        for _ in 0..<8 where table.take(UInt128(subject), rule, now: start).passes {
          passed.add(1, ordering: .relaxed)
        }
      }
    }
    #expect(passed.load(ordering: .relaxed) == subjects * 10)
    #expect(table.evictions == 0)
  }

  @Test("an IPv6 caller is its /64, an IPv4 caller its address")
  func addresses() {
    func subject(_ high: UInt64, _ low: UInt64) -> UInt128 {
      MeterAddress(high: high, low: low).subject
    }
    #expect(subject(0x2001_0db8 << 32, 1) == subject(0x2001_0db8 << 32, .max))
    #expect(subject(0x2001_0db8 << 32, 1) != subject(0x2001_0db8 << 32 | 1, 1))
    #expect(subject(0, 0xFFFF_0A00_0001) != subject(0, 0xFFFF_0A00_0002))
    #expect(subject(0, 1) != 0)
  }
}
