// What members are told of auto cycling by mail, where the policy wants it.
internal import KeyModel

extension ChangeContext {
  /// On, off, another endpoint or another frequency.
  /// - Parameter old: nil: it was never on.
  func tellCycling(_ settings: CyclingSettings, before old: CyclingSettings?) throws {
    let change: Notice.CyclingChange
    if !settings.isEnabled {
      change = .disabled
    } else if let old, old.isEnabled {
      change = .changed
    } else {
      change = .enabled
    }
    try mail(
      .cyclingChanged(
        change, environment: settings.environment, endpoint: settings.endpoint,
        everyDays: settings.everyDays,
        reason: settings.disabledReason.map { _ in
          "The endpoint answered 410: it is gone, and says so."
        }), project: settings.projectID, account: settings.accountID)
  }

  func tellFailed(_ cycle: Cycle) throws { try tellFailed(cycle, "") }

  /// No attempt follows, and nobody knows what became of those that were made.
  func tellDoubt(_ cycle: Cycle) throws {
    try tellFailed(
      cycle,
      " It may have arrived all the same: the new key is accepted until"
        + " \(RFC3339.format(cycle.deadline)), and its first use confirms it.")
  }

  private func tellFailed(_ cycle: Cycle, _ more: String) throws {
    let reason = cycle.reason.flatMap(CycleReason.init(code:)) ?? .deadlinePassed
    try mail(
      .cycleFailed(
        environment: cycle.environment, endpoint: cycle.endpoint,
        reason: reason.sentence + more),
      project: cycle.projectID, account: cycle.accountID)
  }
}
