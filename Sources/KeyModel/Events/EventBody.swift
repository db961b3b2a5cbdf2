// The bytes that a subscriber is sent for an event: the house's own, or as the policy words them.
// Made once, when the event happens, and kept: every attempt and replay sends the same.

package enum EventBody {
  /// What may stand in braces in the policy's `webhooks.body`.
  package static let placeholders = [
    "id", "type", "data", "created_at", "updated_at", "account_id", "environment", "webhook_id",
    "webhook_url",
  ]

  /// Whether the bytes differ between the webhooks that hear of one event.
  package static func isOwn(_ template: JSONValue?) -> Bool {
    guard let template else { return false }
    return template.texts.contains { text in
      PlaceholderText.parts(of: text).contains { part in
        part.placeholderName == "webhook_id" || part.placeholderName == "webhook_url"
      }
    }
  }

  /// - Parameters:
  ///   - template: the policy's; nil: `{id,type,created_at,account_id,environment,data}`.
  ///   - webhook: where `isOwn`.
  package static func bytes(
    of event: Event, _ template: JSONValue?, for webhook: Webhook? = nil
  ) -> [UInt8] {
    JSONWriter.compact(
      JSONTemplate.fill(template ?? house) { name in value(name, event, webhook) })
  }

  private static let house: JSONValue = [
    "id": "{id}", "type": "{type}", "created_at": "{created_at}", "account_id": "{account_id}",
    "environment": "{environment}", "data": "{data}",
  ]

  private static func value(_ name: String, _ event: Event, _ webhook: Webhook?) -> JSONValue {
    switch name {
    case "id": .string(event.id.description)
    case "type": .string(event.type)
    case "data": .object(event.data)
    case "created_at", "updated_at": .string(RFC3339.format(event.createdAt))
    case "account_id": .string(event.accountID.description)
    case "environment": event.environment.map { .string($0) } ?? .null
    case "webhook_id": webhook.map { .string($0.id.description) } ?? .null
    case "webhook_url": webhook.map { .string($0.url) } ?? .null
    default: .null
    }
  }
}
