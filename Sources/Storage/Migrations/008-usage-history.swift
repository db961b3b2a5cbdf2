// Calls per key and day, kept when the records of the calls are gone. Released: must not change.

extension Migration {
  static let usageHistory = Migration(version: 8) { types in
    let (integer, blob) = (types.integer, types.blob)
    return [
      """
      CREATE TABLE key_days (
        key_id \(blob) NOT NULL, day \(integer) NOT NULL, calls \(integer) NOT NULL,
        CONSTRAINT key_days_key_id_day PRIMARY KEY (key_id, day),
        CONSTRAINT key_days_key FOREIGN KEY (key_id) REFERENCES keys (id)
          ON DELETE CASCADE) \(types.clusteredTable)
      """,
      "CREATE INDEX key_days_by_day ON key_days (day)",
      // What is known of days before there was a history.
      """
      INSERT INTO key_days (key_id, day, calls)
      SELECT key_id, day, SUM(calls) FROM key_usage GROUP BY key_id, day
      """,
    ]
  }
}
