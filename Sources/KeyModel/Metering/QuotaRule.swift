// Days as a policy cuts them, and a quota as a decision needs it. Pure: the time is an argument.

/// A day that begins at a policy's time of day, named by its beginning, so that days of policies
/// with different times compare. No more than a number: an atomic word holds it beside a count.
@usableFromInline package struct MeterDay: Hashable, Sendable, Comparable {
  /// Minutes since 1970-01-01T00:00Z; 0 for whatever is earlier, and at most 27 bits (the year
  /// 2225).
  @usableFromInline package let startMinute: UInt64

  @usableFromInline package static let bits: UInt64 = 27
  /// Before every day.
  @usableFromInline package static let never = MeterDay(startMinute: 0)

  @usableFromInline package init(startMinute: UInt64) {
    self.startMinute = min(startMinute, (1 << Self.bits) - 1)
  }

  /// As it is stored.
  @usableFromInline package init(start: Timestamp) {
    self.init(startMinute: UInt64(max(0, start.microseconds / 60_000_000)))
  }

  /// The day that holds `now`, where days begin so many seconds after 00:00 UTC (whole minutes).
  @inlinable
  package init(of now: Timestamp, beginningAtSecond second: Int64) {
    let offset = second / 60
    let minutes = max(0, now.microseconds / 60_000_000 - offset)
    self.init(startMinute: UInt64(max(0, minutes / 1440 * 1440 + offset)))
  }

  @usableFromInline package var start: Timestamp { Timestamp(seconds: Int64(startMinute) * 60) }
  @usableFromInline package var end: Timestamp { start.adding(seconds: 86_400) }

  @usableFromInline package static func < (left: Self, right: Self) -> Bool {
    left.startMinute < right.startMinute
  }
}

extension Policy {
  /// Seconds after 00:00 UTC at which the counters that people see start again.
  package var countersResetAtSecond: Int64 { quota?.counterResetsAtSecond ?? 0 }

  /// The day that those counters are in.
  package func counterDay(at now: Timestamp) -> MeterDay {
    MeterDay(of: now, beginningAtSecond: countersResetAtSecond)
  }
}

/// What a quota counts together. `id` is an account's, an application's or a key's, never a
/// version's: ids of different kinds never meet.
@usableFromInline package struct QuotaSubject: Hashable, Sendable {
  @usableFromInline package var id: UInt128
  @usableFromInline package var account: AccountID
  @usableFromInline package init(id: UInt128, account: AccountID) {
    self.id = id
    self.account = account
  }
}

/// A quota as the data plane asks it: numbers only, so that a copy costs nothing.
@usableFromInline package struct QuotaRule: Hashable, Sendable {
  @usableFromInline package var limit: Int64
  @usableFromInline package var scope: MeterScope
  /// Seconds after 00:00 UTC.
  @usableFromInline package var resetsAtSecond: Int64
  /// Calls go on uncounted while the store is away; they are counted once it is back.
  @usableFromInline package var passesOnOutage: Bool
  @usableFromInline package var notices: QuotaShares

  package init(_ quota: Quota, noticesAt percents: [Int] = []) {
    limit = quota.calls
    scope = quota.scope
    resetsAtSecond = quota.resetsAtSecond
    passesOnOutage = quota.onOutage == .allow
    notices = QuotaShares(percents)
  }

  @inlinable
  package func day(at now: Timestamp) -> MeterDay {
    MeterDay(of: now, beginningAtSecond: resetsAtSecond)
  }

  /// When the day that holds `now` is over.
  @usableFromInline package func resetsAt(_ now: Timestamp) -> Timestamp { day(at: now).end }
}

/// Shares of a quota, in percent, at which its owner is told.
@usableFromInline package struct QuotaShares: Hashable, Sendable {
  /// Bit n stands for n percent.
  private var bits: UInt128 = 0

  /// What is not 1 to 100 is left out.
  package init(_ percents: [Int]) {
    for percent in percents where (1...100).contains(percent) { bits |= 1 << UInt128(percent) }
  }

  /// The shares that `count` of `limit` has reached and that are above `told`, in rising order.
  package func reached(_ count: Int64, of limit: Int64, above told: Int64) -> [Int64] {
    guard limit > 0, bits != 0 else { return [] }
    let (product, overflow) = count.multipliedReportingOverflow(by: 100)
    let percent = overflow ? 100 : min(100, product / limit)
    guard percent > max(0, told) else { return [] }
    return (max(0, told) + 1...percent).filter { bits & (1 << UInt128($0)) != 0 }
  }
}
