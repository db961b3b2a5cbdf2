// Token buckets by the generic cell rate algorithm: of each subject and rule one number, the time
// at which its bucket is full again. Fixed memory, no locks, nothing allocated. A cell whose time
// has passed says nothing that an absent one would not, so it is any other's to take.
import Crypto
import Synchronization

/// What one rule says to one call.
package struct RateReading {
  /// Calls that may follow at once.
  package var remaining: Int64
  /// Nanoseconds until one call would pass; 0 where this one does.
  package var wait: Int64
  /// Nanoseconds until all calls of the window may come at once again.
  package var untilFull: Int64

  package var passes: Bool { wait == 0 }

  /// Nanoseconds until more is to be had: one call where none is left, else all.
  package var next: Int64
}

/// Shared by all workers of a process.
package final class RateTable: @unchecked Sendable {
  // Unchecked: the memory holds atomics and nothing else, and lives as long as this.
  private static let ways = 8
  private let hash: SubjectHash
  private let memory: UnsafeMutableRawPointer
  private let byteCount: Int
  private let mask: UInt64
  private let lost = Atomic<UInt64>(0)

  /// - Parameter cells: rounded up to a power of two; 16 bytes each, touched only when used.
  package init(cells: Int, entropy: some Entropy) {
    var sets = 1
    while sets * Self.ways < cells { sets *= 2 }
    hash = SubjectHash(entropy: entropy)
    mask = UInt64(sets - 1)
    byteCount = sets * Self.ways * 16
    memory = Memory.map(byteCount: byteCount)
  }

  deinit { Memory.unmap(memory, byteCount: byteCount) }

  /// Cells that were still counting when they were given to another subject for want of room.
  package var evictions: UInt64 { lost.load(ordering: .relaxed) }

  /// Takes one call of the rule's, where it passes; where it does not, the call counts only if the
  /// rule counts refused calls. `now` is monotonic.
  @inline(__always)
  func take(_ subject: UInt128, _ rule: borrowing RateRule, now: Int64) -> RateReading {
    let cell = cell(hash.tag(subject, rule.number), now)
    var known = cell.pointee.load(ordering: .relaxed)
    while true {
      let (reading, next) = Self.step(known, rule, now, counts: rule.countRefused)
      guard next != known else { return reading }
      let (exchanged, original) = cell.pointee.weakCompareExchange(
        expected: known, desired: next, ordering: .relaxed)
      if exchanged { return reading }
      known = original
    }
  }

  /// What `take` would say, without a trace.
  func peek(_ subject: UInt128, _ rule: borrowing RateRule, now: Int64) -> RateReading {
    let tag = hash.tag(subject, rule.number)
    let known = find(tag, set(tag))?.pointee.load(ordering: .relaxed) ?? 0
    return Self.step(known, rule, now, counts: false).reading
  }

  /// Undoes a `take` that passed.
  func giveBack(_ subject: UInt128, _ rule: borrowing RateRule) {
    let tag = hash.tag(subject, rule.number)
    find(tag, set(tag))?.pointee.wrappingSubtract(rule.interval, ordering: .relaxed)
  }

  /// - Parameter counts: also a call that is refused.
  /// - Returns: what to say, and what the cell holds from then on.
  @inline(__always)
  private static func step(
    _ known: Int64, _ rule: borrowing RateRule, _ now: Int64, counts: Bool
  ) -> (reading: RateReading, next: Int64) {
    let full = now &+ rule.window
    let taken = max(known, now)
    let next = taken &+ rule.interval
    guard next > full else {
      let remaining = (full &- next) / rule.interval
      let reading = RateReading(
        remaining: remaining, wait: 0, untilFull: next &- now,
        next: remaining > 0 ? next &- now : next &+ rule.interval &- full)
      return (reading, next)
    }
    // What is older than a window no longer counts, so refused calls fill the bucket, not more.
    let held = counts ? full : taken
    let wait = held &+ rule.interval &- full
    let reading = RateReading(remaining: 0, wait: wait, untilFull: held &- now, next: wait)
    return (reading, counts ? full : known)
  }

  // MARK: Places

  private typealias Word = UnsafeMutablePointer<Atomic<UInt64>>
  private typealias Cell = UnsafeMutablePointer<Atomic<Int64>>

  /// Eight tags in one cache line, their times in the next.
  @inline(__always)
  private func set(_ tag: UInt64) -> UnsafeMutableRawPointer {
    memory + Int(truncatingIfNeeded: tag >> 20 & mask) &* (Self.ways * 16)
  }

  @inline(__always)
  private func tags(_ set: UnsafeMutableRawPointer) -> Word {
    set.assumingMemoryBound(to: Atomic<UInt64>.self)
  }

  @inline(__always)
  private func times(_ set: UnsafeMutableRawPointer) -> Cell {
    (set + Self.ways * 8).assumingMemoryBound(to: Atomic<Int64>.self)
  }

  @inline(__always)
  private func find(_ tag: UInt64, _ set: UnsafeMutableRawPointer) -> Cell? {
    let tags = tags(set)
    for way in 0..<Self.ways where tags[way].load(ordering: .relaxed) == tag {
      return times(set) + way
    }
    return nil
  }

  @inline(__always)
  private func cell(_ tag: UInt64, _ now: Int64) -> Cell {
    let set = set(tag)
    return find(tag, set) ?? settle(tag, set, now)
  }

  /// Gives the tag a place: one whose time has passed, else that which is full again soonest, so
  /// that whoever took most is remembered longest.
  @inline(never)
  private func settle(_ tag: UInt64, _ set: UnsafeMutableRawPointer, _ now: Int64) -> Cell {
    let (tags, times) = (tags(set), times(set))
    var way = 0
    for _ in 0..<Self.ways {
      if let found = find(tag, set) { return found }
      way = poorest(times, now)
      let former = tags[way].load(ordering: .relaxed)
      let time = times[way].load(ordering: .relaxed)
      guard former != tag else { break }
      guard
        tags[way].compareExchange(
          expected: former, desired: tag, ordering: .sequentiallyConsistent
        ).exchanged
      else { continue }
      if time > now {
        lost.wrappingAdd(1, ordering: .relaxed)
        _ = times[way].compareExchange(expected: time, desired: 0, ordering: .relaxed)
      }
      guard isElsewhere(tag, tags, than: way) else { break }
      // Another worker settled it at the same moment. Whoever sees that withdraws.
      _ = tags[way].compareExchange(
        expected: tag, desired: 0, ordering: .sequentiallyConsistent)
    }
    return times + way
  }

  private func poorest(_ times: Cell, _ now: Int64) -> Int {
    var found = 0
    var least = Int64.max
    for way in 0..<Self.ways {
      let time = times[way].load(ordering: .relaxed)
      if time <= now { return way }
      if time < least { (found, least) = (way, time) }
    }
    return found
  }

  private func isElsewhere(_ tag: UInt64, _ tags: Word, than own: Int) -> Bool {
    for way in 0..<Self.ways
    where way != own && tags[way].load(ordering: .sequentiallyConsistent) == tag { return true }
    return false
  }
}
