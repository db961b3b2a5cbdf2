// The outbox of mails. Released: must not change.

extension Migration {
  static let mails = Migration(version: 13) { types in
    let (integer, text, blob) = (types.integer, types.text, types.blob)
    return [
      """
      CREATE TABLE mails (
        id \(blob) NOT NULL, project_id \(blob) NOT NULL, account_id \(blob) NOT NULL,
        kind \(text) NOT NULL, recipient \(text), subject \(text) NOT NULL,
        body_text \(text) NOT NULL, body_html \(text) NOT NULL, state \(integer) NOT NULL,
        tries \(integer) NOT NULL, next_attempt_at \(integer), leased_until \(integer) NOT NULL,
        epoch \(integer) NOT NULL, last_error \(text), created_at \(integer) NOT NULL,
        sent_at \(integer),
        CONSTRAINT mails_id PRIMARY KEY (id),
        CONSTRAINT mails_account FOREIGN KEY (account_id) REFERENCES accounts (id)
          ON DELETE CASCADE) \(types.clusteredTable)
      """,
      "CREATE INDEX mails_by_account ON mails (account_id, id)",
      "CREATE INDEX mails_by_project ON mails (project_id, id)",
      """
      CREATE INDEX mails_due ON mails (next_attempt_at, id) WHERE next_attempt_at IS NOT NULL
      """,
    ]
  }
}
