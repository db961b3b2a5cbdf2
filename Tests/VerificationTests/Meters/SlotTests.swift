// Slots: exact under many threads, and back whatever becomes of whoever holds one.
import Foundation
import Synchronization
import Testing

@testable import Verification

@Suite("Slots")
struct SlotTests {
  private let slots = Slots(entropy: FixedEntropy())

  private func take(_ subject: UInt128, max: Int64) -> Held {
    let held = Held()
    held.slot = slots.take(subject, max: max, used: &held.used)
    return held
  }

  /// Whether there is one to be had; it is not kept.
  private func hasOne(_ subject: UInt128, max: Int64) -> Bool { take(subject, max: max).isHeld }

  @Test("a subject has as many slots as it may, and each comes back when its holder lets go")
  func taking() {
    let first = take(7, max: 2)
    #expect(first.isHeld && first.used == 1)
    let second = take(7, max: 2)
    #expect(second.isHeld && second.used == 2)
    #expect(!hasOne(7, max: 2))
    #expect(hasOne(8, max: 2))
    #expect(slots.used(by: 7) == 2)
    first.slot = nil
    #expect(slots.used(by: 7) == 1)
    #expect(hasOne(7, max: 2))
    second.slot = nil
    #expect(slots.total == 0)
  }

  @Test("a smaller limit holds for the next call; who is in flight stays")
  func lowered() {
    let held = (0..<3).map { _ in take(7, max: 3) }
    #expect(!hasOne(7, max: 2))
    held[0].slot = nil
    #expect(!hasOne(7, max: 2))
    held[1].slot = nil
    #expect(hasOne(7, max: 2))
    #expect(held[2].isHeld)
  }

  @Test("a hundred thousand subjects each have their own, through every growth of the table")
  func growth() {
    let count = 100_000
    let held = (0..<count).map { take(UInt128($0) << 40 | 3, max: 1) }
    #expect(slots.total == Int64(count))
    let all = held.allSatisfy(\.isHeld)
    #expect(all)
    let more = (0..<count).count { hasOne(UInt128($0) << 40 | 3, max: 1) }
    #expect(more == 0)
    for one in held { one.slot = nil }
    #expect(slots.total == 0)
  }

  @Test("threads never hold more than the limit together, also of subjects new to all")
  func threads() {
    let slots = slots
    let over = Atomic<Int>(0)
    let subjects = 400
    let inside = (0..<subjects).map { _ in Counter() }
    DispatchQueue.concurrentPerform(iterations: 4) { thread in
      var random = Seeded(state: UInt64(thread))
      for round in 0..<20_000 {
        let subject = min(subjects - 1, round / 50 + Int.random(in: 0...2, using: &random))
        var used: Int64 = 0
        guard let slot = slots.take(UInt128(subject), max: 2, used: &used) else { continue }
        let now = inside[subject].value.add(1, ordering: .sequentiallyConsistent).newValue
        if now > 2 { over.add(1, ordering: .relaxed) }
        inside[subject].value.subtract(1, ordering: .sequentiallyConsistent)
        _ = consume slot
      }
    }
    #expect(over.load(ordering: .relaxed) == 0)
    #expect(slots.total == 0)
  }
}

private final class Held {
  var slot: Slot?
  var used: Int64 = 0
  var isHeld: Bool { slot != nil }
}

private final class Counter: Sendable {
  let value = Atomic<Int>(0)
}
