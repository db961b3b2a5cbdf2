// One run as a page reads it: the owner's records that fit, newest first, a block at a time and
// only as far as they are asked for.
internal import KeyModel

/// How much a page may still look at, in bytes or what costs as much.
struct ScanBudget {
  /// About 20 ms of reading.
  static let whole = 32 << 20
  static let run = 8_192
  static let head = 1_024
  private(set) var left = whole

  var isSpent: Bool { left <= 0 }
  mutating func spend(_ bytes: Int) { left -= bytes }
}

struct RunCursor {
  private let tables: DayTables
  private let run: Int64
  private let owner: UInt128
  private let range: ClosedRange<UInt128>
  private let limit: Int
  /// Found and not yet given, oldest first.
  private var found: [RequestRecord] = []
  private var heads: [BlockHead] = []
  private var nextHead = 0
  private var fetch: Int64 = 4
  private var end: RecordPosition
  private var isOver = false
  /// No record of this cursor that is still to come is newer.
  private(set) var bound: UInt128

  /// - Parameter limit: so many records are all that will be asked for.
  init(
    _ tables: DayTables, _ run: StoredRun, _ owner: UInt128, _ range: ClosedRange<UInt128>,
    limit: Int
  ) {
    self.tables = tables
    self.run = run.number
    self.owner = owner
    self.range = range
    self.limit = limit
    bound = min(range.upperBound, run.lastID)
    end = RecordPosition(owner: owner, id: bound)
  }

  /// The newest record that is still to come, where it was read already.
  mutating func take() -> RequestRecord? {
    guard let record = found.popLast() else { return nil }
    bound = found.last?.id.bits ?? Self.before(record.id.bits)
    return record
  }

  /// Reads one block or passes over some; false once there is nothing more.
  mutating func load(
    _ matcher: RecordMatcher, _ budget: inout ScanBudget
  ) throws(StoreError) -> Bool {
    while !isOver {
      guard let head = try nextBlock(matcher, &budget) else { return false }
      if head.last.owner < owner || head.last.owner == owner && head.last.id < range.lowerBound {
        break
      }
      // The block before this one may hold no more of the owner.
      if head.first.owner < owner || head.first.id <= range.lowerBound { isOver = true }
      if head.mayFit {
        budget.spend(RunBuilder.blockBytes)
        try read(head, matcher)
      }
      if let newest = found.last {
        bound = newest.id.bits
        return true
      }
      if head.first.owner == owner { bound = min(bound, Self.before(head.first.id)) }
      if budget.isSpent { return !isOver }
    }
    isOver = true
    return false
  }

  private static func before(_ id: UInt128) -> UInt128 { id == 0 ? 0 : id - 1 }

  private mutating func nextBlock(
    _ matcher: RecordMatcher, _ budget: inout ScanBudget
  ) throws(StoreError) -> BlockHead? {
    if nextHead == heads.count {
      heads = try tables.heads(run: run, through: end, limit: fetch, matcher)
      nextHead = 0
      budget.spend(heads.count * ScanBudget.head)
      fetch = min(256, fetch * 4)
      guard let last = heads.last else {
        isOver = true
        return nil
      }
      end = RecordPosition(owner: last.first.owner, id: last.first.id &- 1)
    }
    nextHead += 1
    return heads[nextHead - 1]
  }

  private mutating func read(_ head: BlockHead, _ matcher: RecordMatcher) throws(StoreError) {
    var records: [RequestRecord] = []
    _ = try tables.store.show(run: run, part: head.part) { bytes in
      var places: [Int] = []
      var all = PackedRecords(bytes)
      var at = 0
      while let record = all.next() {
        let id = record.id
        if record.owner == owner, range.contains(id), matcher.fits(record) { places.append(at) }
        at = all.offset
      }
      // More than the page's limit are never asked for, and making them costs most.
      records = places.suffix(limit).compactMap { place in
        PackedRecord(bytes, at: place).map { RequestRecord($0) }
      }
    }
    found = records
  }
}
