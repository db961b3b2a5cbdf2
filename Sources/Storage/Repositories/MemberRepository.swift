// Rows of members. Must not know what a role means.
package import KeyModel

package struct MemberRepository {
  private let transaction: Transaction
  init(_ transaction: Transaction) { self.transaction = transaction }

  private static let columns =
    "id, project_id, account_id, email, role, permissions, created_at, revision"

  /// Conflict `Constraint.memberEmail` where the account has a member of this address.
  package func insert(_ member: Member) throws(StoreError) {
    try transaction.execute(
      "INSERT INTO members (\(Self.columns)) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
      [
        .id(member.id), .id(member.projectID), .id(member.accountID), .text(member.email),
        .text(member.role), Self.text(member.permissions), .time(member.createdAt),
        .integer(member.revision),
      ])
  }

  /// `member.revision` is the one that was read: `stale` where another is stored or none. Gives
  /// what is stored now, one revision later. Id, project, account and time of making stay.
  package func update(_ member: Member) throws(StoreError) -> Member {
    try transaction.executeOne(
      """
      UPDATE members SET email = $2, role = $3, permissions = $4, revision = revision + 1
      WHERE id = $1 AND revision = $5
      """,
      [
        .id(member.id), .text(member.email), .text(member.role), Self.text(member.permissions),
        .integer(member.revision),
      ])
    var stored = member
    stored.revision += 1
    return stored
  }

  package func find(_ id: MemberID) throws(StoreError) -> Member? {
    try transaction.row(
      "SELECT \(Self.columns) FROM members WHERE id = $1", [.id(id)], Self.member)
  }

  /// - Parameter email: normalized.
  package func find(email: String, in account: AccountID) throws(StoreError) -> Member? {
    try transaction.row(
      "SELECT \(Self.columns) FROM members WHERE account_id = $1 AND email = $2",
      [.id(account), .text(email)], Self.member)
  }

  /// Newest first; `before` is exclusive, `limit` at most 200.
  package func list(
    account: AccountID, before: MemberID? = nil, limit: Int
  ) throws(StoreError) -> [Member] {
    var conditions = Conditions()
    conditions.add("account_id = ?", .id(account))
    let page = conditions.newestFirst(before: before, limit: limit)
    return try transaction.rows(
      "SELECT \(Self.columns) FROM members\(page)",
      conditions.arguments, Self.member)
  }

  /// All of an account. In a write transaction the answer holds until it ends.
  package func all(account: AccountID) throws(StoreError) -> [Member] {
    try transaction.rows(
      "SELECT \(Self.columns) FROM members WHERE account_id = $1 ORDER BY id", [.id(account)],
      Self.member)
  }

  /// False where there was none.
  package func delete(_ id: MemberID) throws(StoreError) -> Bool {
    try transaction.execute("DELETE FROM members WHERE id = $1", [.id(id)]) > 0
  }

  private static func text(_ permissions: Set<MemberPermission>) -> SQLValue {
    JSONColumn.text(permissions.map(\.rawValue).sorted())
  }

  private static func member(_ row: any Row) throws(StoreError) -> Member {
    let permissions = try row.strings(5).map { (name: String) throws(StoreError) in
      guard let permission = MemberPermission(rawValue: name) else {
        throw .corrupt("permission \(name)")
      }
      return permission
    }
    return Member(
      id: try row.id(0), projectID: try row.id(1), accountID: try row.id(2),
      email: try row.text(3), role: try row.text(4), permissions: Set(permissions),
      createdAt: try row.time(6), revision: try row.integer(7))
  }
}
