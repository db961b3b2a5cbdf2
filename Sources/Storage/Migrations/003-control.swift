// What the control plane keeps beside tenants and keys. Released: must not change.

extension Migration {
  static let control = Migration(version: 3) { types in
    let (integer, text, blob) = (types.integer, types.text, types.blob)
    return [
      """
      CREATE TABLE operator_keys (
        id \(blob) NOT NULL, name \(text) NOT NULL, lookup \(blob) NOT NULL,
        pepper_id \(integer) NOT NULL, hint \(text) NOT NULL, scopes \(text) NOT NULL,
        project_id \(blob), created_at \(integer) NOT NULL, revoked_at \(integer),
        CONSTRAINT operator_keys_id PRIMARY KEY (id),
        CONSTRAINT operator_keys_project FOREIGN KEY (project_id) REFERENCES projects (id)
          ON DELETE CASCADE) \(types.clusteredTable)
      """,
      "CREATE UNIQUE INDEX operator_keys_lookup ON operator_keys (lookup)",
      "CREATE INDEX operator_keys_by_project ON operator_keys (project_id)",
      // No reference to what an entry is about: it outlives that.
      """
      CREATE TABLE audit (
        sequence \(integer) NOT NULL, id \(blob) NOT NULL, at \(integer) NOT NULL,
        actor \(text) NOT NULL, action \(text) NOT NULL, project_id \(blob), account_id \(blob),
        subject \(text) NOT NULL, detail \(text) NOT NULL, previous_hash \(blob) NOT NULL,
        hash \(blob) NOT NULL,
        CONSTRAINT audit_sequence PRIMARY KEY (sequence)) \(types.table)
      """,
      "CREATE INDEX audit_by_project ON audit (project_id, sequence)",
      "CREATE INDEX audit_by_account ON audit (account_id, sequence)",
      """
      CREATE TABLE idempotency (
        principal \(text) NOT NULL, route \(text) NOT NULL, key \(text) NOT NULL,
        fingerprint \(blob) NOT NULL, status \(integer), body \(text) NOT NULL,
        sealed_secret \(blob), created_at \(integer) NOT NULL, expires_at \(integer) NOT NULL,
        CONSTRAINT idempotency_principal_route_key PRIMARY KEY (principal, route, key)
      ) \(types.clusteredTable)
      """,
      "CREATE INDEX idempotency_by_expiry ON idempotency (expires_at)",
      """
      CREATE INDEX idempotency_with_secret ON idempotency (created_at)
        WHERE sealed_secret IS NOT NULL
      """,
      """
      CREATE TABLE keyring (
        id \(integer) NOT NULL, purpose \(text) NOT NULL, account_id \(blob),
        master_key_id \(text) NOT NULL, wrapped \(blob) NOT NULL, created_at \(integer) NOT NULL,
        retired_at \(integer),
        CONSTRAINT keyring_id PRIMARY KEY (id),
        CONSTRAINT keyring_account FOREIGN KEY (account_id) REFERENCES accounts (id)
          ON DELETE CASCADE) \(types.table)
      """,
      "CREATE INDEX keyring_by_account ON keyring (account_id, purpose)",
      "CREATE INDEX keyring_by_master_key ON keyring (master_key_id, id)",
      """
      CREATE TABLE meta (
        name \(text) NOT NULL, value \(text) NOT NULL,
        CONSTRAINT meta_name PRIMARY KEY (name)) \(types.clusteredTable)
      """,
    ]
  }
}
