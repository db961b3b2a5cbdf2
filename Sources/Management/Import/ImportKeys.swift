// Taking over keys from elsewhere: many rows in one transaction, each taken or refused by itself.
// After a crash whole batches are there, and a batch that is sent again finds its keys.
internal import Crypto
internal import KeyModel
internal import Storage

extension UseCases {
  package func importKeys(
    into slug: String, _ request: KeyImport, by caller: Caller
  ) async throws(Problem) -> Answer {
    if request.createMissing { try caller.principal.require(.createAccount) }
    let effect: @Sendable (inout ChangeContext) throws -> Answer = { [self] context in
      let project = try context.view.project(slug: slug)
      let policy = try policies.policy(of: project).policy
      if let account = request.account { _ = try context.view.account(account) }
      var batch = ImportBatch(self, project, policy, request, actor: context.actor)
      try batch.judge(&context)
      if !request.dryRun { try store(batch, in: project, &context) }
      return Answer(200, Represent.imported(batch))
    }
    if request.dryRun {
      return try await rehearse(.importKeys, by: caller.principal, effect)
    }
    return try await change(.importKeys, by: caller, effect)
  }

  private func store(
    _ batch: ImportBatch, in project: Project, _ context: inout ChangeContext
  ) throws {
    guard !batch.accepted.isEmpty else {
      // Also where an account was made: it then has an audit entry of its own.
      return context.nothingToDo()
    }
    if !project.hasImports {
      try context.tx.projects.markImports(project.id)
      context.publish(.project(project.id))
    }
    let keys = try batch.keys(context)
    try context.tx.keys.insert(keys)
    for key in keys { context.publish(key) }
    context.audit(
      "keys.imported", project: project.id, account: batch.onlyAccount, subject: project.id,
      [
        "imported": .integer(Int64(keys.count)),
        "already_imported": .integer(Int64(batch.alreadyImported)),
        "refused": .integer(Int64(batch.refused)),
        "ignored_limits": .bool(batch.request.ignoreLimits),
      ])
  }
}
