// The life of one key version. Every move that is not listed here is refused; nothing leads out of
// retired, abandoned and revoked. Whether a version is accepted is asked at the time of a call, so
// no job has to run for an overlap to end.

package enum VersionEvent: Hashable, Sendable {
  /// The holder has it: it becomes the key's secret.
  case commit
  /// Another version is the key's secret now; this one is accepted until then.
  case retire(until: Timestamp)
  /// The retiring version becomes the key's secret again.
  case restore
  /// Its time is over, or no overlap was wanted.
  case end
  /// It never became the key's secret.
  case abandon
  case revoke
}

/// A move that a version's state does not allow.
package struct IllegalMove: Error, Hashable, Sendable {
  package var from: VersionState
  package var event: VersionEvent
  package init(from: VersionState, event: VersionEvent) {
    self.from = from
    self.event = event
  }
}

package enum VersionLifecycle {
  /// ```
  /// pending  → active (commit) | abandoned (abandon) | revoked (revoke)
  /// active   → retiring (retire) | retired (end) | revoked (revoke)
  /// retiring → active (restore, while accepted) | retired (end) | revoked (revoke)
  /// retired, abandoned, revoked: final
  /// ```
  /// A version that is over keeps no recoverable secret, and one that retires needs none.
  package static func step(
    _ version: KeyVersion, _ event: VersionEvent, now: Timestamp
  ) throws(IllegalMove) -> KeyVersion {
    var next = version
    switch (version.state, event) {
    case (.pending, .commit): next.state = .active
    case (.active, .retire(let until)):
      next.state = .retiring
      next.acceptedUntil = until
    case (.retiring, .restore) where version.isAccepted(at: now):
      next.state = .active
      next.acceptedUntil = nil
    case (.active, .end), (.retiring, .end): next.state = .retired
    case (.pending, .abandon): next.state = .abandoned
    case (.pending, .revoke), (.active, .revoke), (.retiring, .revoke): next.state = .revoked
    default: throw IllegalMove(from: version.state, event: event)
    }
    if next.state.isFinal { next.acceptedUntil = min(now, version.acceptedUntil ?? now) }
    if next.state != .pending, next.state != .active { next.sealedSecret = nil }
    return next
  }
}

extension VersionState {
  /// Nothing leads out of it.
  package var isFinal: Bool {
    switch self {
    case .pending, .active, .retiring: false
    case .retired, .abandoned, .revoked: true
    }
  }
}

extension KeyVersion {
  /// Whether this version is accepted, as far as it alone decides.
  package func isAccepted(at now: Timestamp) -> Bool {
    guard !state.isFinal, now >= acceptedFrom else { return false }
    return acceptedUntil.map { now < $0 } ?? true
  }
}
