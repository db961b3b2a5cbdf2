// Keys, their versions and their use. Start-up reads keys and versions from end to end side by
// side: both are kept in the order of the key's id, hot columns first, and what changes with every
// call is in a small table of its own. Released: must not change.

extension Migration {
  static let keys = Migration(version: 2) { types in
    let (integer, text, blob) = (types.integer, types.text, types.blob)
    return [
      """
      CREATE TABLE keys (
        id \(blob) NOT NULL, project_id \(blob) NOT NULL, account_id \(blob) NOT NULL,
        application_id \(blob) NOT NULL, kind \(integer) NOT NULL, access \(integer) NOT NULL,
        state \(integer) NOT NULL, environment \(text) NOT NULL, expires_at \(integer),
        public_id \(text), routes \(text), created_at \(integer) NOT NULL, revoked_at \(integer),
        revision \(integer) NOT NULL, created_by \(text) NOT NULL, name \(text) NOT NULL,
        description \(text) NOT NULL,
        CONSTRAINT keys_id PRIMARY KEY (id),
        CONSTRAINT keys_account FOREIGN KEY (account_id) REFERENCES accounts (id)
          ON DELETE CASCADE,
        CONSTRAINT keys_application FOREIGN KEY (application_id) REFERENCES applications (id)
          ON DELETE CASCADE) \(types.clusteredTable)
      """,
      "CREATE INDEX keys_by_account ON keys (account_id, id)",
      "CREATE INDEX keys_by_application ON keys (application_id, id)",
      """
      CREATE UNIQUE INDEX keys_project_id_public_id ON keys (project_id, public_id)
        WHERE public_id IS NOT NULL
      """,
      """
      CREATE TABLE key_versions (
        key_id \(blob) NOT NULL, number \(integer) NOT NULL, id \(blob) NOT NULL,
        lookup \(blob) NOT NULL, algorithm \(integer) NOT NULL, state \(integer) NOT NULL,
        accepted_from \(integer) NOT NULL, accepted_until \(integer),
        pepper_id \(integer) NOT NULL, hint \(text) NOT NULL, created_at \(integer) NOT NULL,
        sealed_secret \(blob),
        CONSTRAINT key_versions_key_id_number PRIMARY KEY (key_id, number),
        CONSTRAINT key_versions_key FOREIGN KEY (key_id) REFERENCES keys (id)
          ON DELETE CASCADE) \(types.clusteredTable)
      """,
      "CREATE UNIQUE INDEX key_versions_lookup ON key_versions (lookup)",
      """
      CREATE TABLE key_usage (
        key_id \(blob) NOT NULL, version_id \(blob) NOT NULL, last_used_at \(integer) NOT NULL,
        day \(integer) NOT NULL, calls \(integer) NOT NULL,
        CONSTRAINT key_usage_key_id_version_id PRIMARY KEY (key_id, version_id),
        CONSTRAINT key_usage_key FOREIGN KEY (key_id) REFERENCES keys (id)
          ON DELETE CASCADE) \(types.clusteredTable)
      """,
    ]
  }
}
