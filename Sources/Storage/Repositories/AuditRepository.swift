// The audit chain: appended to and read, never changed. Hashing is the caller's.
package import KeyModel

package struct AuditFilter: Sendable, Hashable {
  package var project: ProjectID?
  package var account: AccountID?
  /// Inclusive.
  package var from: Timestamp?
  /// Exclusive.
  package var to: Timestamp?
  package init(
    project: ProjectID? = nil, account: AccountID? = nil, from: Timestamp? = nil,
    to: Timestamp? = nil
  ) {
    self.project = project
    self.account = account
    self.from = from
    self.to = to
  }

  fileprivate var conditions: Conditions {
    var conditions = Conditions()
    if let project { conditions.add("project_id = ?", .id(project)) }
    if let account { conditions.add("account_id = ?", .id(account)) }
    if let from { conditions.add("at >= ?", .time(from)) }
    if let to { conditions.add("at < ?", .time(to)) }
    return conditions
  }
}

package struct AuditRepository {
  private let transaction: Transaction
  init(_ transaction: Transaction) { self.transaction = transaction }

  private static let columns = """
    sequence, id, at, actor, action, project_id, account_id, subject, detail, previous_hash, hash
    """
  private static let insertion = """
    INSERT INTO audit (\(columns)) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
    """

  /// `conflict(audit_sequence)` where the number is taken.
  package func append(_ entry: AuditEntry) throws(StoreError) {
    try transaction.execute(
      Self.insertion,
      [
        .integer(entry.sequence), .id(entry.id), .time(entry.at), .text(entry.actor),
        .text(entry.action), .id(entry.projectID), .id(entry.accountID), .text(entry.subject),
        .text(entry.detail), .blob(entry.previousHash), .blob(entry.hash),
      ])
  }

  package func last() throws(StoreError) -> AuditEntry? {
    try transaction.row(
      "SELECT \(Self.columns) FROM audit ORDER BY sequence DESC LIMIT 1", [], Self.entry)
  }

  /// Number and hash of the newest entry: what the next one follows.
  package func tip() throws(StoreError) -> (sequence: Int64, hash: [UInt8])? {
    try transaction.row("SELECT sequence, hash FROM audit ORDER BY sequence DESC LIMIT 1", []) {
      (row: any Row) throws(StoreError) in (try row.integer(0), try row.blob(1))
    }
  }

  /// Newest first; `before` is a sequence number (exclusive), `limit` at most 200.
  package func list(
    _ filter: AuditFilter, before: Int64? = nil, limit: Int
  ) throws(StoreError) -> [AuditEntry] {
    var conditions = filter.conditions
    if let before { conditions.add("sequence < ?", .integer(before)) }
    let clause = conditions.clause
    let limit = conditions.argument(pageLimit(limit))
    return try transaction.rows(
      "SELECT \(Self.columns) FROM audit\(clause) ORDER BY sequence DESC LIMIT \(limit)",
      conditions.arguments, Self.entry)
  }

  /// In the chain's order, from the entry after `after`.
  package func forEach(after: Int64 = 0, _ body: (AuditEntry) throws -> Void) throws {
    let cursor = try transaction.cursor(
      "SELECT \(Self.columns) FROM audit WHERE sequence > $1 ORDER BY sequence",
      [.integer(after)])
    while let row = try cursor.next() { try body(Self.entry(row)) }
  }

  private static func entry(_ row: any Row) throws(StoreError) -> AuditEntry {
    AuditEntry(
      id: try row.id(1), sequence: try row.integer(0), at: try row.time(2),
      actor: try row.text(3), action: try row.text(4), projectID: try row.optionalID(5),
      accountID: try row.optionalID(6), subject: try row.text(7), detail: try row.text(8),
      previousHash: try row.blob(9), hash: try row.blob(10))
  }
}
