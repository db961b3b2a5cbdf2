// How webhooks, deliveries and event types look as JSON.
internal import Crypto
internal import Delivery
package import KeyModel

extension Represent {
  package static func webhook(_ webhook: Webhook) -> JSONObject {
    [
      "id": .string(webhook.id.description),
      "account_id": .string(webhook.accountID.description),
      "name": .string(webhook.name),
      "url": .string(webhook.url),
      "environment": .string(webhook.environment),
      "events": strings(webhook.events),
      "enabled": .bool(webhook.disabledReason == nil),
      "disabled_reason": text(webhook.disabledReason?.rawValue),
      "previous_secret_until": time(webhook.previousUntil),
      "created_at": time(webhook.createdAt),
    ]
  }

  /// What a receiver needs to verify; `token` where the policy sends one.
  static func secrets(_ secrets: WebhookSecrets, _ rules: WebhookRules) -> JSONObject {
    var object: JSONObject = [
      SecretMember.secret: .string(secrets.secret.revealText()),
      "public_key": .string(secrets.publicKey),
    ]
    if rules.sendsToken {
      object[SecretMember.token] = .string(secrets.token.revealText())
    }
    return object
  }

  package static func delivery(_ delivery: Delivery, eventType: String) -> JSONObject {
    [
      "id": .string(delivery.id.description),
      "event_id": .string(delivery.eventID.description),
      "webhook_id": .string(delivery.webhookID.description),
      "event_type": .string(eventType),
      "state": .string(delivery.state.name),
      "next_attempt_at": time(delivery.nextAttemptAt),
      "attempts": .array(delivery.attempts.map(attempt)),
    ]
  }

  private static func attempt(_ attempt: DeliveryAttempt) -> JSONValue {
    [
      "at": time(attempt.at),
      "status": attempt.status.map { .integer(Int64($0)) } ?? .null,
      "latency_ms": .integer(attempt.latencyMilliseconds),
      "error": text(attempt.error),
      "response_excerpt": text(attempt.responseExcerpt),
    ]
  }

  static func eventType(
    _ type: String, title: String, schema: JSONValue?, ofServer: Bool
  ) -> JSONValue {
    [
      "type": .string(type), "title": .string(title),
      "schema": schema ?? ["type": "object"],
      "source": .string(ofServer ? "server" : "project"),
    ]
  }
}
