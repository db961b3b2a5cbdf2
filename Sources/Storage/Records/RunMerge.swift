// Merges sorted runs of one day into one, a few blocks in each transaction, so that appending never
// waits long. Until the last step the new run is not read; a merge that is cut short leaves only
// what the next keeper removes.
internal import KeyModel

/// Confined to the keeper's thread.
final class RunMerge {
  struct Made {
    var number: Int64
    var records: Int64
    var state: RunState
  }

  /// Blocks written in one step.
  private static let stepBlocks = 16

  private let tables: DayTables
  private let writer: Int64
  private let result: RunState
  private var sources: [RunSource]
  /// Numbers of sources that have a record, the least on top.
  private var heap: [Int] = []
  private var builder = RunBuilder()
  private let number: Int64
  private var hasBegun = false
  let runs: [Int64]

  init(
    _ tables: DayTables, writer: Int64, number: Int64, runs: [Int64], into result: RunState
  ) {
    self.tables = tables
    self.writer = writer
    self.number = number
    self.runs = runs
    self.result = result
    sources = runs.map { RunSource(run: $0) }
  }

  deinit { for source in sources { source.deallocate() } }

  /// The finished run, or nil where another step is needed. After an error the merge is of no use.
  func step(_ kind: TransactionKind) throws(StoreError) -> Made? {
    try tables.connection.inTransaction(kind) { () throws(StoreError) in
      if !hasBegun { try begin() }
      for _ in 0..<Self.stepBlocks {
        guard let block = try nextBlock() else { return try finish() }
        try tables.insert(run: number, block)
      }
      return nil
    }
  }

  private func begin() throws(StoreError) {
    hasBegun = true
    try tables.insert(run: number, .building, writer: writer, RunHead())
    for index in sources.indices where try sources[index].load(tables) { heap.append(index) }
    for at in heap.indices.reversed() { sink(at) }
  }

  /// Nil once nothing is left.
  private func nextBlock() throws(StoreError) -> RecordBlock? {
    while let top = heap.first {
      let limit = secondLeast
      var goesOn: Bool
      var full: RecordBlock?
      repeat {
        guard let record = sources[top].record else { throw .corrupt("a block of request records") }
        full = builder.add(record, at: sources[top].position)
        goesOn = sources[top].advance(past: record.size)
        if !goesOn { goesOn = try sources[top].load(tables) }
        // An owner's records of one run mostly follow each other: the others need not be asked.
      } while goesOn && full == nil && sources[top].position < limit
      if !goesOn {
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
      }
      sink(0)
      if let full { return full }
    }
    return builder.takeBlock()
  }

  /// The least record of all sources but the one on top.
  private var secondLeast: RecordPosition {
    var least = RecordPosition(owner: .max, id: .max)
    for child in 1...2 where child < heap.count {
      least = min(least, sources[heap[child]].position)
    }
    return least
  }

  private func finish() throws(StoreError) -> Made {
    let head = builder.finish()
    // Before the sources end: what they had lasts already.
    try tables.store.sync()
    try tables.complete(run: number, result, head)
    for run in runs { try tables.end(run: run, writer: writer) }
    return Made(number: number, records: head.records, state: result)
  }

  /// One that stays least, as most do, costs two comparisons.
  @inline(__always)
  private func sink(_ start: Int) {
    var at = start
    while true {
      var least = at
      for child in [2 * at + 1, 2 * at + 2] where child < heap.count {
        if sources[heap[child]].position < sources[heap[least]].position { least = child }
      }
      if least == at { return }
      heap.swapAt(at, least)
      at = least
    }
  }
}
