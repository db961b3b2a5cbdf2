// Members of accounts. Released: must not change.

extension Migration {
  static let members = Migration(version: 5) { types in
    let (integer, text, blob) = (types.integer, types.text, types.blob)
    return [
      """
      CREATE TABLE members (
        id \(blob) NOT NULL, project_id \(blob) NOT NULL, account_id \(blob) NOT NULL,
        email \(text) NOT NULL, role \(text) NOT NULL, permissions \(text) NOT NULL,
        created_at \(integer) NOT NULL, revision \(integer) NOT NULL,
        CONSTRAINT members_id PRIMARY KEY (id),
        CONSTRAINT members_account FOREIGN KEY (account_id) REFERENCES accounts (id)
          ON DELETE CASCADE) \(types.clusteredTable)
      """,
      "CREATE INDEX members_by_account ON members (account_id, id)",
      "CREATE UNIQUE INDEX members_account_id_email ON members (account_id, email)",
    ]
  }
}
