// New secrets for existing keys: rotate beside the old one, reset in its place, reset all.
internal import Crypto
package import KeyModel
internal import Storage

extension Management {
  /// How long old and new secret hold together where neither request nor policy says.
  private static let defaultOverlapSeconds: Int64 = 86_400

  package func rotateKey(
    _ id: KeyID, _ rotation: KeyRotation, by caller: Caller
  ) async throws(Problem) -> Answer {
    try await change(.rotateKey, by: caller) { [self] context in
      let key = try context.view.key(id)
      let policy = try policy(of: key, context.view)
      try requireUsable(key, context)
      guard let longest = policy.rotation.overlapMaxSeconds else {
        throw Problem.modeDisabled("rotate with an overlap")
      }
      let overlap = rotation.overlapSeconds ?? min(longest, Self.defaultOverlapSeconds)
      guard overlap <= longest else {
        throw Problem.invalid("/overlap_seconds", "must be at most \(longest)")
      }
      let until = context.now.adding(seconds: overlap)
      return Answer(
        201,
        try renew(key, policy, "key.rotated", &context) { version in
          version.state == .active && overlap > 0 ? .retiring(until: until) : .ended(.retired)
        })
    }
  }

  package func resetKey(_ id: KeyID, by caller: Caller) async throws(Problem) -> Answer {
    try await change(.resetKey, by: caller) { [self] context in
      let key = try context.view.key(id)
      let policy = try policy(of: key, context.view)
      try requireUsable(key, context)
      guard policy.rotation.reset else { throw Problem.modeDisabled("reset a key") }
      return Answer(
        201, try renew(key, policy, "key.reset", &context) { _ in .ended(.revoked) })
    }
  }

  /// Every active key of the account gets a new secret; all old ones die in the same moment.
  package func resetAllKeys(
    of id: AccountID, by caller: Caller
  ) async throws(Problem) -> Answer {
    try await change(.resetAllKeys, by: caller) { [self] context in
      let account = try context.view.account(id)
      let policy = try policy(of: account, context.view)
      guard policy.rotation.resetAll else { throw Problem.modeDisabled("reset all keys") }
      let keys = try context.tx.keys.all(
        KeyFilter(account: id, standing: .active(at: context.now)))
      var values: [JSONValue] = []
      for key in keys {
        values.append(
          try renew(key, policy, "key.reset", &context) { _ in .ended(.revoked) })
      }
      context.audit(
        "account.keys_reset", project: account.projectID, account: id, subject: id,
        ["keys": .integer(Int64(keys.count))])
      return Answer(201, ["keys": .array(values)])
    }
  }

  private func requireUsable(_ key: Key, _ context: ChangeContext) throws(Problem) {
    guard key.state == .active else { throw .keyRevoked() }
    guard !key.isExpired(at: context.now) else {
      throw Problem(.keyExpired, "The key is expired: give it a later expires_at first.")
    }
  }

  private enum Fate {
    case retiring(until: Timestamp)
    case ended(VersionState)
  }

  /// Adds a version; each one accepted until now meets the fate that `fate` gives it.
  private func renew(
    _ key: Key, _ policy: Policy, _ action: String, _ context: inout ChangeContext,
    _ fate: (KeyVersion) -> Fate
  ) throws -> JSONValue {
    let made = try makeSecret(
      environment: key.environment, key.kind, policy, key.accountID, &context)
    for version in key.versions where version.isLive {
      switch fate(version) {
      case .ended(let state): try end([version], as: state, context)
      case .retiring(let until): try retire(version, until: until, context)
      }
    }
    let number = (key.versions.map(\.number).max() ?? 0) + 1
    try context.tx.keys.insert(made.version(number, of: key.id, at: context.now))
    _ = try context.tx.keys.update(key)
    context.publish(.key(key.id))
    context.audit(
      action, project: key.projectID, account: key.accountID, subject: key.id,
      ["version": .string(made.id.description), "hint": .string(made.hint)])
    guard let renewed = try context.tx.keys.find(key.id) else { throw StoreError.stale }
    return Represent.key(renewed, policy: policy, now: context.now, secret: made.secret)
  }

  private func retire(
    _ version: KeyVersion, until: Timestamp, _ context: ChangeContext
  ) throws {
    var version = version
    version.state = .retiring
    version.acceptedUntil = min(until, version.acceptedUntil ?? until)
    version.sealedSecret = nil
    try context.tx.keys.update(version)
  }

  /// Versions that are over keep no recoverable secret.
  func end(
    _ versions: [KeyVersion], as state: VersionState, _ context: ChangeContext
  ) throws {
    for var version in versions where version.isLive {
      version.state = state
      version.acceptedUntil = min(context.now, version.acceptedUntil ?? context.now)
      version.sealedSecret = nil
      try context.tx.keys.update(version)
    }
  }
}

extension KeyVersion {
  /// Pending, active or retiring: its secret may still be accepted.
  var isLive: Bool { state == .pending || state == .active || state == .retiring }
}

extension Problem {
  static func modeDisabled(_ what: String) -> Problem {
    Problem(.rotationModeDisabled, "The policy of this project does not let one \(what).")
  }
}
