// Rows of webhooks. A removed one is out of sight at once and goes when its deliveries have gone.
package import KeyModel

package struct WebhookRepository {
  private let transaction: Transaction
  init(_ transaction: Transaction) { self.transaction = transaction }

  private static let columns = """
    id, project_id, account_id, name, url, environment, events, disabled_reason, sealed_secrets,
    sealed_previous, previous_until, created_at, revision
    """
  private static let byAccount = """
    SELECT \(columns) FROM webhooks WHERE account_id = $1 AND removed_at IS NULL ORDER BY id
    """

  /// With its queue, in which nothing is due.
  package func insert(_ webhook: Webhook) throws(StoreError) {
    try transaction.execute(
      """
      INSERT INTO webhooks (\(Self.columns))
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
      """,
      [
        .id(webhook.id), .id(webhook.projectID), .id(webhook.accountID), .text(webhook.name),
        .text(webhook.url), .text(webhook.environment), JSONColumn.text(webhook.events),
        .text(webhook.disabledReason?.rawValue), .blob(webhook.sealedSecrets),
        .blob(webhook.sealedPrevious), .time(webhook.previousUntil), .time(webhook.createdAt),
        .integer(webhook.revision),
      ])
    try transaction.webhookQueues.insert(webhook.id)
  }

  /// `webhook.revision` is the one that was read: `stale` where another is stored or none. Gives
  /// what is stored now, one revision later.
  package func update(_ webhook: Webhook) throws(StoreError) -> Webhook {
    try transaction.executeOne(
      """
      UPDATE webhooks SET name = $2, url = $3, environment = $4, events = $5,
        disabled_reason = $6, sealed_secrets = $7, sealed_previous = $8, previous_until = $9,
        revision = revision + 1
      WHERE id = $1 AND revision = $10
      """,
      [
        .id(webhook.id), .text(webhook.name), .text(webhook.url), .text(webhook.environment),
        JSONColumn.text(webhook.events), .text(webhook.disabledReason?.rawValue),
        .blob(webhook.sealedSecrets), .blob(webhook.sealedPrevious),
        .time(webhook.previousUntil), .integer(webhook.revision),
      ])
    var stored = webhook
    stored.revision += 1
    return stored
  }

  package func find(_ id: WebhookID) throws(StoreError) -> Webhook? {
    try transaction.row(
      "SELECT \(Self.columns) FROM webhooks WHERE id = $1 AND removed_at IS NULL", [.id(id)],
      Self.webhook)
  }

  /// Newest first; `before` is exclusive, `limit` at most 200.
  package func list(
    account: AccountID, before: WebhookID? = nil, limit: Int
  ) throws(StoreError) -> [Webhook] {
    var conditions = Conditions()
    conditions.add("account_id = ?", .id(account))
    conditions.add("removed_at IS NULL")
    let page = conditions.newestFirst(before: before, limit: limit)
    return try transaction.rows(
      "SELECT \(Self.columns) FROM webhooks\(page)",
      conditions.arguments, Self.webhook)
  }

  /// All of an account, oldest first. In a write transaction the answer holds until it ends.
  package func all(account: AccountID) throws(StoreError) -> [Webhook] {
    try transaction.rows(Self.byAccount, [.id(account)], Self.webhook)
  }

  package func remove(_ id: WebhookID, at now: Timestamp) throws(StoreError) {
    try transaction.executeOne(
      "UPDATE webhooks SET removed_at = $2 WHERE id = $1 AND removed_at IS NULL",
      [.id(id), .time(now)])
  }

  /// One that was removed, with at most `limit` of its deliveries; the row itself goes with the
  /// last. False where none is left to erase.
  package func eraseRemoved(limit: Int) throws(StoreError) -> Bool {
    guard
      let id: WebhookID = try transaction.row(
        "SELECT id FROM webhooks WHERE removed_at IS NOT NULL ORDER BY removed_at LIMIT 1", [],
        { (row: any Row) throws(StoreError) in try row.id(0) })
    else { return false }
    if try transaction.deliveries.delete(of: id, limit: limit) == 0 {
      try transaction.execute("DELETE FROM webhooks WHERE id = $1", [.id(id)])
    }
    return true
  }

  private static func webhook(_ row: any Row) throws(StoreError) -> Webhook {
    let reason = try row.optionalText(7).map { (text: String) throws(StoreError) in
      guard let reason = Webhook.DisabledReason(rawValue: text) else {
        throw .corrupt("reason \(text)")
      }
      return reason
    }
    return Webhook(
      id: try row.id(0), projectID: try row.id(1), accountID: try row.id(2),
      name: try row.text(3), url: try row.text(4), environment: try row.text(5),
      events: try row.strings(6), disabledReason: reason, sealedSecrets: try row.blob(8),
      sealedPrevious: try row.optionalBlob(9), previousUntil: try row.optionalTime(10),
      createdAt: try row.time(11), revision: try row.integer(12))
  }
}
