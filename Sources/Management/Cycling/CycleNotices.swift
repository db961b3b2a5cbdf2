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

  func tellFailed(_ cycle: Cycle) throws {
    let reason = cycle.reason.flatMap(CycleReason.init(code:)) ?? .deadlinePassed
    try mail(
      .cycleFailed(
        environment: cycle.environment, endpoint: cycle.endpoint, reason: reason.sentence),
      project: cycle.projectID, account: cycle.accountID)
  }
}
