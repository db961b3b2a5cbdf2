// Our own keys, wrapped. Nothing here can open them.
package import KeyModel

package struct KeyringRepository {
  private let transaction: Transaction
  init(_ transaction: Transaction) { self.transaction = transaction }

  private static let columns =
    "id, purpose, account_id, master_key_id, wrapped, created_at, retired_at"

  /// One more than any id ever inserted; begins at 1.
  package func nextID() throws(StoreError) -> Int64 {
    try transaction.number("SELECT keyring FROM feed WHERE id = 1") + 1
  }

  /// `conflict(keyring_id)` where the id is taken.
  package func insert(_ key: WrappedKey) throws(StoreError) {
    try transaction.execute(
      "INSERT INTO keyring (\(Self.columns)) VALUES ($1, $2, $3, $4, $5, $6, $7)",
      [
        .integer(key.id), .text(key.purpose), .id(key.accountID), .text(key.masterKeyID),
        .blob(key.wrapped), .time(key.createdAt), .time(key.retiredAt),
      ])
    try transaction.execute(
      "UPDATE feed SET keyring = $1 WHERE id = 1 AND keyring < $1", [.integer(key.id)])
  }

  package func find(_ id: Int64) throws(StoreError) -> WrappedKey? {
    try transaction.row(
      "SELECT \(Self.columns) FROM keyring WHERE id = $1", [.integer(id)], Self.key)
  }

  /// Not retired ones of one account, or of none, oldest first.
  package func live(
    purpose: String, account: AccountID? = nil
  ) throws(StoreError) -> [WrappedKey] {
    var conditions = Conditions()
    conditions.add("purpose = ?", .text(purpose))
    conditions.add("retired_at IS NULL")
    if let account {
      conditions.add("account_id = ?", .id(account))
    } else {
      conditions.add("account_id IS NULL")
    }
    return try transaction.rows(
      "SELECT \(Self.columns) FROM keyring\(conditions.clause) ORDER BY id",
      conditions.arguments, Self.key)
  }

  /// Every key without an account, retired ones too, oldest first.
  package func house() throws(StoreError) -> [WrappedKey] {
    try transaction.rows(
      "SELECT \(Self.columns) FROM keyring WHERE account_id IS NULL ORDER BY id", [], Self.key)
  }

  /// False where there is none or it is retired already.
  package func retire(_ id: Int64, at: Timestamp) throws(StoreError) -> Bool {
    try transaction.execute(
      "UPDATE keyring SET retired_at = $2 WHERE id = $1 AND retired_at IS NULL",
      [.integer(id), .time(at)]) > 0
  }

  /// False where there was none.
  package func delete(_ id: Int64) throws(StoreError) -> Bool {
    try transaction.execute("DELETE FROM keyring WHERE id = $1", [.integer(id)]) > 0
  }

  /// How many keys each master key wraps, by its id.
  package func countByMasterKey() throws(StoreError) -> [String: Int64] {
    var counts: [String: Int64] = [:]
    try transaction.forEach(
      "SELECT master_key_id, count(*) FROM keyring GROUP BY master_key_id", []
    ) { (row: any Row) throws(StoreError) in counts[try row.text(0)] = try row.integer(1) }
    return counts
  }

  /// The next keys that another master key wraps, by id, after `after`; `limit` at most 200.
  package func list(
    notWrappedBy masterKeyID: String, after: Int64 = 0, limit: Int
  ) throws(StoreError) -> [WrappedKey] {
    try transaction.rows(
      """
      SELECT \(Self.columns) FROM keyring WHERE master_key_id <> $1 AND id > $2
      ORDER BY id LIMIT $3
      """, [.text(masterKeyID), .integer(after), pageLimit(limit)], Self.key)
  }

  /// `stale` where there is no such key.
  package func rewrap(
    _ id: Int64, masterKeyID: String, wrapped: [UInt8]
  ) throws(StoreError) {
    try transaction.executeOne(
      "UPDATE keyring SET master_key_id = $2, wrapped = $3 WHERE id = $1",
      [.integer(id), .text(masterKeyID), .blob(wrapped)])
  }

  private static func key(_ row: any Row) throws(StoreError) -> WrappedKey {
    WrappedKey(
      id: try row.integer(0), purpose: try row.text(1), accountID: try row.optionalID(2),
      masterKeyID: try row.text(3), wrapped: try row.blob(4), createdAt: try row.time(5),
      retiredAt: try row.optionalTime(6))
  }
}
