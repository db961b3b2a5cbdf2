// Auto cycling: an account's settings, one row per environment, and its cycles. Released: must not
// change.

extension Migration {
  static let cycles = Migration(version: 12) { types in
    let (integer, text, blob) = (types.integer, types.text, types.blob)
    return [
      """
      CREATE TABLE auto_cycling (
        account_id \(blob) NOT NULL, environment \(text) NOT NULL, project_id \(blob) NOT NULL,
        endpoint \(text) NOT NULL, every_days \(integer) NOT NULL,
        starts_on \(integer) NOT NULL, overlap_seconds \(integer) NOT NULL,
        enabled \(integer) NOT NULL, disabled_reason \(text), next_slot_at \(integer),
        endpoint_revision \(integer) NOT NULL, created_at \(integer) NOT NULL,
        updated_at \(integer) NOT NULL, revision \(integer) NOT NULL,
        CONSTRAINT auto_cycling_account_id_environment PRIMARY KEY (account_id, environment),
        CONSTRAINT auto_cycling_account FOREIGN KEY (account_id) REFERENCES accounts (id)
          ON DELETE CASCADE) \(types.clusteredTable)
      """,
      """
      CREATE INDEX auto_cycling_by_slot ON auto_cycling (next_slot_at)
        WHERE next_slot_at IS NOT NULL
      """,
      """
      CREATE TABLE cycles (
        id \(blob) NOT NULL, project_id \(blob) NOT NULL, account_id \(blob) NOT NULL,
        key_id \(blob) NOT NULL, environment \(text) NOT NULL, cause \(integer) NOT NULL,
        slot_at \(integer), state \(integer) NOT NULL, request_id \(text) NOT NULL,
        generation \(integer) NOT NULL, old_version \(blob) NOT NULL,
        new_version \(blob) NOT NULL, endpoint \(text) NOT NULL,
        endpoint_revision \(integer) NOT NULL, started_at \(integer) NOT NULL,
        ended_at \(integer), deadline \(integer) NOT NULL, attempts \(integer) NOT NULL,
        failures \(integer) NOT NULL, next_attempt_at \(integer), in_doubt \(integer) NOT NULL,
        lease_epoch \(integer) NOT NULL, lease_until \(integer) NOT NULL, reason \(text),
        proof \(integer), wakes_at \(integer), revision \(integer) NOT NULL,
        CONSTRAINT cycles_id PRIMARY KEY (id),
        CONSTRAINT cycles_key FOREIGN KEY (key_id) REFERENCES keys (id)
          ON DELETE CASCADE) \(types.clusteredTable)
      """,
      "CREATE INDEX cycles_by_account ON cycles (account_id, id)",
      // Two cycles of one key at once would be two keys for one holder: the database says no.
      "CREATE UNIQUE INDEX cycles_key_id ON cycles (key_id) WHERE state <= 2",
      """
      CREATE UNIQUE INDEX cycles_key_id_slot_at ON cycles (key_id, slot_at)
        WHERE slot_at IS NOT NULL
      """,
      "CREATE INDEX cycles_by_wake ON cycles (wakes_at) WHERE wakes_at IS NOT NULL",
      "CREATE INDEX cycles_by_key_end ON cycles (key_id, ended_at) WHERE state = 3",
    ]
  }
}
