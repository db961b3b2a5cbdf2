// What a policy says about making, changing, showing and removing keys, as answers to counts and
// times that the caller looked up.

package enum RotationMode: Hashable, Sendable {
  /// A new secret beside the old one for so many seconds.
  case overlap(seconds: Int64)
  case reset
  case resetAll
}

package enum KeyLimitRule {
  /// - Parameter active: active keys that already count together with the new one.
  package static func check(active: Int, max: Int?) throws(Refusal) {
    if let max, active >= max { throw .keyLimitReached }
  }

  /// - Parameter active: active keys that count together with the one to be removed, it included.
  package static func checkRemoval(active: Int, min: Int) throws(Refusal) {
    if active <= min { throw .lastKey }
  }

  package static func checkApplications(existing: Int, max: Int?) throws(Refusal) {
    if let max, existing >= max { throw .applicationLimitReached }
  }
}

package enum KeyRules {
  /// - Parameter isCycling: the account's auto cycling is on.
  package static func checkRotation(
    _ mode: RotationMode, policy: Policy, isCycling: Bool
  ) throws(Refusal) {
    let allowed =
      switch mode {
      case .overlap(let seconds):
        policy.rotation.overlapMaxSeconds.map { (0...$0).contains(seconds) } ?? false
      case .reset: policy.rotation.reset
      case .resetAll: policy.rotation.resetAll
      }
    guard allowed else { throw .rotationModeDisabled }
    if isCycling, let cycling = policy.autoCycling, !cycling.manualRotationWhileOn {
      throw .manualRotationDisabled
    }
  }

  /// Nil: an application's keys choose their own.
  package static func checkAccess(
    _ new: Access?, replacing old: Access?, policy: Policy
  ) throws(Refusal) {
    if policy.accessFixed, new != old { throw .accessFixed }
  }

  /// The version whose secret may be shown.
  package static func versionToReveal(
    of key: Key, policy: Policy
  ) throws(Refusal) -> KeyVersion {
    guard key.state == .active else { throw .keyRevoked }
    let reveal = policy.environments.first { $0.name == key.environment }?.reveal
    guard reveal == .always,
      let version = key.versions.last(where: { $0.state == .active && $0.sealedSecret != nil })
    else { throw .secretNotRecoverable }
    return version
  }

  /// Auto cycling is off in a policy without it, and for plans that it does not name.
  package static func checkAutoCycling(policy: Policy, plan: String?) throws(Refusal) {
    guard let rules = policy.autoCycling else { throw .rotationModeDisabled }
    if rules.plans.isEmpty { return }
    guard let plan, rules.plans.contains(plan) else { throw .planRequired }
  }
}
