// What the engine asks of the rooms above it: what a project's policy says, what signs, and what
// follows for a webhook that fails. All of it is asked inside a transaction.
package import KeyModel
package import Storage

/// How the deliveries of one webhook are made.
package struct Assignment: Sendable {
  package var rules: WebhookRules
  package var material: SigningMaterial

  package init(rules: WebhookRules, material: SigningMaterial) {
    self.rules = rules
    self.material = material
  }
}

/// What a webhook's owner is to hear of, or what is to become of the webhook.
package enum DeliveryNotice: Sendable {
  case endpoint(EndpointHealth.Effect)
  /// An event was given up after its last attempt; told once until something arrives again.
  case gaveUp(Delivery, eventType: String)
}

package protocol DeliveryDesk: Sendable {
  func assignment(
    of webhook: Webhook, _ tx: Transaction, now: Timestamp
  ) throws -> Assignment

  /// In a writing transaction. Gives the webhooks in whose queues there is something new.
  func heed(
    _ notice: DeliveryNotice, of webhook: WebhookID, _ tx: Transaction, now: Timestamp
  ) throws -> [WebhookID]
}
