// How a webhook's endpoint fares, as a state machine over the outcomes of its attempts: when it is
// left in peace for a while, when its owner is warned, when it is disabled. Pure.

package struct EndpointHealth: Hashable, Sendable {
  /// In a row, of all its deliveries.
  package var failures: Int
  /// The first of them.
  package var failingSince: Timestamp?
  /// Nothing is sent before.
  package var pausedUntil: Timestamp?
  /// The owner was told that it will be disabled.
  package var isWarned: Bool
  /// The owner was told that an event was given up.
  package var isLossTold: Bool

  package init(
    failures: Int = 0, failingSince: Timestamp? = nil, pausedUntil: Timestamp? = nil,
    isWarned: Bool = false, isLossTold: Bool = false
  ) {
    self.failures = failures
    self.failingSince = failingSince
    self.pausedUntil = pausedUntil
    self.isWarned = isWarned
    self.isLossTold = isLossTold
  }

  /// A delivery ended in failure. True the first time since the last success: one mail tells of
  /// them all.
  package mutating func noteLoss() -> Bool {
    defer { isLossTold = true }
    return !isLossTold
  }

  package enum Effect: Hashable, Sendable {
    /// The owner is to be told that the webhook is disabled at `at` unless it recovers.
    case warn(at: Timestamp)
    case disable(Webhook.DisabledReason)
  }

  /// So many failures in a row open the circuit: then one attempt at a time asks whether the
  /// endpoint is back, at most once in `shortestPause` to `longestPause` seconds.
  package static let patience = 20
  static let shortestPause: Int64 = 1
  static let longestPause: Int64 = 60

  /// - Parameter disableAfter: the policy's `disable_after_seconds`.
  package mutating func note(
    _ outcome: AttemptOutcome, disableAfter: Int64?, now: Timestamp
  ) -> Effect? {
    if outcome == .delivered {
      self = EndpointHealth()
      return nil
    }
    failures += 1
    let since = failingSince ?? now
    failingSince = since
    pause(outcome, now)
    if outcome == .gone { return .disable(.gone) }
    guard let disableAfter else { return nil }
    if now >= since.adding(seconds: disableAfter) { return .disable(.failing) }
    guard !isWarned, now >= since.adding(seconds: disableAfter / 2) else { return nil }
    isWarned = true
    return .warn(at: since.adding(seconds: disableAfter))
  }

  private mutating func pause(_ outcome: AttemptOutcome, _ now: Timestamp) {
    var seconds = outcome.retryAfter ?? 0
    if failures >= Self.patience {
      let doublings = min(failures - Self.patience, 6)
      seconds = max(seconds, min(Self.shortestPause << Int64(doublings), Self.longestPause))
    }
    guard seconds > 0 else { return }
    pausedUntil = max(pausedUntil ?? now, now.adding(seconds: seconds))
  }

  package func isPaused(at now: Timestamp) -> Bool { pausedUntil.map { now < $0 } ?? false }
}

/// How many calls of one endpoint may be in flight: more while it answers, fewer when it does not,
/// so that an endpoint that hangs holds few of the calls that others could use.
package struct EndpointWindow: Hashable, Sendable {
  package static let largest = 32
  package private(set) var size: Int

  package init(_ health: EndpointHealth) {
    size = health.failures == 0 ? 4 : health.failures < 3 ? 2 : 1
  }

  package mutating func note(_ outcome: AttemptOutcome) {
    switch outcome {
    case .delivered: size = min(size + 1, Self.largest)
    case .refused: size = max(size - 1, 2)
    case .throttled, .unanswered, .gone: size = max(size / 2, 1)
    }
  }
}
