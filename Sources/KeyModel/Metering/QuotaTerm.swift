// Advances: the first calls of a day that every subject may make before its row says so. What is
// durable of them is one statement for all, the server's term, so that the first call of a day does
// not wait for a write, and a subject that is called a few times a day costs none until the end.

/// How many calls a day begins with.
package enum QuotaAdvance {
  /// What a crash takes from a subject of that limit at most, in the days of its term: a
  /// five-hundredth of the limit, never more than 64.
  package static func most(limit: Int64) -> Int64 { max(0, min(64, limit / 500)) }

  /// - Parameter reserved: calls of the day that are used or lent already.
  package static func calls(limit: Int64, reserved: Int64) -> Int64 {
    min(most(limit: limit), max(0, limit - reserved) / 16)
  }
}

/// The time in which a server has the quotas to itself, from its start to its orderly stop. It ends
/// with every advance settled in its subject's row, or by a crash: then whoever has no row of that
/// term is taken to have used all of its advance, once, and the days until then have no other.
package struct QuotaTerm: Hashable, Sendable {
  /// A term that a crash ended.
  package struct Lost: Hashable, Sendable {
    package var number: Int64
    /// The last minute in which a day of it may have begun.
    package var until: MeterDay
  }

  /// 1, 2, 3 …; 0 before the first, and where quotas are shared.
  package private(set) var number: Int64
  /// Days that begin later have no advances yet; `never`: the term is over.
  package private(set) var until: MeterDay
  package private(set) var lost: Lost

  private init(number: Int64, until: MeterDay, lost: Lost) {
    self.number = number
    self.until = until
    self.lost = lost
  }

  /// Before the first.
  package static let none = QuotaTerm(
    number: 0, until: .never, lost: Lost(number: 0, until: .never))

  /// As whoever comes after it finds it: over, in order or lost.
  package var found: QuotaTerm {
    let isLost = until > after
    return QuotaTerm(
      number: number, until: .never,
      lost: isLost ? Lost(number: number, until: until) : lost)
  }

  /// Days that begin up to this have no advances: a day and more after what was lost, so that no
  /// day that is not over loses a second advance.
  package var after: MeterDay {
    lost.number == 0 ? .never : MeterDay(startMinute: lost.until.startMinute + 25 * 60)
  }

  /// Days that begin up to `minute` may have advances, once that is durable. A term that is over
  /// becomes the next one.
  package mutating func extend(to minute: MeterDay) {
    if until == .never { number += 1 }
    until = max(until, minute)
  }

  /// All advances are settled.
  package mutating func end() { until = .never }

  /// What the row does not say of an advance that was lost in a crash: as much as it was, unless
  /// the limit was changed since then.
  package func owed(_ row: QuotaRow, limit: Int64) -> Int64 {
    guard row.day <= lost.until, row.term < lost.number else { return 0 }
    return QuotaAdvance.calls(limit: limit, reserved: row.reserved)
  }
}

extension QuotaTerm {
  /// As it is stored.
  package var text: String {
    "\(number) \(until.startMinute) \(lost.number) \(lost.until.startMinute)"
  }

  /// Nil where it is nothing that `text` gives.
  package init?(text: String) {
    let numbers = text.split(separator: " ").map { Int64($0) }
    guard numbers.count == 4, let number = numbers[0], let until = numbers[1],
      let lost = numbers[2], let lostUntil = numbers[3],
      [number, until, lost, lostUntil].allSatisfy({ $0 >= 0 })
    else { return nil }
    self.init(
      number: number, until: MeterDay(startMinute: UInt64(until)),
      lost: Lost(number: lost, until: MeterDay(startMinute: UInt64(lostUntil))))
  }
}
