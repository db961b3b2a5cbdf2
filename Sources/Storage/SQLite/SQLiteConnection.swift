// One connection to SQLite: the only owner of its handle. Debian 12's SQLite can corrupt a database
// when two connections write or checkpoint at once (the WAL-reset bug), so the writer alone may do
// either: a reader must never be opened as a writer.
import CSQLite
import Glibc

final class SQLiteConnection: Connection {
  enum Role { case writer, reader }
  /// Records are written in large pieces, and a machine that loses power may lose the last of them.
  enum Contents { case store, records }

  let dialect: Dialect
  let role: Role
  private let contents: Contents
  private var syncsCommits = false
  private var handle: OpaquePointer?
  private var statements: [StatementText: SQLiteStatement] = [:]
  var isUsable: Bool { handle != nil }

  /// Connections on a file run beside each other; memory has one for everything.
  init(path: String?, role: Role, contents: Contents = .store) throws(StoreError) {
    self.role = role
    self.contents = contents
    dialect = .sqlite(concurrentReads: path != nil)
    _ = Self.library
    if let path, role == .writer { try Self.prepareFile(path) }
    // No mutex: each connection is used by one thread.
    let flags =
      SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE
      // A reader that comes too late must not make a file anew.
      | (role == .writer ? SQLITE_OPEN_CREATE : 0)
    var made: OpaquePointer?
    guard sqlite3_open_v2(path ?? ":memory:", &made, flags, nil) == SQLITE_OK, let made else {
      // SQLite gives a handle even when opening failed, for its message.
      defer { sqlite3_close_v2(made) }
      throw StoreError(sqlite: made, sql: "open")
    }
    handle = made
    do {
      try configure(made)
    } catch {
      close()
      throw error
    }
  }

  deinit { close() }

  /// Set up once, before the first connection of the process; what cannot be set stays as it is.
  private static let library: Int32 = latchkey_sqlite_uncounted_memory()

  /// SQLite would make the file readable to others, and would open one it cannot write as
  /// read-only.
  private static func prepareFile(_ path: String) throws(StoreError) {
    let file = FolderFile.open(path, O_RDWR)
    guard file >= 0 else {
      let code = errno
      throw .failedOpen(code, "cannot open the database file: \(String(cString: strerror(code)))")
    }
    Glibc.close(file)
  }

  private func configure(_ handle: OpaquePointer) throws(StoreError) {
    sqlite3_busy_timeout(handle, 5_000)
    guard sqlite3_db_readonly(handle, "main") == 0 else { throw .readOnly }
    guard latchkey_sqlite_defensive(handle) == SQLITE_OK else {
      throw StoreError(sqlite: handle, sql: "defensive")
    }
    switch role {
    case .writer: try configureWriter()
    case .reader:
      guard latchkey_sqlite_no_checkpoint_on_close(handle) == SQLITE_OK else {
        throw StoreError(sqlite: handle, sql: "no checkpoint on close")
      }
      // The system's own cache stands behind it; each day of records has a connection of its own.
      let cache = contents == .records ? 1_024 : 4_096
      try script("PRAGMA wal_autocheckpoint = 0; PRAGMA query_only = ON")
      try script("PRAGMA cache_size = -\(cache)")
    }
    try script("PRAGMA temp_store = MEMORY")
  }

  private func configureWriter() throws(StoreError) {
    switch contents {
    case .store:
      // What an import of a million keys writes to again and again has room; see `trim`.
      try script("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -65536")
      try script("PRAGMA foreign_keys = ON; PRAGMA wal_autocheckpoint = 4000")
    case .records:
      try script("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL")
      try script("PRAGMA cache_size = -8192")
    }
  }

  func begin(_ kind: TransactionKind) throws(StoreError) {
    switch kind {
    case .read: try run("BEGIN")
    case .write, .rows, .migrate: try run("BEGIN IMMEDIATE")
    case .log(let durable):
      if contents == .records, durable != syncsCommits {
        try script("PRAGMA synchronous = \(durable ? "FULL" : "NORMAL")")
        syncsCommits = durable
      }
      try run("BEGIN IMMEDIATE")
    }
  }

  func commit() throws(StoreError) {
    do {
      try run("COMMIT")
    } catch {
      // The frames may be in the log though the sync failed.
      if case .unavailable = error { throw .outcomeUnknown }
      throw error
    }
  }

  func rollback() {
    guard let handle, sqlite3_get_autocommit(handle) == 0 else { return }
    do {
      try run("ROLLBACK")
    } catch {
      close()
    }
  }

  func savepoint() throws(StoreError) { try run("SAVEPOINT job") }
  func release() throws(StoreError) { try run("RELEASE job") }
  func rollbackToSavepoint() throws(StoreError) {
    try run("ROLLBACK TO job")
    try run("RELEASE job")
  }

  @discardableResult
  func run(
    _ sql: String, _ arguments: [SQLValue], _ row: (any Row) throws(StoreError) -> Void
  ) throws(StoreError) -> Int {
    let statement = try prepared(sql)
    statement.isInUse = true
    defer { statement.reset() }
    try statement.bind(arguments)
    while try statement.step() { try row(statement) }
    return Int(sqlite3_changes64(handle))
  }

  private func prepared(_ sql: String) throws(StoreError) -> SQLiteStatement {
    guard let handle else { throw .closed }
    let text = StatementText(sql)
    if let cached = statements[text], !cached.isInUse { return cached }
    let made = try SQLiteStatement(handle, sql, persistent: true)
    statements[text] = made
    return made
  }

  func cursor(_ sql: String, _ arguments: [SQLValue]) throws(StoreError) -> any Cursor {
    guard let handle else { throw .closed }
    let statement = try SQLiteStatement(handle, sql, persistent: false)
    try statement.bind(arguments)
    return SQLiteCursor(statement)
  }

  func script(_ sql: String) throws(StoreError) {
    guard let handle else { throw .closed }
    guard sqlite3_exec(handle, sql, nil, nil, nil) == SQLITE_OK else {
      throw StoreError(sqlite: handle, sql: sql)
    }
  }

  func trim() -> Bool {
    var (used, greatest): (Int32, Int32) = (0, 0)
    guard let handle,
      sqlite3_db_status(handle, SQLITE_DBSTATUS_CACHE_USED, &used, &greatest, 0) == SQLITE_OK,
      used > Self.usualCache
    else { return false }
    sqlite3_db_release_memory(handle)
    return true
  }

  /// Bytes that are worth keeping.
  private static let usualCache: Int32 = 16 << 20

  /// Brings the log's content into the file, as far as readers let it. The writer's alone.
  func checkpoint() {
    guard let handle, role == .writer else { return }
    // What could not be moved stays in the log, where it is found as well.
    _ = sqlite3_wal_checkpoint_v2(handle, nil, SQLITE_CHECKPOINT_TRUNCATE, nil, nil)
  }

  /// The last connection's close also checkpoints: readers go first, and are told not to.
  func close() {
    statements.removeAll()
    sqlite3_close_v2(handle)
    handle = nil
  }
}

extension Dialect {
  static func sqlite(concurrentReads: Bool) -> Dialect {
    Dialect(
      integer: "INTEGER", text: "TEXT", blob: "BLOB", table: "STRICT",
      clusteredTable: "STRICT, WITHOUT ROWID",
      capabilities: StoreCapabilities(
        concurrentReads: concurrentReads, sharedAmongProcesses: false, rowLocks: false,
        statementsTravel: false))
  }
}
