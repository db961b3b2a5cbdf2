// Rows of quotas. A row is read for changing by an upsert that changes nothing, since that locks it
// on every engine; what becomes of it is KeyModel's to say.
package import KeyModel

package struct QuotaRepository {
  private let transaction: Transaction
  init(_ transaction: Transaction) { self.transaction = transaction }

  /// The row, locked until the end of the transaction; a new one of `day` where there was none. Nil
  /// where the account is gone.
  package func lock(_ subject: QuotaSubject, day: MeterDay) throws(StoreError) -> QuotaRow? {
    try transaction.rowChanging(
      """
      INSERT INTO quotas (subject, account_id, day_start, reserved, told)
      SELECT $1, $2, $3, 0, 0 FROM accounts WHERE id = $2
      ON CONFLICT (subject) DO UPDATE SET day_start = quotas.day_start
      RETURNING day_start, reserved, told
      """, [.id(subject.id), .id(subject.account), .time(day.start)], Self.row)
  }

  /// - Parameter row: as `lock` gave it, changed.
  package func update(_ subject: QuotaSubject, _ row: QuotaRow) throws(StoreError) {
    try transaction.executeOne(
      "UPDATE quotas SET day_start = $2, reserved = $3, told = $4 WHERE subject = $1",
      [.id(subject.id), .time(row.day.start), .integer(row.reserved), .integer(row.told)])
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
