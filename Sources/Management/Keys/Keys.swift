// Use cases on single keys that make no new secret: list, get, patch, revoke, reveal.
internal import Crypto
package import KeyModel
internal import Storage

/// What `GET …/keys` may be narrowed to.
package struct KeyQuery: Sendable {
  package enum State: String, Sendable, CaseIterable { case active, revoked, expired }
  package var environment: String?
  package var kind: KeyKind?
  package var state: State?
  package init(environment: String? = nil, kind: KeyKind? = nil, state: State? = nil) {
    self.environment = environment
    self.kind = kind
    self.state = state
  }

  func filter(_ account: AccountID, at now: Timestamp) -> KeyFilter {
    let standing: KeyFilter.Standing? =
      switch state {
      case nil: nil
      case .active: .active(at: now)
      case .expired: .expired(at: now)
      case .revoked: .revoked
      }
    return KeyFilter(
      account: account, environment: environment, kind: kind, standing: standing)
  }
}

extension UseCases {
  package func listKeys(
    of id: AccountID, _ query: KeyQuery, _ page: PageRequest, by principal: Principal
  ) async throws(Problem) -> Answer {
    await usage.settle()
    let now = clock.now()
    return try await read(.listKeys, by: principal) { [self] view in
      let account = try view.account(id)
      let policy = try policy(of: account, view)
      let keys = try view.tx.keys.list(
        query.filter(id, at: now), before: page.before(), limit: page.limit + 1)
      return page.answer(keys, cursor: \.id.bits) {
        Represent.key($0, policy: policy, now: now)
      }
    }
  }

  package func key(_ id: KeyID, by principal: Principal) async throws(Problem) -> Answer {
    await usage.settle()
    let now = clock.now()
    return try await read(.getKey, by: principal) { [self] view in
      let key = try view.key(id)
      return Answer(200, Represent.key(key, policy: try policy(of: key, view), now: now))
    }
  }

  package func updateKey(
    _ id: KeyID, _ patch: KeyPatch, by caller: Caller
  ) async throws(Problem) -> Answer {
    try await change(.updateKey, by: caller) { [self] context in
      let old = try context.view.key(id)
      let policy = try policy(of: old, context.view)
      guard old.state == .active else { throw Refusal.keyRevoked }
      try check(patch, of: old, policy, context)
      var key = old
      patch.apply(to: &key)
      if old.standing(at: context.now) == .expired, key.standing(at: context.now) == .active {
        try requireRoom(
          for: key.accountID, application: key.applicationID, environment: key.environment,
          policy, context)
      }
      key = try context.tx.keys.update(key)
      context.publish(key)
      context.audit(
        "key.updated", project: key.projectID, account: key.accountID, subject: id,
        KeyPatch.detail(old: old, new: key))
      return Answer(200, Represent.key(key, policy: policy, now: context.now))
    }
  }

  private func check(
    _ patch: KeyPatch, of key: Key, _ policy: Policy, _ context: ChangeContext
  ) throws {
    try KeyRules.checkAccess(patch.access ?? key.access, replacing: key.access, policy: policy)
    var findings: [Problem.Finding] = []
    if let access = patch.access {
      if !policy.access.contains(access) {
        findings.append(.init(pointer: "/access", "must be one of: \(policy.accessNames)"))
      } else if access == .full,
        try context.tx.applications.find(key.applicationID)?.access == .readOnly
      {
        findings.append(.init(pointer: "/access", "is bound to read_only by the application"))
      }
    }
    if case .set(let end) = patch.expiresAt, end <= context.now {
      findings.append(.init(pointer: "/expires_at", "must be in the future"))
    }
    guard findings.isEmpty else { throw Problem.invalid(findings) }
  }

  /// At once and for good; a key that is revoked already is answered the same.
  /// - Parameter force: also a key that was used within the policy's `safe_delete_seconds`.
  package func revokeKey(
    _ id: KeyID, force: Bool = false, by caller: Caller
  ) async throws(Problem) -> Answer {
    await settleForSafeDelete(of: id, force: force)
    return try await change(.revokeKey, by: caller) { [self] context in
      let key = try context.view.key(id)
      guard key.state == .active else {
        context.nothingToDo()
        return .noContent
      }
      let policy = try policy(of: key, context.view)
      try requireNotLast(key, policy, context)
      if !force { try requireQuiet(key, ending: key.versions, policy, context) }
      try revoke(key, &context)
      return .noContent
    }
  }

  func revoke(_ key: Key, _ context: inout ChangeContext) throws {
    try store(KeyLifecycle.step(key, .revoke, now: context.now), replacing: key, &context)
    context.audit(
      "key.revoked", project: key.projectID, account: key.accountID, subject: key.id,
      ["hint": .string(key.shownVersion?.hint ?? "")])
    try context.emit(.keyRevoked, key)
  }

  /// Throws 409 where the policy wants more active keys than would be left.
  func requireNotLast(_ key: Key, _ policy: Policy, _ context: ChangeContext) throws {
    guard let limit = policy.keyLimit, key.standing(at: context.now) == .active else { return }
    let filter = limit.filter(
      account: key.accountID, application: key.applicationID, environment: key.environment,
      at: context.now)
    let active = Int(try context.tx.keys.count(filter))
    try Problem.refusing("At least \(limit.min) active keys per \(limit.per.rawValue) must remain.")
    { () throws(Refusal) in try KeyLimitRule.checkRemoval(active: active, min: limit.min) }
  }

  package func revealKey(_ id: KeyID, by caller: Caller) async throws(Problem) -> Answer {
    try await change(.revealKey, by: caller) { [self] context in
      let key = try context.view.key(id)
      let version = try KeyRules.versionToReveal(
        of: key, policy: try policy(of: key, context.view))
      guard let sealed = version.sealedSecret else { throw Refusal.secretNotRecoverable }
      let secret = try vault.open(
        sealed, at: .version(version.id, of: key.accountID), context.tx)
      context.audit(
        "key.revealed", project: key.projectID, account: key.accountID, subject: id,
        ["version": .string(version.id.description)])
      return Answer(200, [SecretMember.secret: .string(secret.revealText())])
    }
  }

  /// Writes what differs: the key's row, its new and its changed versions.
  func store(_ new: Key, replacing old: Key, _ context: inout ChangeContext) throws {
    for version in new.versions {
      let before = old.versions.first { $0.id == version.id }
      if before == nil {
        try context.tx.keys.insert(version)
      } else if before != version {
        try context.tx.keys.update(version)
      }
    }
    _ = try context.tx.keys.update(new)
    context.publish(new)
    try closeCycle(of: new, before: old, &context)
  }
}

extension KeyPatch {
  func apply(to key: inout Key) {
    key.name = name.applied(to: key.name) ?? ""
    key.description = description.applied(to: key.description) ?? ""
    if let access { key.access = access }
    key.routes = routes.applied(to: key.routes) ?? []
    key.expiresAt = expiresAt.applied(to: key.expiresAt)
  }

  static func detail(old: Key, new: Key) -> JSONObject {
    var detail = JSONObject()
    if old.name != new.name { detail["name"] = .string(new.name) }
    if old.description != new.description { detail["description"] = .string(new.description) }
    if old.access != new.access { detail["access"] = .string(new.access.name) }
    if old.routes != new.routes {
      detail["routes"] = .array(new.routes.map { .string("\($0.method) \($0.path)") })
    }
    if old.expiresAt != new.expiresAt { detail["expires_at"] = Represent.time(new.expiresAt) }
    return detail
  }
}
