// When versions were last used and how often on that day: many small rows written in batches, apart
// from the keys' own rows.
package import KeyModel

/// Calls of one version since the last report, all of one day.
package struct VersionUsage: Sendable, Hashable {
  package var keyID: KeyID
  package var versionID: VersionID
  package var lastUsedAt: Timestamp
  /// Days since 1970-01-01.
  package var day: Int64
  package var calls: Int64
  /// - Parameter day: nil: the UTC day of `lastUsedAt`.
  package init(
    keyID: KeyID, versionID: VersionID, lastUsedAt: Timestamp, day: Int64? = nil, calls: Int64
  ) {
    self.keyID = keyID
    self.versionID = versionID
    self.lastUsedAt = lastUsedAt
    self.day = day ?? lastUsedAt.day
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
          .integer(one.day), .integer(one.calls),
        ])
    }
  }
}
