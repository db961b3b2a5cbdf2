// Use cases on accounts.
internal import Crypto
package import KeyModel
internal import Storage

extension UseCases {
  package func createAccount(
    in slug: String, _ new: NewAccount, by caller: Caller
  ) async throws(Problem) -> Answer {
    try await change(.createAccount, by: caller) { [self] context in
      let project = try context.view.project(slug: slug)
      let policy = try policies.policy(of: project).policy
      let account = try makeAccount(new, in: project, policy, &context)
      return Answer(201, Represent.account(account, project: project))
    }
  }

  /// The new account with its data key, and its first application where the policy caps none.
  func makeAccount(
    _ new: NewAccount, in project: Project, _ policy: Policy, _ context: inout ChangeContext
  ) throws -> Account {
    try requireFree(externalID: new.externalID, in: project.id, nil, context.tx)
    if let clientID = new.clientID, try context.tx.accounts.find(clientID: clientID) != nil {
      throw Problem(.clientIDTaken, "Another account of this server has this client id.")
    }
    let id: AccountID = entropy.newID(context.now)
    let made = try vault.makeDataKey(for: id, now: context.now, entropy: entropy, context.tx)
    let account = makeAccount(new, id, project, made.key, context.now)
    try context.tx.accounts.insert(account)
    try context.tx.keyring.insert(made.row)
    if policy.applications.max == nil {
      _ = try makeApplication(Application.defaultName, of: account, &context)
    }
    context.publish(.account(account.id))
    context.audit(
      "account.created", project: project.id, account: account.id, subject: account.id,
      ["name": .string(account.name)])
    return account
  }

  private func makeAccount(
    _ new: NewAccount, _ id: AccountID, _ project: Project, _ key: DataKey, _ now: Timestamp
  ) -> Account {
    let secret = Secret(Hex.encode(entropy.bytes(32)))
    return Account(
      id: id, projectID: project.id, name: new.name, externalID: new.externalID, plan: new.plan,
      username: new.username ?? Self.username(from: new.name),
      clientID: new.clientID ?? Hex.encode(entropy.bytes(16)),
      sealedClientSecret: Sealer.seal(
        secret, under: key, at: .clientSecret(of: id), entropy: entropy),
      brands: new.brands, createdAt: now)
  }

  /// Lower-case letters and digits of the name, words joined by dots.
  static func username(from name: String) -> String {
    let words = name.lowercased().split { !($0.isASCII && ($0.isLetter || $0.isNumber)) }
    return words.isEmpty ? "user" : String(words.joined(separator: ".").prefix(64))
  }

  func makeApplication(
    _ name: String, of account: Account, _ context: inout ChangeContext
  ) throws -> Application {
    let application = Application(
      id: entropy.newID(context.now), projectID: account.projectID, accountID: account.id,
      name: name, createdAt: context.now)
    try context.tx.applications.insert(application)
    return application
  }

  private func requireFree(
    externalID: String?, in project: ProjectID, _ own: AccountID?, _ tx: Transaction
  ) throws {
    guard let externalID, let other = try tx.accounts.find(externalID: externalID, in: project),
      other.id != own
    else { return }
    throw Problem(.externalIDTaken, "Another account of the project has this external id.")
  }

  package func listAccounts(
    in slug: String, externalID: String?, _ page: PageRequest, by principal: Principal
  ) async throws(Problem) -> Answer {
    try await read(.listAccounts, by: principal) { view in
      let project = try view.project(slug: slug)
      let accounts =
        if let externalID {
          [try view.tx.accounts.find(externalID: externalID, in: project.id)].compactMap { $0 }
        } else {
          try view.tx.accounts.list(
            project: project.id, before: page.before(), limit: page.limit + 1)
        }
      return page.answer(accounts, cursor: \.id.bits) {
        Represent.account($0, project: project)
      }
    }
  }

  package func account(
    _ id: AccountID, by principal: Principal
  ) async throws(Problem) -> Answer {
    try await read(.getAccount, by: principal) { view in
      let account = try view.account(id)
      return Answer(
        200, Represent.account(account, project: try view.project(account.projectID)))
    }
  }

  package func updateAccount(
    _ id: AccountID, _ patch: AccountPatch, by caller: Caller
  ) async throws(Problem) -> Answer {
    try await change(.updateAccount, by: caller) { [self] context in
      let old = try context.view.account(id)
      let project = try context.view.project(old.projectID)
      var account = old
      patch.apply(to: &account)
      try requireFree(externalID: account.externalID, in: project.id, id, context.tx)
      account = try context.tx.accounts.update(account)
      context.publish(.account(id))
      context.audit(
        "account.updated", project: project.id, account: id, subject: id,
        patch.detail(old: old, new: account))
      return Answer(200, Represent.account(account, project: project))
    }
  }

  /// With its applications and keys, at once.
  package func deleteAccount(
    _ id: AccountID, by caller: Caller
  ) async throws(Problem) -> Answer {
    try await change(.deleteAccount, by: caller) { context in
      let account = try context.view.account(id)
      try context.tx.deleteDataKeys(of: id)
      _ = try context.tx.accounts.delete(id)
      context.publish(.account(id))
      context.audit(
        "account.deleted", project: account.projectID, account: id, subject: id,
        ["name": .string(account.name)])
      return .noContent
    }
  }

  package func revealClientSecret(
    of id: AccountID, by caller: Caller
  ) async throws(Problem) -> Answer {
    try await change(.revealClientSecret, by: caller) { [vault] context in
      let account = try context.view.account(id)
      let secret = try vault.open(
        account.sealedClientSecret, at: .clientSecret(of: id), context.tx)
      context.audit(
        "account.client_secret_revealed", project: account.projectID, account: id, subject: id)
      return Answer(200, [SecretMember.clientSecret: .string(secret.revealText())])
    }
  }
}

extension AccountPatch {
  func apply(to account: inout Account) {
    if let name { account.name = name }
    account.externalID = externalID.applied(to: account.externalID)
    account.plan = plan.applied(to: account.plan)
    if let username { account.username = username }
    account.brands = brands.applied(to: account.brands) ?? []
    if let state { account.state = state }
  }

  func detail(old: Account, new: Account) -> JSONObject {
    var detail = JSONObject()
    if old.name != new.name { detail["name"] = .string(new.name) }
    if old.externalID != new.externalID {
      detail["external_id"] = Represent.text(new.externalID)
    }
    if old.plan != new.plan { detail["plan"] = Represent.text(new.plan) }
    if old.username != new.username { detail["username"] = .string(new.username) }
    if old.brands != new.brands { detail["brands"] = Represent.strings(new.brands) }
    if old.state != new.state { detail["state"] = .string(new.state.name) }
    return detail
  }
}
