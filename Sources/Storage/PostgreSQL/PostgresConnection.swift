// One connection to PostgreSQL over libpq: the only owner of its handle. Statements are prepared
// once per connection; parameters and results are binary.
import CPostgreSQL

final class PostgresConnection: Connection {
  let dialect = Dialect.postgres
  private var handle: OpaquePointer?
  private let url: String
  private let patience: Int32
  private var names: [StatementText: String] = [:]
  private var cursorCount = 0
  /// A finished savepoint that is still open on the server: closed together with the next command.
  private var pendingRelease = false
  var isUsable: Bool { handle != nil && PQstatus(handle) == CONNECTION_OK }

  /// - Parameter patience: milliseconds for which the server may be silent before it is asked
  ///   whether it is there at all.
  init(url: String, patience: Int32 = 10_000) throws(StoreError) {
    guard Self.isWellFormed(url) else { throw .malformedURL }
    self.url = url
    self.patience = patience
    handle = PostgresExchange.connect(url)
    guard PQstatus(handle) == CONNECTION_OK else {
      // Says host, port and database; libpq never prints the password.
      let message = PQerrorMessage(handle).map { String(cString: $0) } ?? "no memory"
      close()
      throw .unavailable(message.split(separator: "\n").joined(separator: " "))
    }
    // Notices would go to standard error.
    PQsetNoticeProcessor(handle, { _, _ in }, nil)
    PQsetnonblocking(handle, 1)
    do {
      try configure()
    } catch {
      close()
      throw error
    }
  }

  deinit { close() }

  /// libpq's own words about a URL that it cannot read quote a part of it, perhaps the password.
  private static func isWellFormed(_ url: String) -> Bool {
    guard let options = PQconninfoParse(url, nil) else { return false }
    PQconninfoFree(options)
    return true
  }

  /// Whether the server answers and refuses: the user, the password or the database's name. libpq
  /// tells the code of a refusal only where it was asked for codes before, hence a second attempt.
  static func isDenied(_ url: String) -> Bool {
    guard let handle = PostgresExchange.begin(url) else { return false }
    defer { PQfinish(handle) }
    PQsetErrorVerbosity(handle, PQERRORS_SQLSTATE)
    PQreset(handle)
    guard PQstatus(handle) != CONNECTION_OK, let text = PQerrorMessage(handle) else { return false }
    // A line for each host that was tried, with the code at its end.
    let codes = String(cString: text).split(separator: "\n").compactMap {
      $0.split(separator: " ").last
    }
    // 42501: the database is there, and not for this user.
    return codes.contains { $0.count == 5 && $0.hasPrefix("28") || $0 == "3D000" || $0 == "42501" }
  }

  private func configure() throws(StoreError) {
    try script(
      """
      SET synchronous_commit = on; SET client_encoding = 'UTF8'; SET lock_timeout = '10s';
      SET idle_in_transaction_session_timeout = '60s'; SET standard_conforming_strings = on
      """)
  }

  func begin(_ kind: TransactionKind) throws(StoreError) {
    pendingRelease = false
    switch kind {
    case .read: try script("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    // Read committed behind one lock: each statement sees all that earlier writers committed.
    case .write: try script("BEGIN; SELECT position FROM feed WHERE id = 1 FOR UPDATE")
    // The feed's row is not there before the first migration.
    case .migrate: try script("BEGIN; SELECT pg_advisory_xact_lock(\(Self.migrationLock))")
    case .rows, .log(durable: true): try script("BEGIN")
    case .log(durable: false): try script("BEGIN; SET LOCAL synchronous_commit = off")
    }
  }

  /// Any number of our own.
  private static let migrationLock = 7_103_829

  func commit() throws(StoreError) {
    pendingRelease = false
    guard isUsable else { throw .unavailable("the connection to PostgreSQL was lost") }
    let made = exchange { PQsendQuery($0, "COMMIT") }
    guard isUsable, let made else {
      PQclear(made)
      throw .outcomeUnknown
    }
    let result = PostgresResult(made)
    guard result.status == PGRES_COMMAND_OK else { throw failure(result, "COMMIT") }
    // A transaction that had failed is rolled back by COMMIT, without an error.
    guard result.commandTag == "COMMIT" else {
      throw .statement(sql: "COMMIT", message: "the transaction had failed")
    }
  }

  func rollback() {
    pendingRelease = false
    guard isUsable, PQtransactionStatus(handle) != PQTRANS_IDLE else { return }
    do {
      try script("ROLLBACK")
    } catch {
      close()
    }
  }

  func savepoint() throws(StoreError) {
    try script(pendingRelease ? "RELEASE job; SAVEPOINT job" : "SAVEPOINT job")
    pendingRelease = false
  }

  func release() throws(StoreError) { pendingRelease = true }

  func rollbackToSavepoint() throws(StoreError) {
    try script("ROLLBACK TO job")
    pendingRelease = true
  }

  @discardableResult
  func run(
    _ sql: String, _ arguments: [SQLValue], _ row: (any Row) throws(StoreError) -> Void
  ) throws(StoreError) -> Int {
    let name = try prepared(sql)
    let parameters = PostgresParameters(arguments)
    let result = try check(sql) {
      link in parameters.with { PQsendQueryPrepared(link, name, $0, $1, $2, $3, 1) }
    }
    for index in 0..<result.rowCount {
      result.row = index
      try row(result)
    }
    return result.changed
  }

  private func prepared(_ sql: String) throws(StoreError) -> String {
    let text = StatementText(sql)
    if let name = names[text] { return name }
    let name = "s\(names.count)"
    // Types are inferred: a column's for what is compared with it or stored in it.
    _ = try check(sql) { PQsendPrepare($0, name, sql, 0, nil) }
    names[text] = name
    return name
  }

  func cursor(_ sql: String, _ arguments: [SQLValue]) throws(StoreError) -> any Cursor {
    cursorCount += 1
    let name = "c\(cursorCount)"
    let declare = "DECLARE \(name) NO SCROLL CURSOR FOR \(sql)"
    let parameters = PostgresParameters(arguments)
    _ = try check(declare) {
      link in parameters.with { PQsendQueryParams(link, declare, $0, nil, $1, $2, $3, 1) }
    }
    return PostgresCursor(self, name: name)
  }

  func fetch(_ sql: String) throws(StoreError) -> PostgresResult {
    try check(sql) { PQsendQueryParams($0, sql, 0, nil, nil, nil, nil, 1) }
  }

  func script(_ sql: String) throws(StoreError) {
    _ = try check(sql) { PQsendQuery($0, sql) }
  }

  /// Sends one command and takes over its result.
  private func check(
    _ sql: String, _ send: (OpaquePointer) -> Int32
  ) throws(StoreError) -> PostgresResult {
    guard isUsable, let made = exchange(send) else {
      throw .unavailable("the connection to PostgreSQL was lost")
    }
    let result = PostgresResult(made)
    switch result.status {
    case PGRES_COMMAND_OK, PGRES_TUPLES_OK: return result
    default: throw failure(result, sql)
    }
  }

  /// Nil where the connection was lost, or the server fell silent: it is closed then.
  private func exchange(_ send: (OpaquePointer) -> Int32) -> OpaquePointer? {
    guard let handle else { return nil }
    let exchange = PostgresExchange(handle: handle, url: url, patience: patience)
    let result = exchange.result { send(handle) }
    if result == nil { close() }
    return result
  }

  private func failure(_ result: PostgresResult, _ sql: String) -> StoreError {
    StoreError(postgres: result.handle, isConnected: isUsable, sql: sql)
  }

  func trim() -> Bool { false }

  func close() {
    PQfinish(handle)
    handle = nil
  }
}

extension PostgresConnection: SharedConnection {
  func claim(_ number: Int64) throws(StoreError) -> Bool {
    var isOurs: Int64 = 0
    try run("SELECT pg_try_advisory_lock($1)::int", [.integer(number)]) {
      (row: any Row) throws(StoreError) in isOurs = try row.integer(0)
    }
    return isOurs == 1
  }

  func bytes(ofTable name: String) throws(StoreError) -> Int64 {
    var bytes: Int64 = 0
    try run("SELECT COALESCE(pg_total_relation_size(to_regclass($1)), 0)", [.text(name)]) {
      (row: any Row) throws(StoreError) in bytes = try row.integer(0)
    }
    return bytes
  }
}

extension Dialect {
  static let postgres = Dialect(
    integer: "BIGINT", text: "TEXT", blob: "BYTEA", table: "", clusteredTable: "",
    capabilities: StoreCapabilities(
      concurrentReads: true, sharedAmongProcesses: true, rowLocks: true,
      statementsTravel: true))
}
