// Webhooks, their queues, events and deliveries. Released: must not change.

extension Migration {
  static let webhooks = Migration(version: 11) { types in
    let (integer, text, blob) = (types.integer, types.text, types.blob)
    return [
      """
      CREATE TABLE webhooks (
        id \(blob) NOT NULL, project_id \(blob) NOT NULL, account_id \(blob) NOT NULL,
        name \(text) NOT NULL, url \(text) NOT NULL, environment \(text) NOT NULL,
        events \(text) NOT NULL, disabled_reason \(text), sealed_secrets \(blob) NOT NULL,
        sealed_previous \(blob), previous_until \(integer), created_at \(integer) NOT NULL,
        revision \(integer) NOT NULL, removed_at \(integer),
        CONSTRAINT webhooks_id PRIMARY KEY (id),
        CONSTRAINT webhooks_account FOREIGN KEY (account_id) REFERENCES accounts (id)
          ON DELETE CASCADE) \(types.clusteredTable)
      """,
      "CREATE INDEX webhooks_by_account ON webhooks (account_id, id)",
      "CREATE INDEX webhooks_removed ON webhooks (removed_at) WHERE removed_at IS NOT NULL",
      // What changes with every delivery, apart from what somebody configured.
      """
      CREATE TABLE webhook_queues (
        webhook_id \(blob) NOT NULL, due_at \(integer) NOT NULL, leased_until \(integer) NOT NULL,
        epoch \(integer) NOT NULL, failures \(integer) NOT NULL, failing_since \(integer),
        paused_until \(integer), warned \(integer) NOT NULL,
        CONSTRAINT webhook_queues_webhook_id PRIMARY KEY (webhook_id),
        CONSTRAINT webhook_queues_webhook FOREIGN KEY (webhook_id) REFERENCES webhooks (id)
          ON DELETE CASCADE) \(types.clusteredTable)
      """,
      "CREATE INDEX webhook_queues_by_due ON webhook_queues (due_at)",
      """
      CREATE TABLE events (
        id \(blob) NOT NULL, project_id \(blob) NOT NULL, account_id \(blob) NOT NULL,
        environment \(text), type \(text) NOT NULL, created_at \(integer) NOT NULL,
        data \(text) NOT NULL, body \(blob),
        CONSTRAINT events_id PRIMARY KEY (id),
        CONSTRAINT events_account FOREIGN KEY (account_id) REFERENCES accounts (id)
          ON DELETE CASCADE) \(types.clusteredTable)
      """,
      "CREATE INDEX events_by_project ON events (project_id, id)",
      "CREATE INDEX events_by_account ON events (account_id)",
      """
      CREATE TABLE deliveries (
        id \(blob) NOT NULL, event_id \(blob) NOT NULL, webhook_id \(blob) NOT NULL,
        state \(integer) NOT NULL, tries \(integer) NOT NULL, next_attempt_at \(integer),
        attempts \(text) NOT NULL, body \(blob),
        CONSTRAINT deliveries_id PRIMARY KEY (id),
        CONSTRAINT deliveries_event FOREIGN KEY (event_id) REFERENCES events (id)
          ON DELETE CASCADE,
        CONSTRAINT deliveries_webhook FOREIGN KEY (webhook_id) REFERENCES webhooks (id)
          ON DELETE CASCADE) \(types.clusteredTable)
      """,
      "CREATE INDEX deliveries_by_event ON deliveries (event_id)",
      "CREATE INDEX deliveries_by_webhook ON deliveries (webhook_id, id)",
      """
      CREATE INDEX deliveries_due ON deliveries (webhook_id, next_attempt_at, id)
        WHERE next_attempt_at IS NOT NULL
      """,
      // For telling that keys expire soon.
      "CREATE INDEX keys_by_expiry ON keys (expires_at) WHERE expires_at IS NOT NULL",
    ]
  }
}
