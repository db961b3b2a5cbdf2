// Applications. A removed one stays as a row, because its keys stay on record.
package import KeyModel

package struct ApplicationRepository {
  private let transaction: Transaction
  init(_ transaction: Transaction) { self.transaction = transaction }

  private static let columns =
    "id, project_id, account_id, name, description, access, created_at, revision"
  private static let byID =
    "SELECT \(columns) FROM applications WHERE id = $1 AND removed_at IS NULL"

  private static let byAccount = """
    SELECT \(columns) FROM applications WHERE account_id = $1 AND removed_at IS NULL ORDER BY id
    """

  package func insert(_ application: Application) throws(StoreError) {
    try transaction.execute(
      """
      INSERT INTO applications (\(Self.columns)) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
      """,
      [
        .id(application.id), .id(application.projectID), .id(application.accountID),
        .text(application.name), .text(application.description),
        application.access.map { .raw($0) } ?? .null, .time(application.createdAt),
        .integer(application.revision),
      ])
  }

  /// `application.revision` is the one that was read: `stale` where another is stored or none.
  /// Gives what is stored now, one revision later.
  package func update(_ application: Application) throws(StoreError) -> Application {
    try transaction.executeOne(
      """
      UPDATE applications SET name = $2, description = $3, access = $4, revision = revision + 1
      WHERE id = $1 AND revision = $5 AND removed_at IS NULL
      """,
      [
        .id(application.id), .text(application.name), .text(application.description),
        application.access.map { .raw($0) } ?? .null, .integer(application.revision),
      ])
    var stored = application
    stored.revision += 1
    return stored
  }

  package func find(_ id: ApplicationID) throws(StoreError) -> Application? {
    try transaction.row(Self.byID, [.id(id)], Self.application)
  }

  /// Newest first; `before` is exclusive, `limit` at most 200.
  package func list(
    account: AccountID, before: ApplicationID? = nil, limit: Int
  ) throws(StoreError) -> [Application] {
    var conditions = Conditions()
    conditions.add("account_id = ?", .id(account))
    conditions.add("removed_at IS NULL")
    let page = conditions.newestFirst(before: before, limit: limit)
    return try transaction.rows(
      "SELECT \(Self.columns) FROM applications\(page)",
      conditions.arguments, Self.application)
  }

  /// Every one of an account, oldest first.
  package func all(of account: AccountID) throws(StoreError) -> [Application] {
    try transaction.rows(Self.byAccount, [.id(account)], Self.application)
  }

  /// Every one of the accounts; those of one account oldest first.
  package func all(of accounts: [AccountID]) throws(StoreError) -> [Application] {
    var all: [Application] = []
    try transaction.forEach(
      among: accounts.map { .id($0) },
      """
      SELECT id, project_id, account_id, name, description, access, created_at, revision
      FROM applications WHERE account_id IN (?) AND removed_at IS NULL ORDER BY account_id, id
      """
    ) { (row: any Row) throws(StoreError) in all.append(try Self.application(row)) }
    return all
  }

  /// In a write transaction the answer holds until it ends.
  package func count(account: AccountID) throws(StoreError) -> Int64 {
    try transaction.number(
      "SELECT count(*) FROM applications WHERE account_id = $1 AND removed_at IS NULL",
      [.id(account)])
  }

  /// Hides it from find, list and count; its keys stay on record. False where there was none.
  package func remove(_ id: ApplicationID, at: Timestamp) throws(StoreError) -> Bool {
    try transaction.execute(
      """
      UPDATE applications SET removed_at = $2, revision = revision + 1
      WHERE id = $1 AND removed_at IS NULL
      """, [.id(id), .time(at)]) > 0
  }

  private static func application(_ row: any Row) throws(StoreError) -> Application {
    Application(
      id: try row.id(0), projectID: try row.id(1), accountID: try row.id(2),
      name: try row.text(3), description: try row.text(4), access: try row.optionalRaw(5),
      createdAt: try row.time(6), revision: try row.integer(7))
  }
}
