// Use cases on applications.
internal import Crypto
package import KeyModel
internal import Storage

extension Application {
  /// The one an account starts with where its policy caps none.
  package static let defaultName = "default"
}

extension UseCases {
  package func createApplication(
    of id: AccountID, _ new: NewApplication, by caller: Caller
  ) async throws(Problem) -> Answer {
    try await change(.createApplication, by: caller) { [self] context in
      let account = try context.view.account(id)
      let policy = try policy(of: account, context.view)
      try require(access: new.access, in: policy)
      let existing = Int(try context.tx.applications.count(account: id))
      try Problem.refusing("The account has \(existing) applications already.") {
        () throws(Refusal) in
        try KeyLimitRule.checkApplications(existing: existing, max: policy.applications.max)
      }
      let application = Application(
        id: entropy.newID(context.now), projectID: account.projectID, accountID: id,
        name: new.name, description: new.description, access: new.access,
        createdAt: context.now)
      try context.tx.applications.insert(application)
      context.audit(
        "application.created", project: account.projectID, account: id,
        subject: application.id, ["name": .string(new.name)])
      var value = Represent.application(application)
      if policy.applications.keyOnCreate {
        var key = NewKey(environment: policy.environments.first?.name)
        key.applicationID = application.id
        key.name = new.name
        value["key"] = try issueKey(key, account, policy, &context)
      }
      return Answer(201, .object(value))
    }
  }

  package func listApplications(
    of id: AccountID, _ page: PageRequest, by principal: Principal
  ) async throws(Problem) -> Answer {
    try await read(.listApplications, by: principal) { view in
      let account = try view.account(id)
      let rows = try view.tx.applications.list(
        account: account.id, before: page.before(), limit: page.limit + 1)
      return page.answer(rows, cursor: \.id.bits) { .object(Represent.application($0)) }
    }
  }

  package func application(
    _ id: ApplicationID, by principal: Principal
  ) async throws(Problem) -> Answer {
    try await read(.getApplication, by: principal) { view in
      Answer(200, .object(Represent.application(try view.application(id))))
    }
  }

  /// A new access holds for the application's keys too.
  package func updateApplication(
    _ id: ApplicationID, _ patch: ApplicationPatch, by caller: Caller
  ) async throws(Problem) -> Answer {
    try await change(.updateApplication, by: caller) { [self] context in
      let old = try context.view.application(id)
      let account = try context.view.account(old.accountID)
      let policy = try policy(of: account, context.view)
      var application = old
      if let name = patch.name { application.name = name }
      application.description = patch.description.applied(to: old.description) ?? ""
      application.access = patch.access.applied(to: old.access)
      try require(access: application.access, in: policy)
      try KeyRules.checkAccess(application.access, replacing: old.access, policy: policy)
      application = try context.tx.applications.update(application)
      if let access = application.access, access != old.access {
        try setAccess(access, ofKeysOf: application, &context)
      }
      context.audit(
        "application.updated", project: account.projectID, account: account.id, subject: id,
        [
          "name": .string(application.name), "access": Represent.text(application.access?.name),
        ])
      return Answer(200, .object(Represent.application(application)))
    }
  }

  private func setAccess(
    _ access: Access, ofKeysOf application: Application, _ context: inout ChangeContext
  ) throws {
    let filter = KeyFilter(account: application.accountID, application: application.id)
    for var key in try context.tx.keys.all(filter)
    where key.state == .active && key.access != access {
      key.access = access
      _ = try context.tx.keys.update(key)
      context.publish(.key(key.id))
    }
  }

  /// Its keys are revoked, at once.
  /// - Parameter force: also keys that were used within the policy's `safe_delete_seconds`.
  package func deleteApplication(
    _ id: ApplicationID, force: Bool = false, by caller: Caller
  ) async throws(Problem) -> Answer {
    await settleForSafeDelete(force: force) { try $0.applications.find(id)?.projectID }
    return try await change(.deleteApplication, by: caller) { [self] context in
      let application = try context.view.application(id)
      let account = try context.view.account(application.accountID)
      let policy = try policy(of: account, context.view)
      let filter = KeyFilter(account: account.id, application: id)
      for key in try context.tx.keys.all(filter) where key.state == .active {
        // An application takes its own minimum with it, but not the account's.
        if policy.keyLimit?.per != .application {
          try requireNotLast(key, policy, context)
        }
        if !force { try requireQuiet(key, ending: key.versions, policy, context) }
        try revoke(key, &context)
      }
      _ = try context.tx.applications.remove(id, at: context.now)
      context.audit(
        "application.deleted", project: account.projectID, account: account.id, subject: id,
        ["name": .string(application.name)])
      return .noContent
    }
  }

  private func require(access: Access?, in policy: Policy) throws(Problem) {
    guard let access, !policy.access.contains(access) else { return }
    throw .invalid("/access", "must be one of: " + policy.accessNames)
  }
}

extension Policy {
  var accessNames: String { access.map(\.name).joined(separator: ", ") }
}
