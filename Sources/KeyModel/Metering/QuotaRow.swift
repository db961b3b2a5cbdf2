// What the store keeps of a subject's quota, and how many calls are reserved at once. The rules
// that make a quota exact: a day never goes back, and no more is reserved than its limit.

package struct QuotaRow: Hashable, Sendable {
  package var day: MeterDay
  /// Calls of the day that are reserved by any process: used, or about to be.
  package var reserved: Int64
  /// The highest share of the day, in percent, of which the owner was told.
  package var told: Int64
  /// The number of the term that wrote the row.
  package var term: Int64

  package init(day: MeterDay, reserved: Int64 = 0, told: Int64 = 0, term: Int64 = 0) {
    self.day = day
    self.reserved = reserved
    self.told = told
    self.term = term
  }

  /// A later day begins with nothing reserved. An earlier one is over for good, also where the
  /// clock was set back.
  package mutating func turn(to day: MeterDay) {
    if day > self.day { self = QuotaRow(day: day) }
  }

  /// Gives how many calls were reserved: as many as wanted, where the limit has them.
  package mutating func reserve(_ wanted: Int64, limit: Int64) -> Int64 {
    let granted = max(0, min(wanted, limit - reserved))
    reserved += granted
    return granted
  }

  /// Counts calls that were made while nobody could ask; may exceed the limit.
  package mutating func settle(debt: Int64) { reserved += max(0, debt) }

  /// Counts the advance of `day`, used or not; nothing where that day is over.
  package mutating func settle(advance: Int64, of day: MeterDay) {
    if day == self.day { reserved += max(0, advance) }
  }

  /// Unused calls of `day` come back; false where that day is over.
  package mutating func giveBack(_ calls: Int64, of day: MeterDay) -> Bool {
    guard day == self.day, calls >= 0 else { return false }
    reserved = max(0, reserved - calls)
    return true
  }

  /// Shares that were reached since the last time this was asked; each is given once a day.
  package mutating func takeNotices(_ shares: QuotaShares, limit: Int64) -> [Int64] {
    let reached = shares.reached(reserved, of: limit, above: told)
    if let last = reached.last { told = last }
    return reached
  }
}

/// How many calls a process reserves ahead for one subject: what it uses in a tenth or two of a
/// second, so that a crash strands little and calls rarely wait.
package struct QuotaChunk: Hashable, Sendable {
  package private(set) var size: Int64
  private var grantedAt: Timestamp?

  package init(limit: Int64) { size = Self.smallest(limit) }

  /// However slowly the calls come: 4, or a five-hundredth of the limit where that is more, so that
  /// a subject with plenty left does not go to the store for each handful of calls; at most 64.
  package static func smallest(_ limit: Int64) -> Int64 { min(64, max(4, limit / 500)) }

  /// However fast the calls come: 256, or a ten-thousandth of the limit where that is more.
  package static func largest(_ limit: Int64) -> Int64 { min(65_536, max(256, limit / 10_000)) }

  /// How many to ask for now.
  /// - Parameters:
  ///   - held: reserved before and still unused.
  ///   - waiting: calls that wait, each for one.
  ///   - remaining: what the day has that nobody has reserved.
  package func wanted(held: Int64, waiting: Int64, remaining: Int64, limit: Int64) -> Int64 {
    let ahead = min(size, Self.largest(limit), max(1, remaining / 16))
    return max(waiting, ahead - held)
  }

  /// More are fetched once so many are left.
  package var low: Int64 { size / 4 }

  /// A refill at `now`: the size follows how long the calls before it lasted.
  package mutating func refilled(at now: Timestamp, limit: Int64) {
    defer { grantedAt = now }
    guard let grantedAt else { return }
    switch now.microseconds - grantedAt.microseconds {
    case 0..<50_000: size = min(size * 2, Self.largest(limit))
    case 500_000...: size = max(size / 2, Self.smallest(limit))
    default: break
    }
  }
}
