// Reads the records that the data plane needs from the store. What is gone becomes a removal.
internal import Crypto
internal import KeyModel
internal import Storage

/// What one change of the feed means here.
enum FeedStep: Sendable {
  case record(RecordChange)
  case peppers(Keyring)

  var record: RecordChange? {
    if case .record(let change) = self { change } else { nil }
  }
}

struct PositionedStep: Sendable {
  var step: FeedStep
  var position: Int64
}

struct RecordSource: Sendable {
  let vault: Vault
  let policies: PolicyLibrary

  /// All there is, but for the keys.
  func everything(_ tx: Transaction, _ apply: (RecordChange) -> Void) throws {
    for project in try tx.projects.all() { apply(.project(try record(project))) }
    func applyAccount(_ account: Account) { apply(.account(record(account))) }
    try tx.accounts.forEach(applyAccount)
    for key in try tx.operatorKeys.all() { apply(.operatorKey(record(key))) }
  }

  /// What each change means, in their order. Keys are read many at a time: an import publishes
  /// thousands.
  func steps(after position: Int64, limit: Int, _ tx: Transaction) throws -> [PositionedStep] {
    let changes = try tx.changes.after(position, limit: limit)
    let ids = changes.compactMap { change in
      if case .key(let id) = change.subject { id } else { nil }
    }
    var keys: [KeyID: Key] = [:]
    for key in try tx.keys.find(Array(Set(ids))) { keys[key.id] = key }
    return try changes.map { change in
      let step: FeedStep
      if case .key(let id) = change.subject {
        step = .record(keys[id].map { .key(KeyRecord($0)) } ?? .keyRemoved(id))
      } else {
        step = try self.step(change.subject, tx)
      }
      return PositionedStep(step: step, position: change.position)
    }
  }

  func step(_ subject: ChangeSubject, _ tx: Transaction) throws -> FeedStep {
    switch subject {
    case .keyring: .peppers(try vault.read(tx))
    case .project(let id): .record(try project(id, tx))
    case .account(let id):
      .record(try tx.accounts.find(id).map { .account(record($0)) } ?? .accountRemoved(id))
    case .key(let id):
      .record(try tx.keys.find(id).map { .key(KeyRecord($0)) } ?? .keyRemoved(id))
    case .operatorKey(let id):
      .record(
        try tx.operatorKeys.find(id).map { .operatorKey(record($0)) } ?? .operatorKeyRemoved(id))
    }
  }

  private func project(_ id: ProjectID, _ tx: Transaction) throws -> RecordChange {
    guard let project = try tx.projects.find(id) else {
      policies.forget(id)
      return .projectRemoved(id)
    }
    return .project(try record(project))
  }

  private func record(_ project: Project) throws -> ProjectRecord {
    let merged = try policies.policy(of: project)
    policies.remember(project, merged)
    return ProjectRecord(
      id: project.id, slug: project.slug, policy: merged.policy, upstream: project.upstream,
      hosts: project.hosts, upstreamTimeoutSeconds: project.upstreamTimeoutSeconds,
      assertionKey: vault.keyring.assertionKey(for: project.id), hasImports: project.hasImports)
  }

  private func record(_ account: Account) -> AccountRecord {
    AccountRecord(
      id: account.id, projectID: account.projectID, clientID: account.clientID,
      username: account.username, brands: account.brands,
      suspended: account.state == .suspended)
  }

  private func record(_ key: OperatorKey) -> OperatorKeyRecord {
    OperatorKeyRecord(
      id: key.id, lookup: key.lookup,
      mayVerify: key.scopes.compactMap(Scope.init(rawValue:)).include(.verify),
      projectID: key.projectID, revoked: key.revokedAt != nil)
  }
}
