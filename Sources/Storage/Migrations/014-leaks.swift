// Secrets that were found where they should not be. Released: must not change.

extension Migration {
  static let leaks = Migration(version: 14) { types in
    let (integer, text, blob) = (types.integer, types.text, types.blob)
    return [
      """
      CREATE TABLE leaks (
        version_id \(blob) NOT NULL, url \(text) NOT NULL, key_id \(blob) NOT NULL,
        project_id \(blob) NOT NULL, account_id \(blob) NOT NULL, source \(text) NOT NULL,
        action \(text) NOT NULL, reported_by \(text) NOT NULL, reported_at \(integer) NOT NULL,
        CONSTRAINT leaks_version_id_url PRIMARY KEY (version_id, url),
        CONSTRAINT leaks_account FOREIGN KEY (account_id) REFERENCES accounts (id)
          ON DELETE CASCADE) \(types.clusteredTable)
      """,
      "CREATE INDEX leaks_by_account ON leaks (account_id)",
    ]
  }
}
