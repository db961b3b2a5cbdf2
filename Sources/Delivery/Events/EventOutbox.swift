// Writes what happened into the store, in the transaction in which it happened: the event, and a
// delivery for each webhook that hears of it. Nothing is sent here.
package import Crypto
package import KeyModel
package import Storage

package struct EventOutbox {
  private let tx: Transaction
  private let now: Timestamp
  private let entropy: any Entropy
  private let rules: (ProjectID) throws -> WebhookRules

  /// - Parameter rules: of a project, as this transaction sees it.
  package init(
    _ tx: Transaction, now: Timestamp, entropy: any Entropy,
    rules: @escaping (ProjectID) throws -> WebhookRules
  ) {
    self.tx = tx
    self.now = now
    self.entropy = entropy
    self.rules = rules
  }

  /// Gives the webhooks that will be called; none where nobody subscribed, and then nothing is
  /// stored.
  /// - Parameters:
  ///   - environment: nil: the event is heard of in all of them.
  ///   - id: nil: a new one.
  @discardableResult
  package func write(
    _ type: String, project: ProjectID, account: AccountID, environment: String?,
    _ data: @autoclosure () throws -> JSONObject, id: EventID? = nil
  ) throws -> [WebhookID] {
    let webhooks = try tx.webhooks.all(account: account).filter {
      $0.hears(type, in: environment)
    }
    guard !webhooks.isEmpty else { return [] }
    let event = Event(
      id: id ?? entropy.newID(now), projectID: project, accountID: account,
      environment: environment, type: type, createdAt: now, data: try data())
    try write(event, to: webhooks)
    return webhooks.map(\.id)
  }

  /// For these webhooks, whatever they subscribed to. Gives the deliveries, in their order.
  @discardableResult
  package func write(_ event: Event, to webhooks: [Webhook]) throws -> [Delivery] {
    let rows = EventRows(event, to: webhooks, try rules(event.projectID), now: now) {
      entropy.newID(now)
    }
    try tx.events.insert(event, body: rows.body)
    try tx.deliveries.insert(rows.deliveries)
    for webhook in webhooks { try tx.webhookQueues.bring(webhook.id, to: rows.firstAt) }
    return rows.deliveries
  }
}

/// What is stored of an event beside itself. Pure.
package struct EventRows: Sendable {
  /// What every attempt sends; nil where each delivery has its own.
  package let body: [UInt8]?
  /// In the order of the webhooks.
  package let deliveries: [Delivery]
  /// When the first attempts are due.
  package let firstAt: Timestamp

  package init(
    _ event: Event, to webhooks: [Webhook], _ rules: WebhookRules, now: Timestamp,
    newID: () -> DeliveryID
  ) {
    let isOwn = EventBody.isOwn(rules.body)
    let first = now.adding(seconds: rules.waits(for: event.type).first ?? 0)
    body = isOwn ? nil : EventBody.bytes(of: event, rules.body)
    firstAt = first
    deliveries = webhooks.map { webhook in
      Delivery(
        id: newID(), eventID: event.id, webhookID: webhook.id, nextAttemptAt: first,
        body: isOwn ? EventBody.bytes(of: event, rules.body, for: webhook) : nil)
    }
  }
}

extension WebhookRules {
  /// Seconds before each attempt. A test is made once.
  package func waits(for type: String) -> [Int64] {
    type == EventKind.webhookTest.rawValue ? [0] : retry
  }
}
