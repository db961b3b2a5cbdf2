// What a new key will be, after the policy has been asked: environment, kind, access, application.
// Everything that is wrong is found at once.
internal import KeyModel
internal import Storage

struct KeyPlan {
  let environment: Environment
  let kind: KeyKind
  let access: Access
  let application: Application

  init(
    _ new: NewKey, _ account: Account, _ policy: Policy, _ context: ChangeContext
  ) throws {
    var findings: [Problem.Finding] = []
    let environment = Self.environment(new, policy, &findings)
    let kind = Self.kind(new, policy, &findings)
    let application = try Self.application(new, account, context.tx, &findings)
    let access = Self.access(new.access, application, policy, &findings)
    if let end = new.expiresAt, end <= context.now {
      findings.append(.init(pointer: "/expires_at", "must be in the future"))
    }
    guard findings.isEmpty, let environment, let kind, let application, let access else {
      throw Problem.invalid(findings)
    }
    self.environment = environment
    self.kind = kind
    self.access = access
    self.application = application
  }

  private static func environment(
    _ new: NewKey, _ policy: Policy, _ findings: inout [Problem.Finding]
  ) -> Environment? {
    let names = policy.environments.map(\.name).joined(separator: ", ")
    guard let name = new.environment else {
      if policy.environments.count == 1 { return policy.environments.first }
      findings.append(.init(pointer: "/environment", "is required: one of \(names)"))
      return nil
    }
    if let found = policy.environment(named: name) { return found }
    findings.append(.init(pointer: "/environment", "must be one of: \(names)"))
    return nil
  }

  private static func kind(
    _ new: NewKey, _ policy: Policy, _ findings: inout [Problem.Finding]
  ) -> KeyKind? {
    guard let kind = new.kind else { return policy.kinds.first }
    if policy.kinds.contains(kind) { return kind }
    let names = policy.kinds.map(\.name).joined(separator: ", ")
    findings.append(.init(pointer: "/kind", "must be one of: \(names)"))
    return nil
  }

  /// The one named, or the account's `default`, or its only one.
  private static func application(
    _ new: NewKey, _ account: Account, _ tx: Transaction, _ findings: inout [Problem.Finding]
  ) throws -> Application? {
    if let id = new.applicationID {
      if let found = try tx.applications.find(id), found.accountID == account.id { return found }
      findings.append(.init(pointer: "/application_id", "is no application of this account"))
      return nil
    }
    let all = try tx.applications.list(account: account.id, limit: 200)
    if let found = all.last(where: { $0.name == Application.defaultName }) { return found }
    if let only = all.first, all.count == 1 { return only }
    findings.append(
      .init(
        pointer: "/application_id",
        all.isEmpty
          ? "is required, and the account has no application yet"
          : "is required: the account has several applications"))
    return nil
  }

  /// An application's own access bounds its keys.
  private static func access(
    _ wanted: Access?, _ application: Application?, _ policy: Policy,
    _ findings: inout [Problem.Finding]
  ) -> Access? {
    let bound = application?.access
    guard let wanted else {
      return bound ?? (policy.access.contains(.full) ? .full : policy.access.first)
    }
    if !policy.access.contains(wanted) {
      findings.append(.init(pointer: "/access", "must be one of: \(policy.accessNames)"))
      return nil
    }
    if bound == .readOnly, wanted == .full {
      findings.append(.init(pointer: "/access", "is bound to read_only by the application"))
      return nil
    }
    return wanted
  }
}
