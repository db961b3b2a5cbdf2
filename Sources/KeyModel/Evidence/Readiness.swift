// Whether a version can be ended, and whether a key can be removed, without anybody noticing: a
// judgement of what was seen. Pure; what was seen and the time come in.

package struct Readiness: Sendable {
  /// How long nobody must have presented a version where the policy sets no `safe_delete_seconds`.
  package static let quietSeconds: Int64 = 86_400

  /// The version that would end next: the oldest that is accepted. Nil where none is.
  package let version: KeyVersion?
  package let windowSeconds: Int64
  /// When `version` was last presented, as far as is known.
  package let lastSeenAt: Timestamp?
  /// Nobody presented `version` within the window.
  package let isSafe: Bool

  package init(_ key: Key, _ seen: [CallerSighting], policy: Policy, now: Timestamp) {
    let window =
      policy.safeDeleteSeconds > 0 ? policy.safeDeleteSeconds : Self.quietSeconds
    version = key.acceptedVersions(at: now).min { $0.number < $1.number }
    windowSeconds = window
    lastSeenAt = version.flatMap { Self.lastSeen([$0], seen) }
    isSafe = lastSeenAt.map { now >= $0.adding(seconds: window) } ?? true
  }

  /// When any of the versions was last presented: by a caller that was kept, or by the count of
  /// admitted calls, which loses none.
  package static func lastSeen(
    _ versions: [KeyVersion], _ seen: [CallerSighting]
  ) -> Timestamp? {
    let ids = versions.map(\.id)
    let callers = seen.filter { ids.contains($0.versionID) }.map(\.lastSeenAt)
    return (versions.compactMap(\.lastUsedAt) + callers).max()
  }
}

extension KeyRules {
  /// Safe delete: versions that were presented within the policy's `safe_delete_seconds` are not
  /// ended at once.
  package static func checkQuiet(
    _ versions: [KeyVersion], _ seen: [CallerSighting], policy: Policy, now: Timestamp
  ) throws(Refusal) {
    guard policy.safeDeleteSeconds > 0, let last = Readiness.lastSeen(versions, seen) else {
      return
    }
    if now < last.adding(seconds: policy.safeDeleteSeconds) { throw .keyInUse }
  }
}
