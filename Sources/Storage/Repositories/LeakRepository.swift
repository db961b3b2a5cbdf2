// Rows of secrets that were found somewhere: one for each secret and place.
package import KeyModel

package struct LeakRepository {
  private let transaction: Transaction
  init(_ transaction: Transaction) { self.transaction = transaction }

  private static let columns =
    "version_id, url, key_id, project_id, account_id, source, action, reported_by, reported_at, id"

  /// False where the same was reported before: then nothing is changed.
  package func insert(_ leak: Leak) throws(StoreError) -> Bool {
    try transaction.execute(
      """
      INSERT INTO leaks (\(Self.columns)) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
      ON CONFLICT (version_id, url) DO NOTHING
      """,
      [
        .id(leak.versionID), .text(leak.url), .id(leak.keyID), .id(leak.projectID),
        .id(leak.accountID), .text(leak.source), .text(leak.action.rawValue),
        .text(leak.reportedBy), .time(leak.reportedAt), .id(leak.id),
      ]) > 0
  }

  package func find(_ version: VersionID, url: String) throws(StoreError) -> Leak? {
    try transaction.row(
      "SELECT \(Self.columns) FROM leaks WHERE version_id = $1 AND url = $2",
      [.id(version), .text(url)], Self.leak)
  }

  /// Newest first; `before` is exclusive, `limit` at most 200.
  package func list(
    project: ProjectID? = nil, account: AccountID? = nil, before: LeakID? = nil, limit: Int
  ) throws(StoreError) -> [Leak] {
    var conditions = Conditions()
    if let account { conditions.add("account_id = ?", .id(account)) }
    if let project { conditions.add("project_id = ?", .id(project)) }
    let page = conditions.newestFirst(before: before, limit: limit)
    return try transaction.rows(
      "SELECT \(Self.columns) FROM leaks\(page)", conditions.arguments, Self.leak)
  }

  private static func leak(_ row: any Row) throws(StoreError) -> Leak {
    guard let action = Leak.Action(rawValue: try row.text(6)) else {
      throw .corrupt("what was done about a leak")
    }
    return Leak(
      id: try row.id(9), versionID: try row.id(0), url: try row.text(1), keyID: try row.id(2),
      projectID: try row.id(3), accountID: try row.id(4), source: try row.text(5),
      action: action, reportedBy: try row.text(7), reportedAt: try row.time(8))
  }
}
