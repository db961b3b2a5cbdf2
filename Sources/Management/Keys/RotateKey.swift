// New secrets for existing keys: rotate beside the old one, reset in its place, reset all.
internal import Crypto
package import KeyModel
internal import Storage

extension UseCases {
  /// How long old and new secret hold together where neither request nor policy says.
  private static let defaultOverlapSeconds: Int64 = 86_400

  /// - Parameter force: also where a version ends at once that was presented within the policy's
  ///   `safe_delete_seconds`; of every function here.
  package func rotateKey(
    _ id: KeyID, _ rotation: KeyRotation, force: Bool = false, by caller: Caller
  ) async throws(Problem) -> Answer {
    await settleForSafeDelete(of: id, force: force)
    await settleForCycle(of: id)
    return try await change(.rotateKey, by: caller) { [self] context in
      try commitUsedCycle(of: id, &context)
      let key = try context.view.key(id)
      let policy = try policy(of: key, context.view)
      guard key.state == .active else { throw Refusal.keyRevoked }
      guard let longest = policy.rotation.overlapMaxSeconds else {
        throw Refusal.rotationModeDisabled
      }
      let overlap = rotation.overlapSeconds ?? min(longest, Self.defaultOverlapSeconds)
      guard overlap <= longest else {
        throw Problem.invalid("/overlap_seconds", "must be at most \(longest)")
      }
      try KeyRules.checkRotation(
        .overlap(seconds: overlap), policy: policy,
        isCycling: try isCycling(key, context.tx))
      return Answer(
        201,
        try renew(key, policy, "key.rotated", force: force, &context) {
          .rotate($0, overlapSeconds: overlap)
        })
    }
  }

  package func resetKey(
    _ id: KeyID, force: Bool = false, by caller: Caller
  ) async throws(Problem) -> Answer {
    await settleForSafeDelete(of: id, force: force)
    return try await change(.resetKey, by: caller) { [self] context in
      let key = try context.view.key(id)
      let policy = try policy(of: key, context.view)
      guard key.state == .active else { throw Refusal.keyRevoked }
      try KeyRules.checkRotation(
        .reset, policy: policy, isCycling: try isCycling(key, context.tx))
      return Answer(
        201, try renew(key, policy, "key.reset", force: force, &context) { .reset($0) })
    }
  }

  /// Every active key of the account gets a new secret; all old ones die in the same moment.
  package func resetAllKeys(
    of id: AccountID, force: Bool = false, by caller: Caller
  ) async throws(Problem) -> Answer {
    await settleForSafeDelete(force: force) { try $0.accounts.find(id)?.projectID }
    return try await change(.resetAllKeys, by: caller) { [self] context in
      let account = try context.view.account(id)
      let policy = try policy(of: account, context.view)
      let isCycling = try context.tx.cycling.list(id).contains(where: \.isEnabled)
      try KeyRules.checkRotation(.resetAll, policy: policy, isCycling: isCycling)
      let keys = try context.tx.keys.all(
        KeyFilter(account: id, standing: .active(at: context.now)))
      let values = try resetAll(keys, policy, force: force, &context)
      context.audit(
        "account.keys_reset", project: account.projectID, account: id, subject: id,
        ["keys": .integer(Int64(keys.count))])
      return Answer(201, ["keys": .array(values)])
    }
  }

  /// The keys as they are answered, new secrets included.
  func resetAll(
    _ keys: [Key], _ policy: Policy, force: Bool, _ context: inout ChangeContext
  ) throws -> [JSONValue] {
    var values: [JSONValue] = []
    for key in keys {
      values.append(
        try renew(key, policy, "key.reset", force: force, &context) { .reset($0) })
    }
    return values
  }

  /// Gives the key a new version by the event; answers the key with its new secret.
  func renew(
    _ key: Key, _ policy: Policy, _ action: String, force: Bool,
    _ context: inout ChangeContext,
    _ event: (KeyVersion) -> KeyEvent
  ) throws -> JSONValue {
    let made = try makeSecret(
      environment: key.environment, key.kind, policy, key.accountID, &context)
    let version = made.version(of: key.id, at: context.now)
    let renewed = try KeyLifecycle.step(key, event(version), now: context.now)
    if !force {
      let still = renewed.acceptedVersions(at: context.now).map(\.id)
      let ended = key.acceptedVersions(at: context.now).filter { !still.contains($0.id) }
      try requireQuiet(key, ending: ended, policy, context)
    }
    try store(renewed, replacing: key, &context)
    context.audit(
      action, project: key.projectID, account: key.accountID, subject: key.id,
      ["version": .string(made.id.description), "hint": .string(made.hint)])
    try context.emit(
      .keyRotated, renewed,
      [
        "version_id": .string(made.id.description),
        "mode": .string(action == "key.reset" ? "reset" : "rotate"),
      ])
    return Represent.key(renewed, policy: policy, now: context.now, secret: made.secret)
  }
}
