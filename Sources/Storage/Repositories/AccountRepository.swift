// Rows of accounts. Must not open the sealed client secret: it is bytes here.
package import KeyModel

package struct AccountRepository {
  private let transaction: Transaction
  init(_ transaction: Transaction) { self.transaction = transaction }

  private static let columns = """
    id, project_id, name, external_id, plan, username, client_id, sealed_client_secret, brands,
    state, created_at, revision
    """
  private static let byID = "SELECT \(columns) FROM accounts WHERE id = $1"

  package func insert(_ account: Account) throws(StoreError) {
    try transaction.execute(
      """
      INSERT INTO accounts (\(Self.columns))
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
      """,
      [
        .id(account.id), .id(account.projectID), .text(account.name), .text(account.externalID),
        .text(account.plan), .text(account.username), .text(account.clientID),
        .blob(account.sealedClientSecret), JSONColumn.text(account.brands), .raw(account.state),
        .time(account.createdAt), .integer(account.revision),
      ])
  }

  /// `account.revision` is the one that was read: `stale` where another is stored or none. Gives
  /// what is stored now, one revision later. Id, project and time of making stay.
  package func update(_ account: Account) throws(StoreError) -> Account {
    try transaction.executeOne(
      """
      UPDATE accounts SET name = $2, external_id = $3, plan = $4, username = $5, client_id = $6,
        sealed_client_secret = $7, brands = $8, state = $9, revision = revision + 1
      WHERE id = $1 AND revision = $10
      """,
      [
        .id(account.id), .text(account.name), .text(account.externalID), .text(account.plan),
        .text(account.username), .text(account.clientID), .blob(account.sealedClientSecret),
        JSONColumn.text(account.brands), .raw(account.state), .integer(account.revision),
      ])
    var stored = account
    stored.revision += 1
    return stored
  }

  package func find(_ id: AccountID) throws(StoreError) -> Account? {
    try transaction.row(Self.byID, [.id(id)], Self.account)
  }

  package func find(
    externalID: String, in project: ProjectID
  ) throws(StoreError) -> Account? {
    try transaction.row(
      "SELECT \(Self.columns) FROM accounts WHERE project_id = $1 AND external_id = $2",
      [.id(project), .text(externalID)], Self.account)
  }

  /// Those of the external ids that there are, in no order.
  package func find(
    externalIDs: [String], in project: ProjectID
  ) throws(StoreError) -> [Account] {
    var accounts: [Account] = []
    try transaction.forEach(
      among: externalIDs.map { .text($0) }, and: [.id(project)],
      """
      SELECT id, project_id, name, external_id, plan, username, client_id, sealed_client_secret,
        brands, state, created_at, revision
      FROM accounts WHERE project_id = $1 AND external_id IN (?)
      """
    ) { (row: any Row) throws(StoreError) in accounts.append(try Self.account(row)) }
    return accounts
  }

  package func find(clientID: String) throws(StoreError) -> Account? {
    try transaction.row(
      "SELECT \(Self.columns) FROM accounts WHERE client_id = $1", [.text(clientID)],
      Self.account)
  }

  /// Newest first; `before` is exclusive, `limit` at most 200.
  package func list(
    project: ProjectID, before: AccountID? = nil, limit: Int
  ) throws(StoreError) -> [Account] {
    var conditions = Conditions()
    conditions.add("project_id = ?", .id(project))
    let page = conditions.newestFirst(before: before, limit: limit)
    return try transaction.rows(
      "SELECT \(Self.columns) FROM accounts\(page)",
      conditions.arguments, Self.account)
  }

  /// Every account of every project, oldest first.
  package func forEach(_ body: (Account) throws -> Void) throws {
    let cursor = try transaction.cursor("SELECT \(Self.columns) FROM accounts ORDER BY id")
    while let row = try cursor.next() { try body(Self.account(row)) }
  }

  package func count(project: ProjectID) throws(StoreError) -> Int64 {
    try transaction.number("SELECT count(*) FROM accounts WHERE project_id = $1", [.id(project)])
  }

  /// With its applications and keys. False where there was none.
  package func delete(_ id: AccountID) throws(StoreError) -> Bool {
    try transaction.execute("DELETE FROM accounts WHERE id = $1", [.id(id)]) > 0
  }

  private static func account(_ row: any Row) throws(StoreError) -> Account {
    Account(
      id: try row.id(0), projectID: try row.id(1), name: try row.text(2),
      externalID: try row.optionalText(3), plan: try row.optionalText(4),
      username: try row.text(5), clientID: try row.text(6), sealedClientSecret: try row.blob(7),
      brands: try row.strings(8), state: try row.raw(9), createdAt: try row.time(10),
      revision: try row.integer(11))
  }
}
