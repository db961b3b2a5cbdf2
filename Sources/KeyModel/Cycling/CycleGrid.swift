// When cycles are due. Fixed lengths in UTC, so that no zone, no daylight saving time and no month
// can move a slot. It must not know what a cycle does.

/// The slots of one account's settings: `anchor`, and every so many days after it.
package struct CycleGrid: Hashable, Sendable {
  package static let everyDays: ClosedRange<Int64> = 1...3650

  package let anchor: Timestamp
  /// Seconds between two slots.
  package let interval: Int64

  /// - Parameters:
  ///   - startsOn: days since 1970.
  ///   - atSecond: seconds after 00:00 UTC of that day.
  package init(startsOn: Int64, everyDays: Int64, atSecond: Int64) {
    anchor = Timestamp(seconds: startsOn * 86_400 + atSecond)
    interval = max(1, everyDays) * 86_400
  }

  /// The slot that `now` is in; nil before the first. A slot begins at its own microsecond.
  package func slot(at now: Timestamp) -> Timestamp? {
    guard now >= anchor else { return nil }
    let number = (now.microseconds - anchor.microseconds) / (interval * 1_000_000)
    return anchor.adding(seconds: number * interval)
  }

  /// The first slot that begins after `now`.
  package func next(after now: Timestamp) -> Timestamp {
    slot(at: now).map { $0.adding(seconds: interval) } ?? anchor
  }

  /// What is to be done about the slots from `next` on, which is the earliest that was not seen to.
  /// However many went by, one cycle makes up for all of them; none is begun where the newest
  /// commit is younger than a quarter of the interval.
  package func verdict(
    next: Timestamp, lastCommit: Timestamp?, now: Timestamp
  ) -> CycleVerdict {
    guard next <= now, let slot = slot(at: now), slot >= next else { return .notYet }
    let missed = (slot.microseconds - next.microseconds) / (interval * 1_000_000)
    if let lastCommit, now < lastCommit.adding(seconds: interval / 4) { return .skip(slot) }
    return .due(slot, missed: missed)
  }

  /// A cycle that is open when its time is up must be over before the next slot begins.
  package static let margin: Int64 = 60

  /// When a cycle that begins now fails without an acknowledgement.
  /// - Parameter seconds: the policy's; nil: shortly before the next slot.
  package func deadline(from now: Timestamp, seconds: Int64?) -> Timestamp {
    let last = next(after: now).adding(seconds: -Self.margin)
    let end = seconds.map { min(last, now.adding(seconds: $0)) } ?? last
    return max(end, now.adding(seconds: Self.margin))
  }
}

package enum CycleVerdict: Hashable, Sendable {
  case notYet
  /// - Parameter missed: slots before this one that nobody saw to.
  case due(Timestamp, missed: Int64)
  /// The key was changed a moment ago: the slot passes without a cycle.
  case skip(Timestamp)
}
