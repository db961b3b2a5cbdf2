// The accounts and applications that an import's rows name: found once for all rows of a request,
// or made where the request says so.
internal import KeyModel
internal import Storage

struct ImportPlaces {
  private let management: UseCases
  private let project: Project
  private let policy: Policy
  private let request: KeyImport
  private var accounts: [ImportRow.AccountName: Account?] = [:]
  private var applications: [AccountID: [Application]] = [:]
  private(set) var accountsMade = 0
  private(set) var applicationsMade = 0

  init(_ management: UseCases, _ project: Project, _ policy: Policy, _ request: KeyImport) {
    self.management = management
    self.project = project
    self.policy = policy
    self.request = request
  }

  /// For asking a policy before there is an application.
  static func anyApplication(_ project: Project) -> Application {
    Application(
      id: ApplicationID(bits: 0), projectID: project.id, accountID: AccountID(bits: 0), name: "",
      createdAt: project.createdAt)
  }

  /// Finds what the rows name, many at a time.
  mutating func look(_ tx: Transaction) throws {
    var names: Set<String> = []
    for case .success(let row) in request.rows {
      if case .external(let id)? = row.account { names.insert(id) }
    }
    for name in names { accounts[.external(name)] = .some(nil) }
    for account in try tx.accounts.find(externalIDs: names.sorted(), in: project.id) {
      if let name = account.externalID { accounts[.external(name)] = account }
    }
    let found = accounts.values.compactMap { $0?.id }
    for id in found { applications[id] = [] }
    for application in try tx.applications.all(of: found.sorted()) {
      applications[application.accountID]?.append(application)
    }
  }

  // MARK: Accounts

  /// Nil where it is to be made.
  mutating func account(of row: ImportRow, _ tx: Transaction) throws -> Account? {
    guard let name = row.account ?? request.account.map({ .id($0) }) else {
      throw ImportRefusal(
        .validationFailed, "name the account: account_id or external_id", at: "/account_id")
    }
    guard let account = try find(name, tx) else {
      if request.createMissing, case .external = name { return nil }
      throw ImportRefusal(.accountNotFound, "the project has no such account")
    }
    if let clientID = row.clientID, clientID != account.clientID {
      throw ImportRefusal(
        .accountMismatch, "the account has another client id", at: "/client_id")
    }
    if let username = row.username, username != account.username {
      throw ImportRefusal(.accountMismatch, "the account has another user name", at: "/username")
    }
    return account
  }

  private mutating func find(_ name: ImportRow.AccountName, _ tx: Transaction) throws -> Account? {
    if let found = accounts[name] { return found }
    let found =
      switch name {
      case .id(let id): try tx.accounts.find(id)
      case .external(let id): try tx.accounts.find(externalID: id, in: project.id)
      }
    let own = found?.projectID == project.id ? found : nil
    accounts[name] = .some(own)
    return own
  }

  mutating func makeAccount(
    for row: ImportRow, _ context: inout ChangeContext
  ) throws -> Account {
    guard case .external(let externalID)? = row.account else {
      throw ImportRefusal(.accountNotFound, "the project has no such account")
    }
    var new = NewAccount(name: row.accountName ?? externalID)
    new.externalID = externalID
    new.plan = row.plan
    new.clientID = row.clientID
    new.username = row.username
    let account = try management.makeAccount(new, in: project, policy, &context)
    accountsMade += 1
    accounts[.external(externalID)] = account
    return account
  }

  // MARK: Applications

  /// The one that the row names, or that a new key would go to.
  mutating func application(
    of row: ImportRow, _ account: Account, _ context: inout ChangeContext
  ) throws -> ApplicationChoice {
    if let found = try findApplication(of: row, account, context.tx) { return .found(found) }
    if row.new.applicationID != nil { return .none("is no application of the account") }
    let all = try applications(of: account, context.tx)
    guard request.createMissing, row.application != nil || all.isEmpty else {
      throw ImportRefusal(
        .applicationNotFound,
        row.application == nil
          ? "name the application: the account has \(all.count)"
          : "the account has no application of this name",
        at: "/application")
    }
    try requireRoom(among: all)
    let made = try management.makeApplication(
      row.application ?? Application.defaultName, of: account, &context)
    context.audit(
      "application.created", project: project.id, account: account.id, subject: made.id,
      ["name": .string(made.name)])
    applicationsMade += 1
    applications[account.id] = all + [made]
    return .found(made)
  }

  /// Nil where there is none, or not yet.
  mutating func findApplication(
    of row: ImportRow, _ account: Account, _ tx: Transaction
  ) throws -> Application? {
    let all = try applications(of: account, tx)
    if let id = row.new.applicationID { return all.first { $0.id == id } }
    return Self.choose(row.application, among: all)
  }

  private static func choose(_ name: String?, among all: [Application]) -> Application? {
    if let name { return all.first { $0.name == name } }
    return all.first { $0.name == Application.defaultName } ?? (all.count == 1 ? all.first : nil)
  }

  private func requireRoom(among all: [Application]) throws {
    guard !request.ignoreLimits, let max = policy.applications.max, all.count >= max else { return }
    throw ImportRefusal(
      .applicationLimitReached, "at most \(max) applications per account", at: "/application")
  }

  /// Oldest first.
  private mutating func applications(
    of account: Account, _ tx: Transaction
  ) throws -> [Application] {
    if let known = applications[account.id] { return known }
    let found = try tx.applications.all(of: [account.id])
    applications[account.id] = found
    return found
  }
}
