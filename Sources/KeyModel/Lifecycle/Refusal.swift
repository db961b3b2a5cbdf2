// Why a rule of the project refuses a change of keys or applications: not a fault of the request,
// and not one of the server.

package enum Refusal: Hashable, Sendable, Error, CaseIterable {
  /// One more active key than the policy allows.
  case keyLimitReached
  /// One more application than the policy allows.
  case applicationLimitReached
  /// Revoking it would leave fewer keys than the policy demands.
  case lastKey
  /// The policy has no such way to change a secret.
  case rotationModeDisabled
  /// Keys that cycle by themselves are not changed by hand.
  case manualRotationDisabled
  /// Safe delete: the key was used a short while ago.
  case keyInUse
  /// The policy shows a secret once, and that was when it was made.
  case secretNotRecoverable
  /// Nothing can be done to a key after its revocation.
  case keyRevoked
  /// An expired key takes no new secret.
  case keyExpired
  /// The policy keeps the access that a key or application was made with.
  case accessFixed
  /// The account's plan lacks the feature.
  case planRequired

  /// The `code` of the answer; stable.
  package var code: String {
    switch self {
    case .keyLimitReached: "key_limit_reached"
    case .applicationLimitReached: "application_limit_reached"
    case .lastKey: "last_key"
    case .rotationModeDisabled: "rotation_mode_disabled"
    case .manualRotationDisabled: "manual_rotation_disabled"
    case .keyInUse: "key_in_use"
    case .secretNotRecoverable: "secret_not_recoverable"
    case .keyRevoked: "key_revoked"
    case .keyExpired: "key_expired"
    case .accessFixed: "access_fixed"
    case .planRequired: "plan_required"
    }
  }

  /// The HTTP status of the answer.
  package var status: Int { self == .planRequired ? 403 : 409 }
}
