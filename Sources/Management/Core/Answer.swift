// What a use case was asked with and what it answers, without HTTP's own words.
package import KeyModel

/// Who asks, and the request's idempotency key where it has one.
package struct Caller: Sendable {
  package var principal: Principal
  package var idempotency: IdempotencyKey?

  package init(_ principal: Principal, idempotency: IdempotencyKey? = nil) {
    self.principal = principal
    self.idempotency = idempotency
  }
}

package struct IdempotencyKey: Sendable, Hashable {
  /// 1 to 255 characters, without the quotes of a structured field.
  package var key: String
  /// `POST /v1/keys/key_…/rotate`: the same key at another route is another request.
  package var route: String
  /// The body, normalized by the JSON writer.
  package var body: [UInt8]

  package init(key: String, route: String, body: [UInt8]) {
    self.key = key
    self.route = route
    self.body = body
  }
}

package struct Answer: Sendable, Hashable {
  package var status: Int
  /// Nil: no body (204).
  package var body: JSONValue?
  /// The answer to an earlier request with the same idempotency key.
  package var replayed = false
  /// A body that is made while it is sent; then `body` is nil.
  package var stream: AnswerStream?

  package init(_ status: Int, _ body: JSONValue? = nil) {
    self.status = status
    self.body = body
  }

  package static let noContent = Answer(204)
}

/// The wall clock. The only way time gets into this module.
package protocol WallClock: Sendable {
  func now() -> Timestamp
}
