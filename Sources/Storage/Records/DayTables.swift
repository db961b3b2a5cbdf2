// The index of one day and every statement on it, the same for both engines. Runs are written once:
// a reader's snapshot sees a run whole or not at all, whatever the merging does beside it.
internal import KeyModel

enum RunState: UInt8 {
  /// From one batch, or merged of a few; waits to be merged into a settled one.
  case fresh = 0
  case settled = 1
  /// A merge is writing it: not to be read.
  case building = 2
  /// Merged into another: not to be read, to be removed.
  case ended = 3
}

struct StoredRun {
  var number: Int64
  var records: Int64
  var firstID: UInt128
  var lastID: UInt128
}

struct BlockHead {
  var first: RecordPosition
  var last: RecordPosition
  /// What the block's bytes are known by.
  var part: Int64
  var mayFit: Bool
}

struct DayTables {
  let connection: any Connection
  let store: any BlockStore
  let day: Int64
  private let runs: String
  private let blocks: String
  private let numbers: String

  init(_ connection: any Connection, _ store: any BlockStore, day: Int64) {
    self.connection = connection
    self.store = store
    self.day = day
    runs = "record_runs_\(day)"
    blocks = "record_blocks_\(day)"
    numbers = "record_numbers_\(day)"
  }

  /// Names of all tables of the day.
  var names: [String] { [runs, blocks, numbers] }

  func create() throws(StoreError) {
    let types = connection.dialect
    let (integer, text, blob) = (types.integer, types.text, types.blob)
    try connection.run(
      """
      CREATE TABLE IF NOT EXISTS \(runs) (
        run \(integer) NOT NULL, state \(integer) NOT NULL, writer \(integer) NOT NULL,
        records \(integer) NOT NULL, first_id \(blob) NOT NULL, last_id \(blob) NOT NULL,
        summary \(blob) NOT NULL, PRIMARY KEY (run)) \(types.table)
      """)
    try connection.run(
      """
      CREATE TABLE IF NOT EXISTS \(blocks) (
        run \(integer) NOT NULL, owner \(blob) NOT NULL, first_id \(blob) NOT NULL,
        last_owner \(blob) NOT NULL, last_id \(blob) NOT NULL, part \(integer) NOT NULL,
        records \(integer) NOT NULL, summary \(blob) NOT NULL,
        PRIMARY KEY (run, owner, first_id)) \(types.clusteredTable)
      """)
    try connection.run(
      """
      CREATE TABLE IF NOT EXISTS \(numbers) (
        name \(text) NOT NULL, value \(integer) NOT NULL, PRIMARY KEY (name)) \(types.table)
      """)
    try connection.run(
      "INSERT INTO \(numbers) (name, value) VALUES ('run', 0) ON CONFLICT (name) DO NOTHING")
  }

  // MARK: Writing

  /// Numbers that no run of this day has had, several at once: a batch then changes one page less,
  /// and processes that append do not wait for each other.
  func newRuns() throws(StoreError) -> Range<Int64> {
    var last: Int64 = 0
    try connection.run(
      """
      UPDATE \(numbers) SET value = value + \(Self.newRunCount) WHERE name = 'run'
      RETURNING value
      """, []
    ) { (row: any Row) throws(StoreError) in last = try row.integer(0) }
    guard last > 0 else { throw .corrupt("the records of day \(day) have no run number") }
    return last - Self.newRunCount + 1..<last + 1
  }

  private static let newRunCount: Int64 = 64

  func insert(
    run: Int64, _ state: RunState, writer: Int64, _ head: RunHead
  ) throws(StoreError) {
    try connection.run(
      """
      INSERT INTO \(runs) (run, state, writer, records, first_id, last_id, summary)
      VALUES ($1, $2, $3, $4, $5, $6, $7)
      """,
      [
        .integer(run), .raw(state), .integer(writer), .integer(head.records), .id(head.firstID),
        .id(head.lastID), .blob(head.summary),
      ])
  }

  /// A run that was building is whole.
  func complete(run: Int64, _ state: RunState, _ head: RunHead) throws(StoreError) {
    let changed = try connection.run(
      """
      UPDATE \(runs) SET state = $2, records = $3, first_id = $4, last_id = $5, summary = $6
      WHERE run = $1 AND state = \(RunState.building.rawValue)
      """,
      [
        .integer(run), .raw(state), .integer(head.records), .id(head.firstID), .id(head.lastID),
        .blob(head.summary),
      ])
    guard changed == 1 else { throw .stale }
  }

  /// `stale` where the run is not this writer's fresh one any more.
  func end(run: Int64, writer: Int64) throws(StoreError) {
    let changed = try connection.run(
      """
      UPDATE \(runs) SET state = \(RunState.ended.rawValue)
      WHERE run = $1 AND writer = $2 AND state = \(RunState.fresh.rawValue)
      """, [.integer(run), .integer(writer)])
    guard changed == 1 else { throw .stale }
  }

  func insert(run: Int64, _ block: RecordBlock) throws(StoreError) {
    let part = try store.put(block, run: run)
    try connection.run(
      """
      INSERT INTO \(blocks)
        (run, owner, first_id, last_owner, last_id, part, records, summary)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
      """,
      [
        .integer(run), .id(block.first.owner), .id(block.first.id), .id(block.last.owner),
        .id(block.last.id), .integer(part), .integer(block.count), .blob(block.summary),
      ])
  }

  func remove(run: Int64) throws(StoreError) {
    var parts: [Int64] = []
    try connection.run("DELETE FROM \(blocks) WHERE run = $1 RETURNING part", [.integer(run)]) {
      (row: any Row) throws(StoreError) in parts.append(try row.integer(0))
    }
    try connection.run("DELETE FROM \(runs) WHERE run = $1", [.integer(run)])
    try store.release(run: run, parts: parts)
  }

  /// Of all blocks.
  func parts() throws(StoreError) -> [Int64] {
    var parts: [Int64] = []
    try connection.run("SELECT part FROM \(blocks)", []) { (row: any Row) throws(StoreError) in
      parts.append(try row.integer(0))
    }
    return parts
  }

  func replace(
    run: Int64, _ head: BlockHead, count: Int64, data bytes: [UInt8]
  ) throws(StoreError) {
    let key: [SQLValue] = [.integer(run), .id(head.first.owner), .id(head.first.id)]
    if count == 0 {
      try connection.run(
        "DELETE FROM \(blocks) WHERE run = $1 AND owner = $2 AND first_id = $3", key)
      try store.release(run: run, parts: [head.part])
    } else {
      let part = try store.replace(run: run, part: head.part, with: bytes)
      try connection.run(
        """
        UPDATE \(blocks) SET records = $4, part = $5
        WHERE run = $1 AND owner = $2 AND first_id = $3
        """, key + [.integer(count), .integer(part)])
    }
  }

  // MARK: Keeping

  func writers() throws(StoreError) -> [Int64] {
    var found: [Int64] = []
    try connection.run(
      "SELECT DISTINCT writer FROM \(runs) WHERE state <> \(RunState.settled.rawValue)", []
    ) { (row: any Row) throws(StoreError) in found.append(try row.integer(0)) }
    return found
  }

  /// Takes over what a writer that is gone has left.
  func adopt(from other: Int64, by writer: Int64) throws(StoreError) {
    try connection.run(
      """
      UPDATE \(runs) SET writer = $2
      WHERE writer = $1 AND state <> \(RunState.settled.rawValue)
      """, [.integer(other), .integer(writer)])
  }

  func runs(
    of writer: Int64, _ state: RunState
  ) throws(StoreError) -> [(number: Int64, records: Int64)] {
    var found: [(number: Int64, records: Int64)] = []
    try connection.run(
      "SELECT run, records FROM \(runs) WHERE writer = $1 AND state = $2 ORDER BY run",
      [.integer(writer), .raw(state)]
    ) { (row: any Row) throws(StoreError) in
      found.append((number: try row.integer(0), records: try row.integer(1)))
    }
    return found
  }

  func mark(_ name: String) throws(StoreError) {
    try connection.run(
      "INSERT INTO \(numbers) (name, value) VALUES ($1, 1) ON CONFLICT (name) DO NOTHING",
      [.text(name)])
  }

  func marks() throws(StoreError) -> Set<String> {
    var found: Set<String> = []
    try connection.run("SELECT name FROM \(numbers)", []) { (row: any Row) throws(StoreError) in
      found.insert(try row.text(0))
    }
    return found
  }

  // MARK: Reading

  /// Runs that may hold records of an id in `first...last`, in no order.
  func readable(
    _ first: UInt128, _ last: UInt128, _ matcher: RecordMatcher
  ) throws(StoreError) -> [StoredRun] {
    var found: [StoredRun] = []
    try connection.run(
      """
      SELECT run, records, first_id, last_id, summary FROM \(runs)
      WHERE state <= \(RunState.settled.rawValue) AND first_id <= $2 AND last_id >= $1
      """, [.id(first), .id(last)]
    ) { (row: any Row) throws(StoreError) in
      guard row.withBytes(4, { matcher.mayFit($0, .run) }) else { return }
      found.append(
        StoredRun(
          number: try row.integer(0), records: try row.integer(1), firstID: try row.bits(2),
          lastID: try row.bits(3)))
    }
    return found
  }

  /// The blocks of a run that begin at or before `end`, from the last one down.
  func heads(
    run: Int64, through end: RecordPosition, limit: Int64, _ matcher: RecordMatcher
  ) throws(StoreError) -> [BlockHead] {
    var found: [BlockHead] = []
    try connection.run(
      """
      SELECT owner, first_id, last_owner, last_id, part, summary FROM \(blocks)
      WHERE run = $1 AND (owner, first_id) <= ($2, $3)
      ORDER BY owner DESC, first_id DESC LIMIT $4
      """, [.integer(run), .id(end.owner), .id(end.id), .integer(limit)]
    ) { (row: any Row) throws(StoreError) in
      found.append(try Self.head(row, matcher))
    }
    return found
  }

  /// The blocks of a run after `start`, upwards.
  func heads(
    run: Int64, after start: RecordPosition, limit: Int64
  ) throws(StoreError) -> [BlockHead] {
    var found: [BlockHead] = []
    try connection.run(
      """
      SELECT owner, first_id, last_owner, last_id, part, summary FROM \(blocks)
      WHERE run = $1 AND (owner, first_id) > ($2, $3) ORDER BY owner, first_id LIMIT $4
      """, [.integer(run), .id(start.owner), .id(start.id), .integer(limit)]
    ) { (row: any Row) throws(StoreError) in
      found.append(try Self.head(row, nil))
    }
    return found
  }

  private static func head(
    _ row: any Row, _ matcher: RecordMatcher?
  ) throws(StoreError) -> BlockHead {
    BlockHead(
      first: RecordPosition(owner: try row.bits(0), id: try row.bits(1)),
      last: RecordPosition(owner: try row.bits(2), id: try row.bits(3)),
      part: try row.integer(4),
      mayFit: matcher.map { matcher in row.withBytes(5) { matcher.mayFit($0, .block) } } ?? true)
  }
}
