// A denial's answer as a policy words it. Making bytes of it is the gateway's job.

/// Status, headers and body, with the placeholders still in them.
package struct ErrorTemplate: Sendable, Hashable {
  /// What may stand in braces inside header values and the texts of a body.
  package static let placeholders = [
    "code", "message", "limit", "remaining", "resets_at", "retry_after", "request_id",
  ]
  /// The same for headers of every answer: of an admitted call nothing else is known.
  package static let answerPlaceholders = ["request_id"]
  /// The entry that words the answers of `groupedCodes` where they have none of their own.
  package static let groupName = "invalid"
  package static let groupedCodes: [DecisionCode] = [
    .malformed, .notFound, .revoked, .expired, .wrongEnvironment,
  ]

  package struct Header: Sendable, Hashable {
    package var name: String
    package var value: String
    package init(name: String, value: String) {
      self.name = name
      self.value = value
    }
  }
  package var status: Int
  package var headers: [Header]
  /// Nil: an empty body.
  package var body: JSONValue?
  package init(status: Int, headers: [Header] = [], body: JSONValue? = nil) {
    self.status = status
    self.headers = headers
    self.body = body
  }
}

extension Policy {
  /// The entry for a code: its own, else that of its group; nil where the policy words neither.
  package func errorTemplate(for code: DecisionCode) -> ErrorTemplate? {
    if let own = errors[code.name] { return own }
    return ErrorTemplate.groupedCodes.contains(code) ? errors[ErrorTemplate.groupName] : nil
  }
}
