// Projects, accounts, applications. Released: must not change.

extension Migration {
  static let tenants = Migration(version: 1) { types in
    let (integer, text, blob) = (types.integer, types.text, types.blob)
    return [
      """
      CREATE TABLE projects (
        id \(blob) NOT NULL, slug \(text) NOT NULL, name \(text) NOT NULL,
        profile \(text) NOT NULL, policy_patch \(text) NOT NULL, upstream \(text),
        hosts \(text) NOT NULL, upstream_timeout_seconds \(integer), created_at \(integer) NOT NULL,
        revision \(integer) NOT NULL, public_integer \(integer) NOT NULL,
        CONSTRAINT projects_id PRIMARY KEY (id)) \(types.clusteredTable)
      """,
      "CREATE UNIQUE INDEX projects_slug ON projects (slug)",
      """
      CREATE TABLE accounts (
        id \(blob) NOT NULL, project_id \(blob) NOT NULL, name \(text) NOT NULL,
        external_id \(text), plan \(text), username \(text) NOT NULL, client_id \(text) NOT NULL,
        sealed_client_secret \(blob) NOT NULL, brands \(text) NOT NULL,
        state \(integer) NOT NULL, created_at \(integer) NOT NULL, revision \(integer) NOT NULL,
        CONSTRAINT accounts_id PRIMARY KEY (id),
        CONSTRAINT accounts_project FOREIGN KEY (project_id) REFERENCES projects (id)
          ON DELETE CASCADE) \(types.clusteredTable)
      """,
      "CREATE INDEX accounts_by_project ON accounts (project_id, id)",
      """
      CREATE UNIQUE INDEX accounts_project_id_external_id ON accounts (project_id, external_id)
        WHERE external_id IS NOT NULL
      """,
      "CREATE UNIQUE INDEX accounts_client_id ON accounts (client_id)",
      """
      CREATE TABLE applications (
        id \(blob) NOT NULL, project_id \(blob) NOT NULL, account_id \(blob) NOT NULL,
        name \(text) NOT NULL, description \(text) NOT NULL, access \(integer),
        created_at \(integer) NOT NULL, revision \(integer) NOT NULL, removed_at \(integer),
        CONSTRAINT applications_id PRIMARY KEY (id),
        CONSTRAINT applications_account FOREIGN KEY (account_id) REFERENCES accounts (id)
          ON DELETE CASCADE) \(types.clusteredTable)
      """,
      "CREATE INDEX applications_by_account ON applications (account_id, id)",
    ]
  }
}
