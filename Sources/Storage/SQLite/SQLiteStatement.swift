// One prepared statement of SQLite: the only owner of its handle, and of the memory in which its
// arguments stand. No pointer into a row leaves this file.
import CSQLite
internal import KeyModel

final class SQLiteStatement: Row {
  private let handle: OpaquePointer
  private let database: OpaquePointer
  let sql: String
  /// SQLite numbers `$n` by appearance: the index of each by its own number.
  private let positions: [Int32]
  /// The bytes of texts and blobs one behind the other. SQLite is told that they stay where they
  /// are: it would allocate memory for each of them.
  private var bytes = UnsafeMutableRawBufferPointer(start: nil, count: 0)
  /// Somebody stands on a row of it.
  var isInUse = false

  init(_ database: OpaquePointer, _ sql: String, persistent: Bool) throws(StoreError) {
    var made: OpaquePointer?
    let flags = persistent ? UInt32(SQLITE_PREPARE_PERSISTENT) : 0
    let code = sqlite3_prepare_v3(database, sql, -1, flags, &made, nil)
    guard code == SQLITE_OK, let made else { throw StoreError(sqlite: database, sql: sql) }
    handle = made
    self.database = database
    self.sql = sql
    let count = sqlite3_bind_parameter_count(made)
    positions = (0..<max(0, count)).map { sqlite3_bind_parameter_index(made, "$\($0 + 1)") }
  }

  deinit {
    sqlite3_finalize(handle)
    bytes.deallocate()
  }

  /// What was bound before is not in use any more: the statement is new, or was reset.
  func bind(_ arguments: [SQLValue]) throws(StoreError) {
    precondition(arguments.count >= positions.count, "too few arguments")
    makeRoom(for: arguments)
    var room = UnsafeMutableRawBufferPointer(rebasing: bytes[...])
    for at in positions.indices where positions[at] > 0 {
      let code = bind(arguments[at], at: positions[at], &room)
      guard code == SQLITE_OK else { throw StoreError(sqlite: database, sql: sql) }
    }
  }

  private func makeRoom(for arguments: [SQLValue]) {
    // One more, so that also what has no bytes has an address: a null pointer would bind NULL.
    let needed = arguments.reduce(1) { $0 + $1.byteCount }
    guard needed > bytes.count else { return }
    bytes.deallocate()
    bytes = .allocate(byteCount: needed * 2, alignment: 1)
  }

  /// - Parameter room: where the value's bytes are put; the rest of it is left.
  @inline(__always)
  private func bind(
    _ value: SQLValue, at position: Int32, _ room: inout UnsafeMutableRawBufferPointer
  ) -> Int32 {
    switch value {
    case .null: return sqlite3_bind_null(handle, position)
    case .integer(let integer): return sqlite3_bind_int64(handle, position, integer)
    case .text, .blob, .id, .lookup: break
    }
    let place = room.baseAddress
    let count = value.withBytes { bytes in
      room.copyMemory(from: bytes)
      return bytes.count
    }
    room = UnsafeMutableRawBufferPointer(rebasing: room[count...])
    if case .text = value {
      return sqlite3_bind_text(
        handle, position, place?.assumingMemoryBound(to: CChar.self), Int32(count), nil)
    }
    return sqlite3_bind_blob(handle, position, place, Int32(count), nil)
  }

  /// True while there is a row.
  func step() throws(StoreError) -> Bool {
    let code = sqlite3_step(handle)
    if code == SQLITE_ROW { return true }
    guard code == SQLITE_DONE else { throw StoreError(sqlite: database, sql: sql) }
    return false
  }

  /// Ready to be used again: whoever does binds every argument anew. The code of `reset` repeats
  /// that of `step`, which was read there.
  func reset() {
    sqlite3_reset(handle)
    isInUse = false
  }

  var columnCount: Int { Int(sqlite3_column_count(handle)) }

  func columnName(_ column: Int) -> String {
    sqlite3_column_name(handle, Int32(column)).map { String(cString: $0) } ?? ""
  }

  func isNull(_ column: Int) -> Bool {
    sqlite3_column_type(handle, Int32(column)) == SQLITE_NULL
  }

  func integer(_ column: Int) throws(StoreError) -> Int64 {
    sqlite3_column_int64(handle, Int32(column))
  }

  func text(_ column: Int) throws(StoreError) -> String {
    String(decoding: textBytes(column), as: UTF8.self)
  }

  func isText(_ column: Int, _ other: String) -> Bool {
    StoredBytes.equal(textBytes(column), other)
  }

  func blob(_ column: Int) throws(StoreError) -> [UInt8] { Array(blobBytes(column)) }

  func withBytes<R>(_ column: Int, _ body: (UnsafeRawBufferPointer) -> R) -> R {
    body(blobBytes(column))
  }

  func bits(_ column: Int) throws(StoreError) -> UInt128 {
    try StoredBytes.bits(blobBytes(column))
  }

  func lookup(_ column: Int) throws(StoreError) -> Lookup {
    try StoredBytes.lookup(blobBytes(column))
  }

  func value(_ column: Int) throws(StoreError) -> SQLValue {
    switch sqlite3_column_type(handle, Int32(column)) {
    case SQLITE_NULL: .null
    case SQLITE_INTEGER: .integer(try integer(column))
    case SQLITE_TEXT: .text(try text(column))
    default: .blob(try blob(column))
    }
  }

  private func textBytes(_ column: Int) -> UnsafeRawBufferPointer {
    let start = sqlite3_column_text(handle, Int32(column))
    let count = sqlite3_column_bytes(handle, Int32(column))
    return UnsafeRawBufferPointer(start: start, count: start == nil ? 0 : Int(count))
  }

  private func blobBytes(_ column: Int) -> UnsafeRawBufferPointer {
    let start = sqlite3_column_blob(handle, Int32(column))
    let count = sqlite3_column_bytes(handle, Int32(column))
    return UnsafeRawBufferPointer(start: start, count: start == nil ? 0 : Int(count))
  }
}

/// A statement of its own, outside the cache, that stays on its row between calls.
final class SQLiteCursor: Cursor {
  private let statement: SQLiteStatement

  /// A step after the last would begin anew.
  private var isOver = false

  init(_ statement: SQLiteStatement) { self.statement = statement }

  func next() throws(StoreError) -> (any Row)? {
    if isOver { return nil }
    isOver = try !statement.step()
    return isOver ? nil : statement
  }
}
