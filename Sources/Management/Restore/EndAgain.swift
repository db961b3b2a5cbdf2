// Ends anew what was ended after a backup was made. No limit of a policy stands in its way: it was
// answered as done once already.
package import KeyModel
internal import Storage

extension UseCases {
  /// Ends whatever of `endings` the store still has alive; gives how many that were.
  package func endAgain(_ endings: Set<Ending>) async throws(Problem) -> Int {
    let answer = try await change(.revokeKey, by: Caller(.local)) { [self] context in
      var count: Int64 = 0
      for ending in endings where try endAgain(ending, &context) { count += 1 }
      if count == 0 { context.nothingToDo() }
      return Answer(200, ["ended": .integer(count)])
    }
    return Int(answer.body?["ended"]?.integer ?? 0)
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
      let at = key.versions.firstIndex(where: { $0.id == id }), !key.versions[at].state.isFinal,
      key.versions[at].acceptedUntil.map({ until < $0 }) ?? true
    else { return false }
    var ended = key
    if until <= context.now {
      ended.versions[at] = try VersionLifecycle.step(key.versions[at], .revoke, now: context.now)
    } else {
      ended.versions[at].state = .retiring
      ended.versions[at].acceptedUntil = until
    }
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
