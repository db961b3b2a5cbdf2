// When versions were last used and how often on that day: many small rows written in batches, apart
// from the keys' own rows.
package import KeyModel

/// Calls of one version since the last report, all of one day.
package struct VersionUsage: Sendable, Hashable {
  package var keyID: KeyID
  package var versionID: VersionID
  package var lastUsedAt: Timestamp
  package var day: MeterDay
  package var calls: Int64
  /// - Parameter day: nil: the UTC day of `lastUsedAt`.
  package init(
    keyID: KeyID, versionID: VersionID, lastUsedAt: Timestamp, day: MeterDay? = nil, calls: Int64
  ) {
    self.keyID = keyID
    self.versionID = versionID
    self.lastUsedAt = lastUsedAt
    self.day = day ?? MeterDay(of: lastUsedAt, beginningAtSecond: 0)
    self.calls = calls
  }
}

package struct UsageRepository {
  private let transaction: Transaction
  init(_ transaction: Transaction) { self.transaction = transaction }

  /// Adds up within a day; a later day starts anew, an earlier one is passed over, and so are keys
  /// that are gone.
  package func add(_ usage: [VersionUsage]) throws(StoreError) {
    for one in usage {
      // Almost always there is a row of that day, and this is half the work.
      let isAdded = try transaction.execute(
        """
        UPDATE key_usage SET calls = calls + $5,
          last_used_at = CASE WHEN $3 > last_used_at THEN $3 ELSE last_used_at END
        WHERE key_id = $1 AND version_id = $2 AND day_start = $4
        """, Self.arguments(one))
      if isAdded > 0 { continue }
      try transaction.execute(
        """
        INSERT INTO key_usage (key_id, version_id, last_used_at, day_start, calls)
        SELECT $1, $2, $3, $4, $5 FROM keys WHERE id = $1
        ON CONFLICT (key_id, version_id) DO UPDATE SET
          calls = CASE WHEN excluded.day_start > key_usage.day_start THEN excluded.calls
            WHEN excluded.day_start = key_usage.day_start THEN key_usage.calls + excluded.calls
            ELSE key_usage.calls END,
          day_start = CASE WHEN excluded.day_start > key_usage.day_start THEN excluded.day_start
            ELSE key_usage.day_start END,
          last_used_at = CASE WHEN excluded.last_used_at > key_usage.last_used_at
            THEN excluded.last_used_at ELSE key_usage.last_used_at END
        """, Self.arguments(one))
    }
  }

  private static func arguments(_ one: VersionUsage) -> [SQLValue] {
    [
      .id(one.keyID), .id(one.versionID), .time(one.lastUsedAt), .time(one.day.start),
      .integer(one.calls),
    ]
  }
}
