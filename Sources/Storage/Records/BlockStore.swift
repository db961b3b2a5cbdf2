// Where the bytes of a day's blocks lie: in a table beside the index, or in a file of their own.
internal import KeyModel

/// The blocks of one day. Used by one thread at a time, in the index's transactions.
protocol BlockStore: AnyObject {
  /// Stores a block's bytes. Gives what the index keeps as the block's part.
  func put(_ block: RecordBlock, run: Int64) throws(StoreError) -> Int64
  /// Other bytes instead of a part's. Gives the part that they are now.
  func replace(run: Int64, part: Int64, with bytes: [UInt8]) throws(StoreError) -> Int64
  /// Shows a part's bytes, as many as there are; false where there are none.
  func show(
    run: Int64, part: Int64, _ body: (UnsafeRawBufferPointer) -> Void
  ) throws(StoreError) -> Bool
  /// To be called before the commit of a durable transaction: what was put lasts as that does.
  func sync() throws(StoreError)
  /// The index has these parts no more, one or all of the run; that it lost them must be durable
  /// already, or become so with this transaction.
  func release(run: Int64, parts: [Int64]) throws(StoreError)
  /// Between transactions: gives back room that was released and that nobody may still read. False
  /// where there is none.
  func reclaim() -> Bool
  /// Some room was released and not given back yet.
  var owesRoom: Bool { get }
  /// A new writer has come: `parts` are all that the index has.
  func adopt(_ parts: () throws(StoreError) -> [Int64]) throws(StoreError)
}

/// A table beside the index: a snapshot of the database holds both. Parts are numbers from 0 within
/// their run.
final class TableBlocks: BlockStore {
  private let connection: any Connection
  private let table: String

  init(_ connection: any Connection, day: Int64) {
    self.connection = connection
    table = Self.table(day)
  }

  static func table(_ day: Int64) -> String { "record_data_\(day)" }

  func create() throws(StoreError) {
    let types = connection.dialect
    try connection.run(
      """
      CREATE TABLE IF NOT EXISTS \(table) (
        place \(types.integer) NOT NULL, data \(types.blob) NOT NULL, PRIMARY KEY (place)) \
      \(types.table)
      """)
  }

  func put(_ block: RecordBlock, run: Int64) throws(StoreError) -> Int64 {
    try connection.run(
      "INSERT INTO \(table) (place, data) VALUES ($1, $2)",
      [Self.place(run, block.part), .blob(block.data)])
    return block.part
  }

  func replace(run: Int64, part: Int64, with bytes: [UInt8]) throws(StoreError) -> Int64 {
    try connection.run(
      "UPDATE \(table) SET data = $2 WHERE place = $1", [Self.place(run, part), .blob(bytes)])
    return part
  }

  func show(
    run: Int64, part: Int64, _ body: (UnsafeRawBufferPointer) -> Void
  ) throws(StoreError) -> Bool {
    var isThere = false
    try connection.run("SELECT data FROM \(table) WHERE place = $1", [Self.place(run, part)]) {
      (row: any Row) throws(StoreError) in
      isThere = true
      row.withBytes(0, body)
    }
    return isThere
  }

  func sync() {}

  func release(run: Int64, parts: [Int64]) throws(StoreError) {
    guard let first = parts.min(), let last = parts.max() else { return }
    try connection.run(
      "DELETE FROM \(table) WHERE place BETWEEN $1 AND $2",
      [Self.place(run, first), Self.place(run, last)])
  }

  func reclaim() -> Bool { false }
  var owesRoom: Bool { false }
  func adopt(_ parts: () throws(StoreError) -> [Int64]) {}

  /// A run has fewer than a million blocks.
  private static func place(_ run: Int64, _ part: Int64) -> SQLValue { .integer(run << 20 | part) }
}
