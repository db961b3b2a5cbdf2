// Keys: the fat row, read together with its versions and their use. The lean reading for start-up
// is in KeyRecordScan.
package import KeyModel

/// A place in the order of keys by their ends.
package struct KeyEnd: Hashable, Sendable {
  package var at: Timestamp
  /// Bits of the key's id; the greatest stand behind every key of that moment.
  package var key: UInt128
  package init(at: Timestamp, key: UInt128) {
    self.at = at
    self.key = key
  }
}

package struct KeyRepository {
  let transaction: Transaction
  init(_ transaction: Transaction) { self.transaction = transaction }

  static let columns = """
    id, project_id, account_id, application_id, kind, access, state, environment, expires_at,
    public_id, routes, created_at, revoked_at, revision, created_by, name, description
    """

  private static let inserts = MultiRowInsert(table: "keys", columns: columns, count: 17)

  /// The key with all its versions; its usage is not stored.
  package func insert(_ key: Key) throws(StoreError) { try insert([key]) }

  /// The same for many at once.
  package func insert(_ keys: [Key]) throws(StoreError) {
    try Self.inserts.run(in: transaction, rows: keys.count) { row, arguments in
      let key = keys[row]
      arguments += [
        .id(key.id), .id(key.projectID), .id(key.accountID), .id(key.applicationID),
        .raw(key.kind), .raw(key.access), .raw(key.state), .text(key.environment),
        .time(key.expiresAt), .text(key.publicID), JSONColumn.text(key.routes),
        .time(key.createdAt), .time(key.revokedAt), .integer(key.revision),
        .text(key.createdBy), .text(key.name), .text(key.description),
      ]
    }
    try insert(keys.flatMap(\.versions))
  }

  /// The key's own row; versions and usage are left alone. `key.revision` is the one that was read:
  /// `stale` where another is stored or none. Gives the key one revision later.
  package func update(_ key: Key) throws(StoreError) -> Key {
    try transaction.executeOne(
      """
      UPDATE keys SET access = $2, state = $3, expires_at = $4, public_id = $5, routes = $6,
        revoked_at = $7, name = $8, description = $9, environment = $10, kind = $11,
        application_id = $12, revision = revision + 1
      WHERE id = $1 AND revision = $13
      """,
      [
        .id(key.id), .raw(key.access), .raw(key.state), .time(key.expiresAt),
        .text(key.publicID), JSONColumn.text(key.routes), .time(key.revokedAt), .text(key.name),
        .text(key.description), .text(key.environment), .raw(key.kind), .id(key.applicationID),
        .integer(key.revision),
      ])
    var stored = key
    stored.revision += 1
    return stored
  }

  package func find(_ id: KeyID) throws(StoreError) -> Key? {
    try keys(" WHERE id = $1", [.id(id)]).first
  }

  package func find(lookup: Lookup) throws(StoreError) -> Key? {
    try keys(
      " WHERE id = (SELECT key_id FROM key_versions WHERE lookup = $1)", [.lookup(lookup)]
    ).first
  }

  package func find(publicID: String, in project: ProjectID) throws(StoreError) -> Key? {
    try keys(
      " WHERE project_id = $1 AND public_id = $2", [.id(project), .text(publicID)]
    ).first
  }

  /// Newest first; `before` is exclusive, `limit` at most 200.
  package func list(
    _ filter: KeyFilter, before: KeyID? = nil, limit: Int
  ) throws(StoreError) -> [Key] {
    var conditions = filter.conditions
    let page = conditions.newestFirst(before: before, limit: limit)
    return try keys(page, conditions.arguments)
  }

  /// Oldest first; `after` is exclusive, `limit` at most 200.
  package func list(
    _ filter: KeyFilter, after: KeyID?, limit: Int
  ) throws(StoreError) -> [Key] {
    var conditions = filter.conditions
    if let after { conditions.add("id > ?", .id(after)) }
    let clause = conditions.clause
    let limit = conditions.argument(pageLimit(limit))
    return try keys("\(clause) ORDER BY id LIMIT \(limit)", conditions.arguments)
  }

  /// All that fit, oldest first; for changes of every key of an account or application.
  package func all(_ filter: KeyFilter) throws(StoreError) -> [Key] {
    let conditions = filter.conditions
    return try keys("\(conditions.clause) ORDER BY id", conditions.arguments)
  }

  /// Active keys whose end lies beyond `after` and not beyond `through`, soonest first.
  package func ending(
    after: KeyEnd, through end: Timestamp, limit: Int
  ) throws(StoreError) -> [Key] {
    try keys(
      """
       WHERE expires_at >= $1 AND expires_at <= $2 AND (expires_at > $1 OR id > $3) AND state = $4
      ORDER BY expires_at, id LIMIT $5
      """,
      [.time(after.at), .time(end), .id(after.key), .raw(KeyState.active), .integer(Int64(limit))])
  }

  /// How many fit; in a write transaction the answer holds until it ends.
  package func count(_ filter: KeyFilter) throws(StoreError) -> Int64 {
    let conditions = filter.conditions
    return try transaction.number(
      "SELECT count(*) FROM keys\(conditions.clause)", conditions.arguments)
  }

  /// 1, 2, 3 … per project; never given twice, unless the transaction is undone. `stale` where
  /// there is no such project.
  package func nextPublicInteger(_ project: ProjectID) throws(StoreError) -> Int64 {
    try transaction.executeOne(
      "UPDATE projects SET public_integer = public_integer + 1 WHERE id = $1", [.id(project)])
    return try transaction.number(
      "SELECT public_integer FROM projects WHERE id = $1", [.id(project)])
  }

  /// Those of the ids that there are, in no order.
  package func find(_ ids: [KeyID]) throws(StoreError) -> [Key] {
    var keys: [Key] = []
    try transaction.forEach(
      among: ids.map { .id($0) },
      """
      SELECT id, project_id, account_id, application_id, kind, access, state, environment,
        expires_at, public_id, routes, created_at, revoked_at, revision, created_by, name,
        description
      FROM keys WHERE id IN (?)
      """
    ) { (row: any Row) throws(StoreError) in keys.append(try Self.key(row)) }
    try addVersions(to: &keys)
    return keys
  }

  private func keys(_ clause: String, _ arguments: [SQLValue]) throws(StoreError) -> [Key] {
    var keys = try transaction.rows(
      "SELECT \(Self.columns) FROM keys\(clause)", arguments, Self.key)
    try addVersions(to: &keys)
    return keys
  }

  private static func key(_ row: any Row) throws(StoreError) -> Key {
    Key(
      id: try row.id(0), publicID: try row.optionalText(9), projectID: try row.id(1),
      accountID: try row.id(2), applicationID: try row.id(3), environment: try row.text(7),
      kind: try row.raw(4), name: try row.text(15), description: try row.text(16),
      access: try row.raw(5), routes: try row.routes(10), state: try row.raw(6),
      createdAt: try row.time(11), createdBy: try row.text(14),
      expiresAt: try row.optionalTime(8), revokedAt: try row.optionalTime(12),
      revision: try row.integer(13))
  }
}
