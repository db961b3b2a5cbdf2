// Rows of operator keys, by look-up value only. Must not see a token.
package import KeyModel

package struct OperatorKeyRepository {
  private let transaction: Transaction
  init(_ transaction: Transaction) { self.transaction = transaction }

  private static let columns =
    "id, name, lookup, pepper_id, hint, scopes, project_id, created_at, revoked_at"

  package func insert(_ key: OperatorKey) throws(StoreError) {
    try transaction.execute(
      """
      INSERT INTO operator_keys (\(Self.columns)) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
      """,
      [
        .id(key.id), .text(key.name), .lookup(key.lookup), .integer(key.pepperID),
        .text(key.hint), JSONColumn.text(key.scopes), .id(key.projectID), .time(key.createdAt),
        .time(key.revokedAt),
      ])
  }

  package func find(_ id: OperatorKeyID) throws(StoreError) -> OperatorKey? {
    try transaction.row(
      "SELECT \(Self.columns) FROM operator_keys WHERE id = $1", [.id(id)], Self.key)
  }

  package func find(lookup: Lookup) throws(StoreError) -> OperatorKey? {
    try transaction.row(
      "SELECT \(Self.columns) FROM operator_keys WHERE lookup = $1", [.lookup(lookup)], Self.key)
  }

  /// Newest first; `before` is exclusive, `limit` at most 200.
  package func list(
    before: OperatorKeyID? = nil, limit: Int
  ) throws(StoreError) -> [OperatorKey] {
    var conditions = Conditions()
    let page = conditions.newestFirst(before: before, limit: limit)
    return try transaction.rows(
      "SELECT \(Self.columns) FROM operator_keys\(page)",
      conditions.arguments, Self.key)
  }

  /// Every operator key, revoked ones too, oldest first.
  package func all() throws(StoreError) -> [OperatorKey] {
    try transaction.rows("SELECT \(Self.columns) FROM operator_keys ORDER BY id", [], Self.key)
  }

  /// False where there is none or it is revoked already.
  package func revoke(_ id: OperatorKeyID, at: Timestamp) throws(StoreError) -> Bool {
    try transaction.execute(
      "UPDATE operator_keys SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL",
      [.id(id), .time(at)]) > 0
  }

  private static func key(_ row: any Row) throws(StoreError) -> OperatorKey {
    OperatorKey(
      id: try row.id(0), name: try row.text(1), lookup: try row.lookup(2),
      pepperID: try row.integer(3), hint: try row.text(4), scopes: try row.strings(5),
      projectID: try row.optionalID(6), createdAt: try row.time(7),
      revokedAt: try row.optionalTime(8))
  }
}
