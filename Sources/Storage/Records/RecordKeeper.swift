// The writing side of the log: appends batches, merges what was appended, drops what is too old.
// It has no clock and no thread of its own; everything it does is bounded by its caller's calls.
internal import CSystem
internal import KeyModel

/// Used by one thread at a time.
final class RecordKeeper {
  /// Fresh records of a day that are merged into a settled run, and so many runs that are merged
  /// before that.
  static let settleRecords: Int64 = 262_144
  static let settleRuns = 32
  /// After its end a day's records are settled, whatever their number.
  static let graceSeconds: Int64 = 600

  private struct Day {
    var tables: DayTables
    /// Fresh runs, oldest first.
    var fresh: [(number: Int64, records: Int64)]
    /// Runs to be removed.
    var ended: [Int64]
    /// That they are ended is durable.
    var isDurable = false
    var merge: RunMerge?
    /// For runs to come.
    var numbers: Range<Int64>
  }

  let days: any RecordDays
  private var writer: Int64
  private var isClaimed = false
  private var open: [Int64: Day] = [:]
  /// Days that may have something left by a keeper that is gone.
  private var unchecked: [Int64]?
  private var now = Timestamp(microseconds: 0)
  /// What is older is dropped already.
  private var floor: Int64 = 0
  /// The removal that is under way, and the projects whose records are gone from a day.
  var sweep: Sweep?
  var swept: [Int64: Set<UInt128>] = [:]
  /// Set by a failed merge until appending works again, so that a full disk is not hammered.
  private var isResting = false
  private(set) var counts = RecordCounts()

  init(_ days: any RecordDays, writer: Int64) {
    self.days = days
    self.writer = writer
  }

  func close() {
    open.removeAll()
    days.closeAll()
  }

  // MARK: Appending

  /// Gives how many records were stored.
  func append(_ batch: UnsafeRawBufferPointer, durable: Bool) -> Int {
    let order = BatchOrder(batch, floor: floor)
    counts.dropped += Int64(order.late) + (order.rest > 0 ? 1 : 0)
    var appended = 0
    for (day, places) in order.days.sorted(by: { $0.key < $1.key }) {
      do {
        try append(places, of: batch, to: day, durable)
        appended += places.count
        counts.failure = nil
        isResting = false
        payDebt(day)
      } catch {
        counts.dropped += Int64(places.count)
        fail(day, error)
      }
    }
    counts.stored += Int64(appended)
    countWaiting()
    return appended
  }

  private func append(
    _ places: [BatchOrder.Place], of batch: UnsafeRawBufferPointer, to day: Int64, _ durable: Bool
  ) throws(StoreError) {
    let tables = try opened(day)
    let run = try number(day)
    try tables.connection.inTransaction(.log(durable: durable)) { () throws(StoreError) in
      var builder = RunBuilder()
      for (number, place) in places.enumerated() {
        // Owners' records lie far apart in the batch.
        if number + Self.ahead < places.count {
          Self.expect(batch, places[number + Self.ahead].offset)
        }
        guard let record = PackedRecord(batch, at: place.offset) else { continue }
        if let block = builder.add(record, at: place.position) {
          try tables.insert(run: run, block)
        }
      }
      if let block = builder.takeBlock() { try tables.insert(run: run, block) }
      try tables.insert(run: run, .fresh, writer: writer, builder.finish())
      if durable { try tables.store.sync() }
    }
    open[day]?.fresh.append((run, Int64(places.count)))
    if durable { open[day]?.isDurable = true }
  }

  private static let ahead = 6

  /// The first 256 bytes of the record, which is mostly all of it.
  private static func expect(_ batch: UnsafeRawBufferPointer, _ offset: Int) {
    guard let start = batch.baseAddress else { return }
    for line in 0..<4 { latchkey_prefetch(start + offset + 64 * line) }
  }

  private func number(_ day: Int64) throws(StoreError) -> Int64 {
    guard var state = open[day] else { throw .closed }
    if state.numbers.isEmpty {
      state.numbers = try state.tables.connection.inTransaction(.log(durable: false)) {
        () throws(StoreError) in try state.tables.newRuns()
      }
    }
    let number = state.numbers.removeFirst()
    open[day] = state
    return number
  }

  /// Where merging gets no turn of its own, appending pays for it.
  private func payDebt(_ day: Int64) {
    do {
      while let state = open[day], !isResting, state.fresh.count > 8 * Self.settleRuns {
        guard try mergeStep(day) else { return }
      }
    } catch {
      isResting = true
      fail(day, error)
    }
  }

  private func countWaiting() {
    counts.waitingRuns = open.values.reduce(0) { $0 + $1.fresh.count }
  }

  // MARK: Days

  func opened(_ day: Int64) throws(StoreError) -> DayTables {
    if let state = open[day], state.tables.connection.isUsable { return state.tables }
    if !open.isEmpty, open.values.contains(where: { !$0.tables.connection.isUsable }) { renew() }
    guard let tables = try days.open(day) else { throw .unavailable("no such day") }
    if !isClaimed { while try !days.claim(writer) { writer &+= 1 } }
    isClaimed = true
    let kind = TransactionKind.log(durable: false)
    open[day] = try tables.connection.inTransaction(kind) { () throws(StoreError) in
      try adopt(tables)
    }
    return tables
  }

  /// Takes over what keepers that are gone have left: this one is now the writer of it.
  private func adopt(_ tables: DayTables) throws(StoreError) -> Day {
    for other in try tables.writers() where other != writer {
      if try days.claim(other) { try tables.adopt(from: other, by: writer) }
    }
    try tables.store.adopt(tables.parts)
    let broken = try tables.runs(of: writer, .building) + tables.runs(of: writer, .ended)
    return Day(
      tables: tables, fresh: try tables.runs(of: writer, .fresh), ended: broken.map(\.number),
      numbers: 0..<0)
  }

  /// Another process may take over what this one wrote once its connection is lost, so it goes on
  /// under another number.
  private func renew() {
    open.removeAll()
    unchecked = nil
    isClaimed = false
  }

  func fail(_ day: Int64, _ error: StoreError) {
    counts.failure = error
    guard let state = open[day] else { return }
    if !state.tables.connection.isUsable { renew() }
    // What is in the tables is read again when the day is next used.
    open[day] = nil
    days.close(day)
  }

  func isSettled(_ day: Int64) -> Bool {
    guard let state = open[day] else { return false }
    return state.fresh.isEmpty && state.ended.isEmpty && state.merge == nil
  }

  /// One step; false once no such day is left.
  func dropDays(before day: Int64) throws(StoreError) -> Bool {
    floor = max(floor, day)
    for old in try days.all() where old < floor {
      open[old] = nil
      swept[old] = nil
      if sweep?.day == old { sweep = nil }
      if try !days.drop(old) { return true }
    }
    return false
  }

  // MARK: Merging

  /// One bounded step of whatever there is to do; false where that is nothing.
  func merge(now: Timestamp) throws(StoreError) -> Bool {
    guard !isResting else { return false }
    defer { countWaiting() }
    do {
      if now.day != self.now.day { unchecked = nil }
      self.now = now
      for day in open.keys.sorted(by: >) where try mergeStep(day) { return true }
      return try checkNext()
    } catch {
      isResting = true
      for day in Array(open.keys) { fail(day, error) }
      throw error
    }
  }

  private func checkNext() throws(StoreError) -> Bool {
    if unchecked == nil {
      unchecked = try days.all()
    }
    guard let day = unchecked?.popLast() else { return false }
    if open[day] == nil { _ = try opened(day) }
    return true
  }

  private func mergeStep(_ day: Int64) throws(StoreError) -> Bool {
    guard var state = open[day] else { return false }
    if let merge = state.merge {
      if let made = try merge.step(.log(durable: false)) {
        state.fresh.removeAll { merge.runs.contains($0.number) }
        if made.state == .fresh { state.fresh.append((made.number, made.records)) }
        state.ended += merge.runs
        state.isDurable = false
        state.merge = nil
        open[day] = state
      }
      return true
    }
    if let run = state.ended.last {
      let kind = TransactionKind.log(durable: !state.isDurable)
      try state.tables.connection.inTransaction(kind) { () throws(StoreError) in
        try state.tables.remove(run: run)
      }
      state.isDurable = true
      state.ended.removeLast()
      open[day] = state
      return true
    }
    if state.tables.store.reclaim() { return true }
    return try planMerge(day, state)
  }

  private func planMerge(_ day: Int64, _ state: Day) throws(StoreError) -> Bool {
    let records = state.fresh.reduce(0) { $0 + $1.records }
    // Calls that began before midnight are recorded when they end.
    let isOver = now.seconds >= (day + 1) * 86_400 + Self.graceSeconds
    let numbers: [Int64]
    let result: RunState
    if records >= Self.settleRecords || isOver && !state.fresh.isEmpty {
      (numbers, result) = (state.fresh.prefix(2 * Self.settleRuns).map(\.number), .settled)
    } else if state.fresh.count >= Self.settleRuns {
      (numbers, result) = (Self.alike(state.fresh), .fresh)
    } else {
      // Nothing to do: a day that is over needs no connection.
      if isOver, !state.tables.store.owesRoom, sweep?.day != day {
        open[day] = nil
        days.close(day)
      }
      return false
    }
    // Before the day is changed: taking a number changes it too.
    let merge = RunMerge(
      state.tables, writer: writer, number: try number(day), runs: numbers, into: result)
    open[day]?.merge = merge
    return true
  }

  /// The small runs, so that no record is merged often: sizes in ascending order, as long as the
  /// next is no larger than all before it together, and half of them at least.
  static func alike(_ fresh: [(number: Int64, records: Int64)]) -> [Int64] {
    let bySize = fresh.sorted { $0.records < $1.records }
    var taken: [Int64] = []
    var sum: Int64 = 0
    for run in bySize where taken.count < settleRuns / 2 || run.records <= sum {
      taken.append(run.number)
      sum += run.records
    }
    return taken
  }
}
