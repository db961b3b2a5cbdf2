// The request bodies about webhooks and events. Which event types there are is the policy's.
package import KeyModel

package struct NewWebhook: Sendable {
  package var name: String
  package var url: String
  /// Nil: the only one there is.
  package var environment: String?
  package var events: [String]

  package init(name: String, url: String, environment: String? = nil, events: [String]) {
    self.name = name
    self.url = url
    self.environment = environment
    self.events = events
  }

  package init(_ fields: inout Fields) throws(Problem) {
    let name = fields.required("name", FieldRule.line("name"))
    let url = fields.required("url", FieldRule.line("url", max: 2048))
    environment = fields.optional("environment", FieldRule.line("environment"))
    let events = fields.required("events", WebhookInputRule.events("events"))
    try fields.finish()
    guard let name, let url, let events else { throw .invalid("", "is incomplete") }
    self.name = name
    self.url = url
    self.events = events
  }
}

package struct WebhookPatch: Sendable {
  package var name: String?
  package var url: String?
  package var environment: String?
  package var events: [String]?
  package var enabled: Bool?

  package init() {}

  package init(_ fields: inout Fields) throws(Problem) {
    name = fields.replacement("name", FieldRule.line("name"))
    url = fields.replacement("url", FieldRule.line("url", max: 2048))
    environment = fields.replacement("environment", FieldRule.line("environment"))
    events = fields.replacement("events", WebhookInputRule.events("events"))
    enabled = fields.replacement("enabled", FieldRule.flag("enabled"))
    try fields.finish()
  }
}

package struct WebhookRotation: Sendable {
  /// How long old and new secret sign together.
  package var overlapSeconds: Int64
  package static let defaultSeconds: Int64 = 86_400
  package static let longestSeconds: Int64 = 604_800

  package init(overlapSeconds: Int64 = defaultSeconds) { self.overlapSeconds = overlapSeconds }

  package init(_ fields: inout Fields) throws(Problem) {
    overlapSeconds =
      fields.optional(
        "overlap_seconds", FieldRule.integer("overlap_seconds", 0...Self.longestSeconds))
      ?? Self.defaultSeconds
    try fields.finish()
  }
}

package struct WebhookReplay: Sendable {
  package var since: Timestamp

  package init(since: Timestamp) { self.since = since }

  package init(_ fields: inout Fields) throws(Problem) {
    let since = fields.required("since") { fields, value in
      value.string.flatMap { RFC3339.parse($0) }
        ?? FieldRule.wrong(&fields, "since", "must be an RFC 3339 time")
    }
    try fields.finish()
    guard let since else { throw .invalid("/since", "is required") }
    self.since = since
  }
}

/// What the operator's own backend publishes.
package struct NewEvent: Sendable {
  package var type: String
  /// Nil: the only one there is.
  package var environment: String?
  package var data: JSONObject

  package init(type: String, environment: String? = nil, data: JSONObject) {
    self.type = type
    self.environment = environment
    self.data = data
  }

  package init(_ fields: inout Fields) throws(Problem) {
    let type = fields.required("type", FieldRule.line("type"))
    environment = fields.optional("environment", FieldRule.line("environment"))
    let data = fields.required("data", FieldRule.object("data"))
    try fields.finish()
    guard let type, let data = data?.object else { throw .invalid("", "is incomplete") }
    self.type = type
    self.data = data
  }
}

enum WebhookInputRule {
  static func events(_ name: String) -> FieldRule.Read<[String]> {
    { fields, value in
      guard let events = FieldRule.lines(name, max: 256)(&fields, value) else { return nil }
      guard !events.isEmpty else {
        return FieldRule.wrong(&fields, name, "must name at least one event type, or *")
      }
      return events
    }
  }
}
