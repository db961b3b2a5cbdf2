// Who still presents which version of a key, and what follows from it: whether a version can be
// ended, and which changes safe delete refuses.
package import KeyModel
internal import Storage

extension UseCases {
  /// Callers in one answer at most.
  static let callersShown = 200

  package func readiness(of id: KeyID, by principal: Principal) async throws(Problem) -> Answer {
    await usage.settle()
    await callers.settle()
    let now = clock.now()
    return try await read(.getReadiness, by: principal) { [self] view in
      let key = try view.key(id)
      let seen = try view.tx.callers.list(of: id)
      return Answer(
        200, Represent.readiness(key, seen, policy: try policy(of: key, view), now: now))
    }
  }

  /// Before a change that may end versions: brings what the data plane saw to the store, where the
  /// project's policy wants it asked. What cannot be read here is refused by the change itself.
  func settleForSafeDelete(
    force: Bool, _ project: @escaping @Sendable (Transaction) throws -> ProjectID?
  ) async {
    if force { return }
    let isGuarded = try? await store.read { [policies] tx in
      guard let id = try project(tx), let found = try tx.projects.find(id) else { return false }
      return try policies.policy(of: found).policy.safeDeleteSeconds > 0
    }
    guard isGuarded == true else { return }
    await usage.settle()
    await callers.settle()
  }

  func settleForSafeDelete(of id: KeyID, force: Bool) async {
    await settleForSafeDelete(force: force) { try $0.keys.find(id)?.projectID }
  }

  /// Throws 409 with the callers where one of the versions, which are about to end at once, was
  /// presented within the policy's `safe_delete_seconds`.
  func requireQuiet(
    _ key: Key, ending versions: [KeyVersion], _ policy: Policy, _ context: ChangeContext
  ) throws {
    guard policy.safeDeleteSeconds > 0, !versions.isEmpty else { return }
    let accepted = key.acceptedVersions(at: context.now).map(\.id)
    let ids = versions.map(\.id)
    // Who presents what is refused already loses nothing.
    let seen = try context.tx.callers.list(of: key.id).filter {
      accepted.contains($0.versionID) && ids.contains($0.versionID)
    }
    do throws(Refusal) {
      try KeyRules.checkQuiet(versions, seen, policy: policy, now: context.now)
    } catch {
      let recent = seen.filter {
        context.now < $0.lastSeenAt.adding(seconds: policy.safeDeleteSeconds)
      }
      throw Problem.keyInUse(key, recent, seconds: policy.safeDeleteSeconds)
    }
  }
}

extension Problem {
  static func keyInUse(_ key: Key, _ seen: [CallerSighting], seconds: Int64) -> Problem {
    var problem = Problem(
      .keyInUse,
      "\(key.id) was presented within the last \(seconds) seconds. Send ?force=true to go on.")
    problem.members = [
      "key_id": .string(key.id.description),
      "callers": .array(Represent.callers(seen.prefix(UseCases.callersShown))),
    ]
    return problem
  }
}
