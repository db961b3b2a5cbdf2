// The change feed: one row of counters, which is also the write lock on engines that several
// processes share, and the changes it numbered. Released: must not change.

extension Migration {
  static let feed = Migration(version: 4) { types in
    let (integer, blob) = (types.integer, types.blob)
    return [
      """
      CREATE TABLE feed (
        id \(integer) NOT NULL, position \(integer) NOT NULL, trimmed \(integer) NOT NULL,
        keyring \(integer) NOT NULL,
        CONSTRAINT feed_id PRIMARY KEY (id)) \(types.table)
      """,
      "INSERT INTO feed (id, position, trimmed, keyring) VALUES (1, 0, 0, 0)",
      """
      CREATE TABLE changes (
        position \(integer) NOT NULL, kind \(integer) NOT NULL, subject \(blob) NOT NULL,
        CONSTRAINT changes_position PRIMARY KEY (position)) \(types.table)
      """,
    ]
  }
}
