// Webhooks, events and deliveries as the control plane keeps them. When an attempt is due and what
// follows from its outcome is in Delivery/.

/// A customer's HTTPS endpoint and what it wants to hear of.
package struct Webhook: Hashable, Sendable {
  /// Raw values are shown as `disabled_reason`.
  package enum DisabledReason: String, Sendable, CaseIterable {
    /// Somebody switched it off.
    case manual
    /// It answered 410.
    case gone
    /// It failed for the policy's `disable_after_seconds`.
    case failing
  }
  package var id: WebhookID
  package var projectID: ProjectID
  package var accountID: AccountID
  package var name: String
  package var url: String
  package var environment: String
  /// Event types, or `*` for all.
  package var events: [String]
  /// Nil: enabled.
  package var disabledReason: DisabledReason?
  /// What signs and identifies, sealed; see `WebhookSecrets`.
  package var sealedSecrets: [UInt8]
  /// Those before the last rotation, until `previousUntil`.
  package var sealedPrevious: [UInt8]?
  package var previousUntil: Timestamp?
  package var createdAt: Timestamp
  package var revision: Int64

  package init(
    id: WebhookID, projectID: ProjectID, accountID: AccountID, name: String, url: String,
    environment: String, events: [String], disabledReason: DisabledReason? = nil,
    sealedSecrets: [UInt8], sealedPrevious: [UInt8]? = nil, previousUntil: Timestamp? = nil,
    createdAt: Timestamp, revision: Int64 = 1
  ) {
    self.id = id
    self.projectID = projectID
    self.accountID = accountID
    self.name = name
    self.url = url
    self.environment = environment
    self.events = events
    self.disabledReason = disabledReason
    self.sealedSecrets = sealedSecrets
    self.sealedPrevious = sealedPrevious
    self.previousUntil = previousUntil
    self.createdAt = createdAt
    self.revision = revision
  }

  /// Every type.
  package static let everything = "*"

  /// Whether it hears of events of this type in this environment; nil: those of the whole account.
  package func hears(_ type: String, in environment: String?) -> Bool {
    disabledReason == nil && (environment == nil || environment == self.environment)
      && (events.contains(type) || events.contains(Self.everything))
  }
}

/// Something that happened, as a subscriber sees it.
package struct Event: Hashable, Sendable {
  package var id: EventID
  package var projectID: ProjectID
  package var accountID: AccountID
  /// Nil: it concerns the account in all of them.
  package var environment: String?
  package var type: String
  package var createdAt: Timestamp
  package var data: JSONObject

  package init(
    id: EventID, projectID: ProjectID, accountID: AccountID, environment: String?, type: String,
    createdAt: Timestamp, data: JSONObject
  ) {
    self.id = id
    self.projectID = projectID
    self.accountID = accountID
    self.environment = environment
    self.type = type
    self.createdAt = createdAt
    self.data = data
  }
}

/// Raw values are stored.
package enum DeliveryState: UInt8, Sendable, CaseIterable {
  case pending = 0
  case delivered = 1
  case failed = 2
  case cancelled = 3
  package var name: String {
    switch self {
    case .pending: "pending"
    case .delivered: "delivered"
    case .failed: "failed"
    case .cancelled: "cancelled"
    }
  }
}

/// One call of an endpoint and what came of it.
package struct DeliveryAttempt: Hashable, Sendable {
  package var at: Timestamp
  /// Of the answer; nil: there was none.
  package var status: Int?
  package var latencyMilliseconds: Int64
  /// Why it failed, in one line; nil: it did not.
  package var error: String?
  /// The beginning of the answer's body, without secrets.
  package var responseExcerpt: String?

  package init(
    at: Timestamp, status: Int? = nil, latencyMilliseconds: Int64 = 0, error: String? = nil,
    responseExcerpt: String? = nil
  ) {
    self.at = at
    self.status = status
    self.latencyMilliseconds = latencyMilliseconds
    self.error = error
    self.responseExcerpt = responseExcerpt
  }
}

/// Bringing one event to one webhook.
package struct Delivery: Hashable, Sendable {
  package var id: DeliveryID
  package var eventID: EventID
  package var webhookID: WebhookID
  package var state: DeliveryState
  /// Attempts of the present series: a replay begins a new one.
  package var tries: Int
  /// Nil unless pending.
  package var nextAttemptAt: Timestamp?
  /// The latest of all series, oldest first.
  package var attempts: [DeliveryAttempt]
  /// The bytes that are sent where they are this webhook's own; nil: the event's.
  package var body: [UInt8]?

  package init(
    id: DeliveryID, eventID: EventID, webhookID: WebhookID, state: DeliveryState = .pending,
    tries: Int = 0, nextAttemptAt: Timestamp? = nil, attempts: [DeliveryAttempt] = [],
    body: [UInt8]? = nil
  ) {
    self.id = id
    self.eventID = eventID
    self.webhookID = webhookID
    self.state = state
    self.tries = tries
    self.nextAttemptAt = nextAttemptAt
    self.attempts = attempts
    self.body = body
  }
}
