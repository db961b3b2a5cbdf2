// The outcome of deciding on one call, in the contract's words (http-api.md, Verify).

/// `valid`, or why a call is refused. Raw values are stable; they are stored in request records.
@usableFromInline package enum DecisionCode: UInt8, Sendable, CaseIterable {
  case valid = 0
  /// No credential was presented.
  case missing
  /// Wrong prefix, alphabet, length or checksum; never reaches the record table.
  case malformed
  /// Well-formed but unknown.
  case notFound
  case revoked
  case expired
  case wrongEnvironment
  case readOnly
  case routeNotAllowed
  case quotaExceeded
  case rateLimited
  case concurrencyExceeded
  case accountSuspended

  /// The code as it stands in answers, metrics and policies.
  package var name: String { word.description }

  @usableFromInline package var word: StaticString {
    switch self {
    case .valid: "valid"
    case .missing: "missing"
    case .malformed: "malformed"
    case .notFound: "not_found"
    case .revoked: "revoked"
    case .expired: "expired"
    case .wrongEnvironment: "wrong_environment"
    case .readOnly: "read_only"
    case .routeNotAllowed: "route_not_allowed"
    case .quotaExceeded: "quota_exceeded"
    case .rateLimited: "rate_limited"
    case .concurrencyExceeded: "concurrency_exceeded"
    case .accountSuspended: "account_suspended"
    }
  }
}
