// Who presented which version of a key. Few rows per version, written in batches; `day` is there so
// that what is too old is found without looking at the rest. Released: must not change.

extension Migration {
  static let callers = Migration(version: 6) { types in
    let (integer, text, blob) = (types.integer, types.text, types.blob)
    return [
      """
      CREATE TABLE key_callers (
        key_id \(blob) NOT NULL, version_id \(blob) NOT NULL, address \(text) NOT NULL,
        user_agent \(text) NOT NULL, route \(text) NOT NULL, last_seen_at \(integer) NOT NULL,
        day \(integer) NOT NULL, calls \(integer) NOT NULL,
        CONSTRAINT key_callers_caller
          PRIMARY KEY (key_id, version_id, address, user_agent, route),
        CONSTRAINT key_callers_key FOREIGN KEY (key_id) REFERENCES keys (id)
          ON DELETE CASCADE) \(types.clusteredTable)
      """,
      "CREATE INDEX key_callers_by_day ON key_callers (day)",
    ]
  }
}
