// What a request about auto cycling is about: the account, its policy, and the one environment that
// it names or leaves no doubt about.
internal import KeyModel
internal import Storage

struct CyclingScope {
  let account: Account
  let project: Project
  let policy: Policy
  let rules: AutoCyclingRules?
  let environment: Environment
  /// Nil where it was never turned on.
  let settings: CyclingSettings?

  /// - Parameter name: of an environment; nil: the only one, or the only one with settings.
  /// - Throws: 404, or 400 where the name says nothing or is missing.
  init(
    _ id: AccountID, _ name: String?, _ view: View, _ policies: PolicyLibrary, place: Place
  ) throws {
    account = try view.account(id)
    project = try view.project(account.projectID)
    policy = try policies.policy(of: project).policy
    rules = policy.autoCycling
    let saved = try view.tx.cycling.list(id)
    environment = try Self.environment(name, saved, policy, place)
    settings = saved.first { [environment] in $0.environment == environment.name }
  }

  enum Place { case body, query }

  private static func environment(
    _ name: String?, _ saved: [CyclingSettings], _ policy: Policy, _ place: Place
  ) throws(Problem) -> Environment {
    let chosen = name ?? (saved.count == 1 ? saved.first?.environment : nil)
    if let chosen, let found = policy.environment(named: chosen) { return found }
    if name == nil, policy.environments.count == 1 { return policy.environments[0] }
    let names = policy.environments.map(\.name).joined(separator: ", ")
    let detail = name == nil ? "is required: one of \(names)" : "must be one of: \(names)"
    throw place == .body
      ? .invalid("/environment", detail) : .invalid(parameter: "environment", detail)
  }

  /// Throws 409 or 403 where policy or plan do not have it.
  func requireAllowed() throws -> AutoCyclingRules {
    try KeyRules.checkAutoCycling(policy: policy, plan: account.plan)
    guard let rules else { throw Refusal.rotationModeDisabled }
    return rules
  }

  /// Throws 409 where it is off.
  func requireOn() throws -> CyclingSettings {
    guard let settings, settings.isEnabled else {
      throw Problem(.autoCyclingOff, "Auto cycling is off in this environment. PUT turns it on.")
    }
    return settings
  }
}
