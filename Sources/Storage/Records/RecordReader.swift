// The reading side of the log: pages, newest first, out of the runs of one day after the other. A
// page looks at a bounded amount; what it could not look at is the next page's.
internal import KeyModel

/// Used by one thread at a time, with connections of its own.
final class RecordReader {
  private let days: any RecordDays

  init(_ days: any RecordDays) { self.days = days }

  func close() { days.closeAll() }

  /// Lets go of days that are not there any more.
  func forgetDropped() throws(StoreError) { _ = try days.all() }

  func page(_ query: RecordQuery) throws(StoreError) -> RecordPage {
    guard let range = Self.range(of: query) else { return RecordPage(records: [], next: nil) }
    let matcher = RecordMatcher(query.filter)
    var budget = ScanBudget()
    // One more than a page tells whether there is another.
    var page = PageInTheMaking(limit: max(1, query.limit) + 1)
    for day in try days.all() where BatchOrder.first(of: day) <= range.upperBound {
      guard BatchOrder.first(of: day + 1) > range.lowerBound else { break }
      do {
        try read(day, query.owner.bits, range, matcher, &budget, &page)
      } catch {
        // Dropped since it was listed.
        if try days.all().contains(day) { throw error }
      }
      if page.isOver { break }
    }
    return page.whole(limit: max(1, query.limit))
  }

  /// Ids that can be on the page; nil where none can.
  private static func range(of query: RecordQuery) -> ClosedRange<UInt128>? {
    var first: UInt128 = 0
    var last = UInt128.max
    if let from = query.filter.from { first = milliseconds(from.microseconds) << 80 }
    if let to = query.filter.to {
      guard to.microseconds > 0 else { return nil }
      last = ((milliseconds(to.microseconds - 1) + 1) << 80) &- 1
    }
    if let before = query.before?.bits {
      guard before > 0 else { return nil }
      last = min(last, before - 1)
    }
    return first <= last ? first...last : nil
  }

  private static func milliseconds(_ microseconds: Int64) -> UInt128 {
    min(UInt128(max(0, microseconds) / 1000), 0xFFFF_FFFF_FFFE)
  }

  private func read(
    _ day: Int64, _ owner: UInt128, _ range: ClosedRange<UInt128>, _ matcher: RecordMatcher,
    _ budget: inout ScanBudget, _ page: inout PageInTheMaking
  ) throws(StoreError) {
    guard let tables = try days.open(day) else { return }
    // A copy: a day that turns out to be dropped has given nothing.
    var (making, left) = (page, budget)
    try tables.connection.inTransaction(.read) { () throws(StoreError) in
      let runs = try tables.readable(range.lowerBound, range.upperBound, matcher)
      left.spend(runs.count * ScanBudget.run)
      var cursors = runs.map {
        RunCursor(tables, $0, owner, range, limit: making.limit)
      }
      try making.fill(from: &cursors, matcher, &left)
    }
    (page, budget) = (making, left)
  }
}

/// Records found so far, and where the next page begins if nothing more may be looked at.
private struct PageInTheMaking {
  let limit: Int
  private var records: [RequestRecord] = []
  /// Set where looking ended before the page was full: everything from here on was looked at.
  private var stoppedAt: UInt128?

  init(limit: Int) { self.limit = limit }

  var isOver: Bool { stoppedAt != nil || records.count >= limit }

  /// The cursor with the newest bound gives the next record, or reads on until it has one.
  mutating func fill(
    from cursors: inout [RunCursor], _ matcher: RecordMatcher, _ budget: inout ScanBudget
  ) throws(StoreError) {
    while records.count < limit {
      guard let newest = cursors.indices.max(by: { cursors[$0].bound < cursors[$1].bound })
      else { return }
      if let record = cursors[newest].take() {
        records.append(record)
        continue
      }
      if budget.isSpent {
        stoppedAt = cursors[newest].bound
        return
      }
      if try !cursors[newest].load(matcher, &budget) { cursors.remove(at: newest) }
    }
  }

  func whole(limit: Int) -> RecordPage {
    if records.count > limit {
      return RecordPage(records: Array(records.prefix(limit)), next: records[limit - 1].id)
    }
    let next = stoppedAt.map { RequestID(bits: $0 == .max ? $0 : $0 + 1) }
    return RecordPage(records: records, next: next)
  }
}
