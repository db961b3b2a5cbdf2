// Quotas: one row per subject, which is an account, an application or a key. A row only ever moves
// on to a later day. Released: must not change.

extension Migration {
  static let quotas = Migration(version: 10) { types in
    let (integer, blob) = (types.integer, types.blob)
    return [
      """
      CREATE TABLE quotas (
        subject \(blob) NOT NULL, account_id \(blob) NOT NULL, day_start \(integer) NOT NULL,
        reserved \(integer) NOT NULL, told \(integer) NOT NULL,
        CONSTRAINT quotas_subject PRIMARY KEY (subject),
        CONSTRAINT quotas_account FOREIGN KEY (account_id) REFERENCES accounts (id)
          ON DELETE CASCADE) \(types.clusteredTable)
      """,
      "CREATE INDEX quotas_by_account ON quotas (account_id)",
      // From days since 1970 to the microsecond at which the counted day began.
      "ALTER TABLE key_usage RENAME COLUMN day TO day_start",
      "UPDATE key_usage SET day_start = day_start * 86400000000",
    ]
  }
}
