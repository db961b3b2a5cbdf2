// Who presented which version: added up over batches and servers, bounded per version.
package import KeyModel

package struct CallerRepository {
  private let transaction: Transaction
  init(_ transaction: Transaction) { self.transaction = transaction }

  /// Adds up; keys that are gone are passed over. Where a version then has more than
  /// `KeyCaller.perVersion` callers, the oldest become part of `KeyCaller.others`.
  package func add(_ sightings: [CallerSighting]) throws(StoreError) {
    var keys: Set<KeyID> = []
    for one in sightings where try !add(one) {
      try upsert(one)
      keys.insert(one.keyID)
    }
    if keys.isEmpty { return }
    for (key, version) in try crowded(keys) { try trim(key, version) }
  }

  /// Versions of these keys that have more callers than are kept.
  private func crowded(_ keys: Set<KeyID>) throws(StoreError) -> [(KeyID, VersionID)] {
    var crowded: [(KeyID, VersionID)] = []
    try transaction.forEach(
      among: keys.sorted().map { .id($0) },
      and: [.text(KeyCaller.others.address), .integer(Int64(KeyCaller.perVersion))],
      """
      SELECT key_id, version_id FROM key_callers WHERE address <> $1 AND key_id IN (?)
      GROUP BY key_id, version_id HAVING count(*) > $2
      """
    ) { (row: any Row) throws(StoreError) in
      crowded.append((try row.id(0), try row.id(1)))
    }
    return crowded
  }

  /// True where the caller was seen that day already, as most were: then no index changes.
  private func add(_ one: CallerSighting) throws(StoreError) -> Bool {
    try transaction.execute(
      """
      UPDATE key_callers SET calls = calls + $8,
        last_seen_at = CASE WHEN $6 > last_seen_at THEN $6 ELSE last_seen_at END
      WHERE key_id = $1 AND version_id = $2 AND address = $3 AND user_agent = $4 AND route = $5
        AND day = $7
      """, Self.arguments(one)) > 0
  }

  private func upsert(_ one: CallerSighting) throws(StoreError) {
    try transaction.execute(
      """
      INSERT INTO key_callers (key_id, version_id, address, user_agent, route, last_seen_at, day,
        calls)
      SELECT $1, $2, $3, $4, $5, $6, $7, $8 FROM keys WHERE id = $1
      ON CONFLICT (key_id, version_id, address, user_agent, route) DO UPDATE SET
        calls = key_callers.calls + excluded.calls,
        day = CASE WHEN excluded.day > key_callers.day THEN excluded.day
          ELSE key_callers.day END,
        last_seen_at = CASE WHEN excluded.last_seen_at > key_callers.last_seen_at
          THEN excluded.last_seen_at ELSE key_callers.last_seen_at END
      """, Self.arguments(one))
  }

  private static func arguments(_ one: CallerSighting) -> [SQLValue] {
    [
      .id(one.keyID), .id(one.versionID), .text(one.caller.address),
      .text(one.caller.userAgent), .text(one.caller.route), .time(one.lastSeenAt),
      .integer(one.lastSeenAt.day), .integer(one.calls),
    ]
  }

  private func trim(_ key: KeyID, _ version: VersionID) throws(StoreError) {
    let count = try transaction.number(
      """
      SELECT count(*) FROM key_callers
      WHERE key_id = $1 AND version_id = $2 AND address <> $3
      """, [.id(key), .id(version), .text(KeyCaller.others.address)])
    let surplus = count - Int64(KeyCaller.perVersion)
    guard surplus > 0 else { return }
    let oldest = try rows(
      """
      WHERE key_id = $1 AND version_id = $2 AND address <> $3
      ORDER BY last_seen_at, address, user_agent, route LIMIT $4
      """,
      [.id(key), .id(version), .text(KeyCaller.others.address), .integer(surplus)])
    for one in oldest {
      try delete(one)
      var other = one
      other.caller = .others
      try upsert(other)
    }
  }

  private func delete(_ one: CallerSighting) throws(StoreError) {
    try transaction.execute(
      """
      DELETE FROM key_callers WHERE key_id = $1 AND version_id = $2 AND address = $3
        AND user_agent = $4 AND route = $5
      """,
      [
        .id(one.keyID), .id(one.versionID), .text(one.caller.address),
        .text(one.caller.userAgent), .text(one.caller.route),
      ])
  }

  /// Newest first, of all versions.
  package func list(of key: KeyID) throws(StoreError) -> [CallerSighting] {
    try rows(
      "WHERE key_id = $1 ORDER BY last_seen_at DESC, version_id, address, user_agent, route",
      [.id(key)])
  }

  /// Forgets callers that were last seen on an earlier day than this time's; at most `limit`.
  package func purge(before time: Timestamp, limit: Int) throws(StoreError) -> Int {
    let stale = try rows(
      "WHERE day < $1 ORDER BY day LIMIT $2",
      [.integer(time.day), .integer(Int64(limit))])
    for one in stale { try delete(one) }
    return stale.count
  }

  private func rows(
    _ clause: String, _ arguments: [SQLValue]
  ) throws(StoreError) -> [CallerSighting] {
    try transaction.rows(
      """
      SELECT key_id, version_id, address, user_agent, route, last_seen_at, calls
      FROM key_callers \(clause)
      """, arguments
    ) { (row: any Row) throws(StoreError) in
      CallerSighting(
        keyID: try row.id(0), versionID: try row.id(1),
        caller: KeyCaller(
          address: try row.text(2), userAgent: try row.text(3), route: try row.text(4)),
        lastSeenAt: try row.time(5), calls: try row.integer(6))
    }
  }
}
