// The events that this server itself makes, with what their `data` holds. Types are part of the
// contract: never change one. A project's own types stand in its policy.

package enum EventKind: String, Sendable, CaseIterable {
  case keyCreated = "key.created"
  case keyRotated = "key.rotated"
  case keyRevoked = "key.revoked"
  case keyExpiring = "key.expiring"
  case cycleCommitted = "cycle.committed"
  case cycleFailed = "cycle.failed"
  case quotaThreshold = "quota.threshold"
  case webhookDisabled = "webhook.disabled"
  case webhookTest = "webhook.test"
  case leakReported = "leak.reported"

  package var title: String {
    switch self {
    case .keyCreated: "A key was made"
    case .keyRotated: "A key got a new secret"
    case .keyRevoked: "A key was revoked"
    case .keyExpiring: "A key expires soon"
    case .cycleCommitted: "A cycled key was acknowledged and is in force"
    case .cycleFailed: "A cycled key did not arrive; the old one stays valid"
    case .quotaThreshold: "A part of a quota is used up"
    case .webhookDisabled: "A webhook was disabled"
    case .webhookTest: "A test"
    case .leakReported: "A key was found where it should not be"
    }
  }

  /// JSON Schema of `data`.
  package var schema: JSONValue {
    let (properties, required) = members
    return [
      "type": "object", "properties": .object(properties),
      "required": .array(required.map { .string($0) }),
    ]
  }

  private var members: (JSONObject, required: [String]) {
    switch self {
    case .keyCreated, .keyRevoked: (Self.key, ["key_id", "environment"])
    case .keyRotated:
      (
        Self.key.merging(["version_id": Self.text, "mode": Self.choice(["rotate", "reset"])]),
        ["key_id", "environment", "version_id", "mode"]
      )
    case .keyExpiring:
      (
        Self.key.merging(["expires_at": Self.time, "days": Self.integer]),
        ["key_id", "environment", "expires_at", "days"]
      )
    case .cycleCommitted, .cycleFailed:
      (
        [
          "cycle_id": Self.text, "key_id": Self.text, "cause": Self.text,
          "reason": ["type": ["string", "null"]],
        ], ["cycle_id", "key_id"]
      )
    case .quotaThreshold:
      (
        [
          "percent": Self.integer, "limit": Self.integer, "used": Self.integer,
          "resets_at": Self.time, "application_id": Self.text, "key_id": Self.text,
        ], ["percent", "limit", "used", "resets_at"]
      )
    case .webhookDisabled:
      (
        ["webhook_id": Self.text, "url": Self.text, "reason": Self.text],
        ["webhook_id", "url", "reason"]
      )
    case .webhookTest: (["test": ["const": true]], ["test"])
    case .leakReported:
      (
        Self.key.merging([
          "version_id": Self.text, "action": Self.choice(Leak.Action.allCases.map(\.rawValue)),
          "url": Self.text, "source": Self.text,
        ]), ["key_id", "environment", "version_id", "action", "url", "source"]
      )
    }
  }

  private static let text: JSONValue = ["type": "string"]
  private static let integer: JSONValue = ["type": "integer"]
  private static let time: JSONValue = ["type": "string", "format": "date-time"]
  private static func choice(_ values: [String]) -> JSONValue {
    ["type": "string", "enum": .array(values.map { .string($0) })]
  }
  private static let key: JSONObject = [
    "key_id": text, "public_id": ["type": ["string", "null"]], "application_id": text,
    "environment": text, "kind": text, "access": text, "name": text, "hint": text,
  ]
}
