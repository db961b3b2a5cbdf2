// The knob `self_service`: an API on the gateway by which keys manage the keys of their account.
// What its answers look like is the policy's; filling them in is SelfServiceShape's.

package struct SelfService: Sendable, Hashable {
  package struct Answer: Sendable, Hashable {
    package var status: Int
    package var body: JSONValue?
    /// What stands for each key where `body` holds `{keys}`.
    package var item: JSONValue?
    /// Members that a request's body may have; the others are refused.
    package var accepts: [String]
    package init(
      status: Int, body: JSONValue? = nil, item: JSONValue? = nil, accepts: [String] = []
    ) {
      self.status = status
      self.body = body
      self.item = item
      self.accepts = accepts
    }
  }

  /// What `accepts` may name.
  package static let acceptable = ["name", "description", "access", "expires_at"]
  /// Members of a key that an answer may show; `id` is the public id where there is one.
  package static let keyPlaceholders = [
    "id", "secret", "hint", "masked", "name", "description", "environment", "kind", "access",
    "created_at", "expires_at", "last_used_at",
  ]
  package static let listPlaceholders = ["keys", "count", "next_cursor"]
  package static let errorPlaceholders = ["code", "message", "request_id"]
  /// What an entry of `errors` may be named beside the codes of denials.
  package static let errorNames =
    Refusal.allCases.map(\.code) + [
      "not_found", "method_not_allowed", "malformed_request", "malformed_json",
      "validation_failed", "payload_too_large", "request_timeout", "idempotency_mismatch",
      "idempotency_in_flight", "conflict", "unavailable",
    ]

  /// Where the gateway mounts it, also below the path prefix of each environment: begins with a
  /// slash.
  package var path: String
  package var list: Answer?
  package var create: Answer?
  package var delete: Answer?
  package var reset: Answer?
  /// Keyed by `errorNames` and the codes of denials; `not_found` is an unknown id here.
  package var errors: [String: ErrorTemplate] = [:]
  /// The body of refusals that have no entry in `errors`; nil: a problem document.
  package var errorBody: JSONValue?
  package init(path: String) { self.path = path }

  /// The list shows secrets, so that reading it is revealing them.
  package var listShowsSecrets: Bool {
    [list?.body, list?.item].contains { template in
      template?.texts.contains {
        PlaceholderText.parts(of: $0).contains(.placeholder("secret"))
      } ?? false
    }
  }
}

extension Policy {
  /// The policy as it words denials in the self-service API, whose own entries win. `not_found` is
  /// about ids there and not about credentials.
  package var inSelfService: Policy {
    var policy = self
    for (name, template) in selfService?.errors ?? [:] where name != "not_found" {
      policy.errors[name] = template
    }
    return policy
  }
}
