// What the rest of Storage needs of an engine. SQL is the same for all; what differs is declared in
// `Dialect`, never found out by the engine's name.
internal import KeyModel

enum TransactionKind {
  case read
  /// Holds the one write lock of the database from its start, so that writes of all processes are
  /// in one order and limits counted inside hold until the commit.
  case write
  /// As `write`, before the tables are there.
  case migrate
  /// For the request log: beside the writes of other processes. What is not durable outlives the
  /// process; a machine that loses power may lose its last second.
  case log(durable: Bool)
  /// Changes rows that no other kind of transaction changes, and locks no more than those, where
  /// the engine can; beside writes of other processes and of this one.
  case rows
}

/// Names and clauses of table definitions that the engines spell differently.
struct Dialect: Sendable {
  var integer: String
  var text: String
  var blob: String
  /// After the columns of a table: strict typing where it has to be asked for.
  var table: String
  /// The same for a table whose rows are kept in the order of its primary key.
  var clusteredTable: String
  var capabilities: StoreCapabilities
}

/// One connection, used by one thread at a time. Any error but those of `commit` leaves it in the
/// transaction, which must then be rolled back, wholly or to the savepoint.
protocol Connection: AnyObject {
  var dialect: Dialect { get }
  /// False once the peer is lost: the connection is to be replaced.
  var isUsable: Bool { get }
  func begin(_ kind: TransactionKind) throws(StoreError)
  func commit() throws(StoreError)
  /// Never fails: what cannot be rolled back is gone with its connection.
  func rollback()
  func savepoint() throws(StoreError)
  func release() throws(StoreError)
  func rollbackToSavepoint() throws(StoreError)
  /// Runs one statement (`$1` … are `arguments`) and calls `row` for each row. Gives the number of
  /// rows changed.
  @discardableResult
  func run(
    _ sql: String, _ arguments: [SQLValue], _ row: (any Row) throws(StoreError) -> Void
  ) throws(StoreError) -> Int
  /// The same, pulled row by row; for results too large to hold. Only inside a transaction.
  func cursor(_ sql: String, _ arguments: [SQLValue]) throws(StoreError) -> any Cursor
  /// Statements without arguments or rows, for migrations.
  func script(_ sql: String) throws(StoreError)
  /// Gives back memory that only saves it work, where that is much; false where it is not.
  func trim() -> Bool
  func close()
}

extension Connection {
  /// Commits what `body` did, or rolls all of it back.
  func inTransaction<R>(
    _ kind: TransactionKind, _ body: () throws(StoreError) -> R
  ) throws(StoreError) -> R {
    try begin(kind)
    do {
      let result = try body()
      try commit()
      return result
    } catch {
      rollback()
      throw error
    }
  }

  @discardableResult
  func run(_ sql: String, _ arguments: [SQLValue] = []) throws(StoreError) -> Int {
    try run(sql, arguments) { (_: any Row) throws(StoreError) in }
  }
}

protocol Cursor: AnyObject {
  /// The row is valid until the next call; nil after the last one.
  func next() throws(StoreError) -> (any Row)?
}

/// The row a statement stands on; columns count from 0.
protocol Row: AnyObject {
  var columnCount: Int { get }
  func columnName(_ column: Int) -> String
  func isNull(_ column: Int) -> Bool
  func integer(_ column: Int) throws(StoreError) -> Int64
  func text(_ column: Int) throws(StoreError) -> String
  func blob(_ column: Int) throws(StoreError) -> [UInt8]
  func bits(_ column: Int) throws(StoreError) -> UInt128
  func lookup(_ column: Int) throws(StoreError) -> Lookup
  /// True where the text is `other`; makes no String.
  func isText(_ column: Int, _ other: String) -> Bool
  /// Shows a blob in place.
  func withBytes<R>(_ column: Int, _ body: (UnsafeRawBufferPointer) -> R) -> R
  func value(_ column: Int) throws(StoreError) -> SQLValue
}
