// What the people of an account are told by e-mail: which facts, who should hear of them, and which
// knob of the policy switches each on. Facts hold no secret: an endpoint is shown without its path,
// the place of a leak without its query.

package enum Notice: Sendable, Hashable {
  package enum CyclingChange: String, Sendable, Hashable {
    case enabled = "switched on"
    case changed = "changed"
    case disabled = "switched off"
  }

  /// Somebody switched auto-cycling on or off, or changed its endpoint or frequency.
  case cyclingChanged(
    CyclingChange, environment: String, endpoint: String, everyDays: Int64, reason: String? = nil)
  /// - `reason`: one sentence.
  case cycleFailed(environment: String, endpoint: String, reason: String)
  /// All attempts at an event are over.
  case webhookFailed(name: String, url: String, eventType: String, reason: String)
  /// It will be disabled at that time.
  case webhookFailing(name: String, url: String, disabledAt: Timestamp)
  case webhookDisabled(name: String, url: String, reason: String)
  case keyExpiring(name: String, hint: String, environment: String, days: Int, at: Timestamp)
  case quotaReached(percent: Int64, limit: Int64, scope: MeterScope, resetsAt: Timestamp)
  /// - `source`: where it was found, as it may go on record.
  /// - `action`: what was done about it, in the words of the policy.
  case keyLeaked(name: String, hint: String, environment: String, source: String, action: String)

  package var kind: NoticeKind {
    switch self {
    case .cyclingChanged: .autoCyclingChanged
    case .cycleFailed: .cycleFailed
    case .webhookFailed: .webhookFailed
    case .webhookFailing: .webhookFailing
    case .webhookDisabled: .webhookDisabled
    case .keyExpiring: .keyExpiring
    case .quotaReached: .quotaReached
    case .keyLeaked: .keyLeaked
    }
  }

  /// Whether the policy wants it told.
  package func isWanted(by rules: NotifyRules) -> Bool {
    switch self {
    case .cyclingChanged: rules.autoCyclingChanged
    case .cycleFailed: rules.cycleFailed
    case .webhookFailed: rules.webhookFailed
    case .webhookFailing, .webhookDisabled: rules.webhookDisabled
    case .keyExpiring(_, _, _, let days, _): rules.keyExpiringDays.contains(days)
    case .quotaReached(let percent, _, _, _): rules.quotaPercent.contains(Int(percent))
    case .keyLeaked: true
    }
  }
}

/// Stored and shown: never change one.
package enum NoticeKind: String, Sendable, CaseIterable {
  case autoCyclingChanged = "auto_cycling_changed"
  case cycleFailed = "cycle_failed"
  case webhookFailed = "webhook_failed"
  case webhookFailing = "webhook_failing"
  case webhookDisabled = "webhook_disabled"
  case keyExpiring = "key_expiring"
  case quotaReached = "quota_reached"
  case keyLeaked = "key_leaked"

  /// Members who hold it are told.
  package var permission: MemberPermission {
    switch self {
    case .autoCyclingChanged, .cycleFailed, .keyExpiring, .keyLeaked: .keys
    case .webhookFailed, .webhookFailing, .webhookDisabled: .webhooks
    case .quotaReached: .logs
    }
  }
}
