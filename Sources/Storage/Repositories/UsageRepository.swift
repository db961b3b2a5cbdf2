// When versions were last used and how often on that day: many small rows written in batches, apart
// from the keys' own rows.
package import KeyModel

/// Calls of one version since the last report, all of the UTC day of `lastUsedAt`.
package struct VersionUsage: Sendable, Hashable {
  package var keyID: KeyID
  package var versionID: VersionID
  package var lastUsedAt: Timestamp
  package var calls: Int64
  package init(keyID: KeyID, versionID: VersionID, lastUsedAt: Timestamp, calls: Int64) {
    self.keyID = keyID
    self.versionID = versionID
    self.lastUsedAt = lastUsedAt
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
      try transaction.execute(
        """
        INSERT INTO key_usage (key_id, version_id, last_used_at, day, calls)
        SELECT $1, $2, $3, $4, $5 FROM keys WHERE id = $1
        ON CONFLICT (key_id, version_id) DO UPDATE SET
          calls = CASE WHEN excluded.day > key_usage.day THEN excluded.calls
            WHEN excluded.day = key_usage.day THEN key_usage.calls + excluded.calls
            ELSE key_usage.calls END,
          day = CASE WHEN excluded.day > key_usage.day THEN excluded.day ELSE key_usage.day END,
          last_used_at = CASE WHEN excluded.last_used_at > key_usage.last_used_at
            THEN excluded.last_used_at ELSE key_usage.last_used_at END
        """,
        [
          .id(one.keyID), .id(one.versionID), .time(one.lastUsedAt),
          .integer(Self.day(one.lastUsedAt)), .integer(one.calls),
        ])
    }
  }

  /// Days since 1970-01-01 in UTC.
  private static func day(_ time: Timestamp) -> Int64 {
    let (days, rest) = time.seconds.quotientAndRemainder(dividingBy: 86_400)
    return rest < 0 ? days - 1 : days
  }
}
