// Rows of quotas, read in order to change them. Where an engine locks rows, the reading is an
// upsert that changes nothing; where a transaction has the database to itself, it only reads. What
// becomes of a row is KeyModel's to say. A process alone logs its rows first and folds them later.
package import KeyModel

package struct QuotaRepository {
  private let transaction: Transaction
  init(_ transaction: Transaction) { self.transaction = transaction }

  /// The row, nobody else's to change until the end of the transaction; an empty one of `day` where
  /// there was none. Nil where the account is gone.
  package func lock(_ subject: QuotaSubject, day: MeterDay) throws(StoreError) -> QuotaRow? {
    let sql = transaction.capabilities.rowLocks ? Self.lock : Self.look
    return try transaction.rowChanging(
      sql, [.id(subject.id), .id(subject.account), .time(day.start)], Self.row)
  }

  private static let lock = """
    INSERT INTO quotas (subject, account_id, day_start, reserved, told, term)
    SELECT $1, $2, $3, 0, 0, 0 FROM accounts WHERE id = $2
    ON CONFLICT (subject) DO UPDATE SET day_start = quotas.day_start
    RETURNING day_start, reserved, told, term
    """

  private static let look = """
    SELECT COALESCE(day_start, $3), COALESCE(reserved, 0), COALESCE(told, 0),
      COALESCE(term, 0)
    FROM accounts LEFT JOIN quotas ON subject = $1 WHERE accounts.id = $2
    """

  /// - Parameter row: as `lock` gave it, changed.
  package func update(_ subject: QuotaSubject, _ row: QuotaRow) throws(StoreError) {
    try transaction.executeOne(
      """
      INSERT INTO quotas (subject, account_id, day_start, reserved, told, term)
      VALUES ($1, $2, $3, $4, $5, $6)
      ON CONFLICT (subject) DO UPDATE SET
        day_start = excluded.day_start, reserved = excluded.reserved, told = excluded.told,
        term = excluded.term
      """,
      [
        .id(subject.id), .id(subject.account), .time(row.day.start), .integer(row.reserved),
        .integer(row.told), .integer(row.term),
      ])
  }

  /// The same at the end of a log, for a process that nobody shares the quotas with: rows of many
  /// subjects then lie side by side, where `update` changes a page for each. Until `fold` only who
  /// wrote it knows of the row.
  /// - Parameter number: above all that are in the log.
  package func log(_ subject: QuotaSubject, _ row: QuotaRow, number: Int64) throws(StoreError) {
    try transaction.executeOne(
      """
      INSERT INTO quota_log (number, subject, account_id, day_start, reserved, told, term)
      VALUES ($1, $2, $3, $4, $5, $6, $7)
      """,
      [
        .integer(number), .id(subject.id), .id(subject.account), .time(row.day.start),
        .integer(row.reserved), .integer(row.told), .integer(row.term),
      ])
  }

  /// Puts the `count` oldest rows of the log where `lock` and `list` see them. Gives the number of
  /// the newest of them; 0 where the log is empty.
  package func fold(atMost count: Int) throws(StoreError) -> Int64 {
    let mark = try transaction.number(
      "SELECT MAX(number) FROM (SELECT number FROM quota_log ORDER BY number LIMIT $1) AS oldest",
      [.integer(Int64(count))])
    guard mark > 0 else { return 0 }
    try transaction.execute(
      """
      INSERT INTO quotas (subject, account_id, day_start, reserved, told, term)
      SELECT subject, account_id, day_start, reserved, told, term FROM (
        SELECT subject, account_id, day_start, reserved, told, term,
          ROW_NUMBER() OVER (PARTITION BY subject ORDER BY number DESC) AS place
        FROM quota_log WHERE number <= $1) AS noted
      WHERE place = 1 AND EXISTS (SELECT 1 FROM accounts WHERE id = account_id)
      ON CONFLICT (subject) DO UPDATE SET
        day_start = excluded.day_start, reserved = excluded.reserved, told = excluded.told,
        term = excluded.term
      """, [.integer(mark)])
    try transaction.execute("DELETE FROM quota_log WHERE number <= $1", [.integer(mark)])
    return mark
  }

  /// All rows of the account's subjects.
  package func list(of account: AccountID) throws(StoreError) -> [UInt128: QuotaRow] {
    var found: [UInt128: QuotaRow] = [:]
    try transaction.forEach(
      "SELECT day_start, reserved, told, term, subject FROM quotas WHERE account_id = $1",
      [.id(account)]
    ) { (row: any Row) throws(StoreError) in
      found[try row.bits(4)] = try Self.row(row)
    }
    return found
  }

  private static func row(_ row: any Row) throws(StoreError) -> QuotaRow {
    QuotaRow(
      day: MeterDay(start: try row.time(0)), reserved: try row.integer(1),
      told: try row.integer(2), term: try row.integer(3))
  }

  /// At most `count` rows, in the order of their subjects. Rows of the log are not among them.
  /// - Parameter subject: the last one of the page before; 0 at first.
  package func page(
    after subject: UInt128, count: Int
  ) throws(StoreError) -> [(subject: QuotaSubject, row: QuotaRow)] {
    try transaction.rows(
      """
      SELECT day_start, reserved, told, term, subject, account_id FROM quotas
      WHERE subject > $1 ORDER BY subject LIMIT $2
      """, [.id(subject), .integer(Int64(count))]
    ) { (row: any Row) throws(StoreError) in
      let subject = QuotaSubject(
        id: try row.bits(4), account: AccountID(bits: try row.bits(5)))
      return (subject, try Self.row(row))
    }
  }

  // MARK: Terms

  private static let termName = "quota_term"

  /// The term that was begun last.
  package func term() throws(StoreError) -> QuotaTerm {
    guard let text = try transaction.meta.find(Self.termName) else { return .none }
    guard let term = QuotaTerm(text: text) else { throw .corrupt("the quotas' term") }
    return term
  }

  package func set(_ term: QuotaTerm) throws(StoreError) {
    try transaction.meta.set(Self.termName, term.text)
  }
}

extension Store {
  /// Rows of the quotas' log that one transaction folds.
  package static let quotasPerFold = 1_024

  /// Folds all of the quotas' log. Only while nobody writes to it.
  package func foldQuotas() async throws {
    while try await write({ try $0.quotas.fold(atMost: Self.quotasPerFold) }) > 0 {}
  }
}
