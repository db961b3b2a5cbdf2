// From a rule's refusal to the problem that is answered.
internal import KeyModel

extension ProblemCode {
  init(_ refusal: Refusal) {
    self =
      switch refusal {
      case .keyLimitReached: .keyLimitReached
      case .applicationLimitReached: .applicationLimitReached
      case .lastKey: .lastKey
      case .rotationModeDisabled: .rotationModeDisabled
      case .manualRotationDisabled: .manualRotationDisabled
      case .keyInUse: .keyInUse
      case .secretNotRecoverable: .secretNotRecoverable
      case .keyRevoked: .keyRevoked
      case .keyExpired: .keyExpired
      case .accessFixed: .accessFixed
      case .planRequired: .planRequired
      }
  }
}

extension Problem {
  init(_ refusal: Refusal) { self.init(ProblemCode(refusal), Self.detail(refusal)) }

  /// Asks a rule; its refusal gets `detail` as its words.
  static func refusing(
    _ detail: String, _ rule: () throws(Refusal) -> Void
  ) throws(Problem) {
    do throws(Refusal) {
      try rule()
    } catch {
      throw Problem(ProblemCode(error), detail)
    }
  }

  private static func detail(_ refusal: Refusal) -> String {
    switch refusal {
    case .keyLimitReached: "Revoke a key first."
    case .applicationLimitReached: "Delete an application first."
    case .lastKey: "Make another key first."
    case .rotationModeDisabled: "The project's policy has this way to change a secret switched off."
    case .manualRotationDisabled: "The keys of this account cycle by themselves."
    case .keyInUse: "The key was used a short while ago. Send ?force=true to revoke it anyway."
    case .secretNotRecoverable: "The policy shows a secret once, when it is made."
    case .keyRevoked: "Nothing can be done to a key after its revocation."
    case .keyExpired: "The key is expired: give it a later expires_at first."
    case .accessFixed: "The project's policy keeps the access that a key was made with."
    case .planRequired: "The account's plan does not have this."
    }
  }
}
