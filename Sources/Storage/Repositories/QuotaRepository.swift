// Rows of quotas, read in order to change them. Where an engine locks rows, the reading is an
// upsert that changes nothing; where a transaction has the database to itself, it only reads. What
// becomes of a row is KeyModel's to say.
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
    INSERT INTO quotas (subject, account_id, day_start, reserved, told)
    SELECT $1, $2, $3, 0, 0 FROM accounts WHERE id = $2
    ON CONFLICT (subject) DO UPDATE SET day_start = quotas.day_start
    RETURNING day_start, reserved, told
    """

  private static let look = """
    SELECT COALESCE(day_start, $3), COALESCE(reserved, 0), COALESCE(told, 0)
    FROM accounts LEFT JOIN quotas ON subject = $1 WHERE accounts.id = $2
    """

  /// - Parameter row: as `lock` gave it, changed.
  package func update(_ subject: QuotaSubject, _ row: QuotaRow) throws(StoreError) {
    try transaction.executeOne(
      """
      INSERT INTO quotas (subject, account_id, day_start, reserved, told)
      VALUES ($1, $2, $3, $4, $5)
      ON CONFLICT (subject) DO UPDATE SET
        day_start = excluded.day_start, reserved = excluded.reserved, told = excluded.told
      """,
      [
        .id(subject.id), .id(subject.account), .time(row.day.start), .integer(row.reserved),
        .integer(row.told),
      ])
  }

  /// All rows of the account's subjects.
  package func list(of account: AccountID) throws(StoreError) -> [UInt128: QuotaRow] {
    var found: [UInt128: QuotaRow] = [:]
    try transaction.forEach(
      "SELECT day_start, reserved, told, subject FROM quotas WHERE account_id = $1",
      [.id(account)]
    ) { (row: any Row) throws(StoreError) in
      found[try row.bits(3)] = try Self.row(row)
    }
    return found
  }

  private static func row(_ row: any Row) throws(StoreError) -> QuotaRow {
    QuotaRow(
      day: MeterDay(start: try row.time(0)), reserved: try row.integer(1),
      told: try row.integer(2))
  }
}
