// Takes away anew what was taken away after a backup was made. No limit of a policy stands in its
// way: it was answered as done once already.
package import KeyModel
internal import Storage

extension UseCases {
  /// Ends whatever the store still has alive of it, and narrows what it has wider than the last
  /// word in `restraints` says; gives how many that were. Nothing is given back.
  package func holdAgain(_ restraints: [Restraint]) async throws(Problem) -> Int {
    if restraints.isEmpty { return 0 }
    let answer = try await change(.revokeKey, by: Caller(.local)) { [self] context in
      var count: Int64 = 0
      try commitRestored(restraints, &context)
      for restraint in Restraint.lastWords(restraints) where try hold(restraint, &context) {
        count += 1
      }
      if count == 0 { context.nothingToDo() }
      return Answer(200, ["held": .integer(count)])
    }
    return Int(answer.body?["held"]?.integer ?? 0)
  }

  private func hold(_ restraint: Restraint, _ context: inout ChangeContext) throws -> Bool {
    switch restraint {
    case .ending(let ending): try endAgain(ending, &context)
    case .account(let id, let suspended): try suspended ? suspend(id, &context) : false
    case .key(let id, let bounds): try narrow(id, to: bounds, &context)
    }
  }

  private func suspend(_ id: AccountID, _ context: inout ChangeContext) throws -> Bool {
    guard var account = try context.tx.accounts.find(id), account.state == .active else {
      return false
    }
    account.state = .suspended
    _ = try context.tx.accounts.update(account)
    context.publish(.account(id))
    context.audit(
      "account.updated", project: account.projectID, account: id, subject: id,
      ["state": .string(account.state.name), "restored": true])
    return true
  }

  private func narrow(
    _ id: KeyID, to limit: KeyBounds, _ context: inout ChangeContext
  ) throws -> Bool {
    guard let old = try context.tx.keys.find(id), let bounded = old.narrowed(to: limit) else {
      return false
    }
    let key = try context.tx.keys.update(bounded)
    context.publish(key)
    var detail = KeyPatch.detail(old: old, new: key)
    detail["restored"] = true
    context.audit(
      "key.updated", project: key.projectID, account: key.accountID, subject: id, detail)
    return true
  }

  private func endAgain(_ ending: Ending, _ context: inout ChangeContext) throws -> Bool {
    switch ending {
    case .key(let id):
      guard let key = try context.tx.keys.find(id), key.state == .active else { return false }
      try revoke(key, &context)
      return true
    case .version(let id, let key, let until): return try end(id, of: key, until, &context)
    case .operatorKey(let id):
      guard try context.tx.operatorKeys.revoke(id, at: context.now) else { return false }
      context.publish(.operatorKey(id))
      context.audit("operator_key.revoked", project: nil, subject: id, ["restored": true])
      return true
    case .account(let id):
      guard let account = try context.tx.accounts.find(id) else { return false }
      try context.tx.deleteDataKeys(of: id)
      _ = try context.tx.accounts.delete(id)
      context.publish(.account(id))
      context.audit(
        "account.deleted", project: account.projectID, account: id, subject: id,
        ["restored": true])
      return true
    case .project(let id): return try end(id, &context)
    }
  }

  private func end(
    _ id: VersionID, of key: KeyID, _ until: Timestamp, _ context: inout ChangeContext
  ) throws -> Bool {
    guard let key = try context.tx.keys.find(key),
      let ended = try key.ending(id, at: until, now: context.now)
    else { return false }
    try store(ended, replacing: key, &context)
    context.audit(
      "key.version_ended", project: key.projectID, account: key.accountID, subject: key.id,
      ["version": .string(id.description), "restored": true])
    return true
  }

  private func end(_ id: ProjectID, _ context: inout ChangeContext) throws -> Bool {
    guard let project = try context.tx.projects.find(id) else { return false }
    try context.tx.accounts.forEach(in: id) { account in
      try context.tx.deleteDataKeys(of: account.id)
      context.publish(.account(account.id))
    }
    _ = try context.tx.projects.delete(id)
    context.publish(.project(id))
    context.audit(
      "project.deleted", project: id, subject: id,
      ["slug": .string(project.slug), "restored": true])
    return true
  }
}
