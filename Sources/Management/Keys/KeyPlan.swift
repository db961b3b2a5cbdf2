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
    _ new: NewKey, _ choice: ApplicationChoice, _ policy: Policy, now: Timestamp
  ) throws(Problem) {
    var findings: [Problem.Finding] = []
    let environment = policy.environment(wanted: new.environment, &findings)
    let kind = Self.kind(new, environment, policy, &findings)
    let application = Self.application(choice, &findings)
    let access = Self.access(new.access, application, policy, &findings)
    if let end = new.expiresAt, end <= now {
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

  private static func kind(
    _ new: NewKey, _ environment: Environment?, _ policy: Policy,
    _ findings: inout [Problem.Finding]
  ) -> KeyKind? {
    let kinds = environment.map(policy.kinds(in:)) ?? policy.kinds
    guard let kind = new.kind else { return kinds.first }
    if kinds.contains(kind) { return kind }
    let names = kinds.map(\.name).joined(separator: ", ")
    findings.append(.init(pointer: "/kind", "must be one of: \(names)"))
    return nil
  }

  private static func application(
    _ choice: ApplicationChoice, _ findings: inout [Problem.Finding]
  ) -> Application? {
    switch choice {
    case .found(let application): return application
    case .none(let reason):
      findings.append(.init(pointer: "/application_id", reason))
      return nil
    }
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

extension Policy {
  /// The one that is named, or the only one there is.
  func environment(
    wanted name: String?, _ findings: inout [Problem.Finding]
  ) -> Environment? {
    if name == nil, environments.count == 1 { return environments.first }
    if let found = name.flatMap({ environment(named: $0) }) { return found }
    let names = environments.map(\.name).joined(separator: ", ")
    findings.append(
      .init(
        pointer: "/environment",
        name == nil ? "is required: one of \(names)" : "must be one of: \(names)"))
    return nil
  }
}

/// The application that a new key goes to, or why there is none.
enum ApplicationChoice {
  case found(Application)
  case none(String)

  /// The one named, or the account's `default`, or its only one.
  init(_ id: ApplicationID?, of account: AccountID, _ tx: Transaction) throws {
    if let id {
      let found = try tx.applications.find(id)
      self =
        if let found, found.accountID == account { .found(found) } else {
          .none("is no application of this account")
        }
      return
    }
    let all = try tx.applications.all(of: account)
    if let found = all.first(where: { $0.name == Application.defaultName }) ?? Self.only(of: all) {
      self = .found(found)
    } else {
      self = .none(
        all.isEmpty
          ? "is required, and the account has no application yet"
          : "is required: the account has several applications")
    }
  }

  private static func only(of all: [Application]) -> Application? {
    all.count == 1 ? all.first : nil
  }
}
