// Versions of keys, and reading them for many keys at once.
package import KeyModel

extension KeyRepository {
  static let versionColumns = """
    key_id, number, id, lookup, algorithm, state, accepted_from, accepted_until, pepper_id, hint,
    created_at, sealed_secret
    """

  private static let versionInserts = MultiRowInsert(
    table: "key_versions", columns: versionColumns, count: 12)

  package func insert(_ version: KeyVersion) throws(StoreError) { try insert([version]) }

  func insert(_ versions: [KeyVersion]) throws(StoreError) {
    try Self.versionInserts.run(in: transaction, rows: versions.count) { row, arguments in
      let version = versions[row]
      arguments += [
        .id(version.keyID), .integer(version.number), .id(version.id), .lookup(version.lookup),
        .raw(version.algorithm), .raw(version.state), .time(version.acceptedFrom),
        .time(version.acceptedUntil), .integer(version.pepperID), .text(version.hint),
        .time(version.createdAt), .blob(version.sealedSecret),
      ]
    }
  }

  /// By key id and number; `stale` where there is none.
  package func update(_ version: KeyVersion) throws(StoreError) {
    try transaction.executeOne(
      """
      UPDATE key_versions SET lookup = $3, algorithm = $4, state = $5, accepted_from = $6,
        accepted_until = $7, pepper_id = $8, hint = $9, sealed_secret = $10
      WHERE key_id = $1 AND number = $2
      """,
      [
        .id(version.keyID), .integer(version.number), .lookup(version.lookup),
        .raw(version.algorithm), .raw(version.state), .time(version.acceptedFrom),
        .time(version.acceptedUntil), .integer(version.pepperID), .text(version.hint),
        .blob(version.sealedSecret),
      ])
  }

  /// False where there was none.
  package func delete(_ version: KeyVersion) throws(StoreError) -> Bool {
    try transaction.execute(
      "DELETE FROM key_versions WHERE key_id = $1 AND number = $2",
      [.id(version.keyID), .integer(version.number)]) > 0
  }

  /// Versions of all keys; counted in the smallest index, without a look at the rows.
  package func countVersions() throws(StoreError) -> Int64 {
    try transaction.number("SELECT count(*) FROM key_versions", [])
  }

  /// Few statements for any number of keys.
  func addVersions(to keys: inout [Key]) throws(StoreError) {
    var at: [KeyID: Int] = [:]
    for index in keys.indices { at[keys[index].id] = index }
    try transaction.forEach(
      among: keys.map { .id($0.id) },
      """
      SELECT v.key_id, v.number, v.id, v.lookup, v.algorithm, v.state, v.accepted_from,
        v.accepted_until, v.pepper_id, v.hint, v.created_at, v.sealed_secret,
        u.last_used_at, u.day_start, u.calls, v.former_lookup
      FROM key_versions v
      LEFT JOIN key_usage u ON u.key_id = v.key_id AND u.version_id = v.id
      WHERE v.key_id IN (?) ORDER BY v.key_id, v.number
      """
    ) { (row: any Row) throws(StoreError) in
      guard let index = at[try row.id(0)] else { return }
      try Self.add(row, to: &keys[index])
    }
  }

  private static func add(_ row: any Row, to key: inout Key) throws(StoreError) {
    let version = KeyVersion(
      id: try row.id(2), keyID: try row.id(0), number: try row.integer(1),
      state: try row.raw(5), lookup: try row.lookup(3), algorithm: try row.raw(4),
      pepperID: try row.integer(8), hint: try row.text(9), sealedSecret: try row.optionalBlob(11),
      acceptedFrom: try row.time(6), acceptedUntil: try row.optionalTime(7),
      createdAt: try row.time(10), lastUsedAt: try row.optionalTime(12),
      formerLookup: row.isNull(15) ? nil : try row.lookup(15))
    key.versions.append(version)
    guard let used = version.lastUsedAt else { return }
    key.lastUsedAt = max(key.lastUsedAt ?? used, used)
    let day = MeterDay(start: try row.time(13))
    // Calls of earlier days do not count any more.
    if day > key.callsDay { (key.callsDay, key.calls) = (day, 0) }
    if day == key.callsDay { key.calls += try row.integer(14) }
  }
}
