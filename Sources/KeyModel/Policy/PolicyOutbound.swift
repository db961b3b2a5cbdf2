// The knobs of a policy whose effect is outside the data plane: webhooks, notices and retention.

package struct WebhookRules: Sendable, Hashable {
  package struct EventType: Sendable, Hashable {
    package var type: String
    package var title: String
    package var schema: JSONValue?
    package init(type: String, title: String, schema: JSONValue? = nil) {
      self.type = type
      self.title = title
      self.schema = schema
    }
  }
  package enum Signature: Sendable, Hashable {
    /// The Standard Webhooks headers.
    case standard
    /// One more header whose value holds `{hex}`, `{base64}` or `{token}`.
    case header(name: String, value: String, key: SignatureKey, content: SignedContent)
  }
  package enum SignedContent: String, Sendable, CaseIterable {
    /// The body as it is sent.
    case body
    /// The member `data` of the body as Python's `repr` prints it, which one receiver expects.
    case dataRepr = "data_repr"
  }
  package enum SignatureKey: String, Sendable, CaseIterable {
    case webhookSecret = "webhook_secret"
    case apiSecret = "api_secret"
    case clientSecret = "client_secret"
    case token
  }
  package var max: Int?
  package var timeoutSeconds: Int64 = 15
  /// Seconds to wait before each attempt; the first is 0.
  package var retry: [Int64] = [0, 5, 300, 1800, 7200, 18000, 36000]
  /// Nil: never disabled by failure.
  package var disableAfterSeconds: Int64?
  package var uniqueURL = false
  /// What a delivery says of its sender in the header field `User-Agent`.
  package var userAgent = "Latchkey-Webhooks/1"
  package var eventTypes: [EventType] = []
  package var body: JSONValue?
  package var signatures: [Signature] = [.standard]
  package init() {}
}

package struct NotifyRules: Sendable, Hashable {
  package var autoCyclingChanged = false
  package var cycleFailed = true
  /// An event could not be delivered after all attempts.
  package var webhookFailed = false
  /// Before and after a webhook is disabled by failure.
  package var webhookDisabled = true
  package var keyExpiringDays: [Int] = [30, 7, 1]
  package var quotaPercent: [Int] = [80, 100]
  package init() {}
}

package struct RetentionRules: Sendable, Hashable {
  package var requestsDays = 30
  package var deliveriesDays = 30
  package init() {}
}
