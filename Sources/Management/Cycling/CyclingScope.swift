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

  /// - Parameter name: of an environment; nil: the one with settings, or else with the account's
  ///   secret keys, or else the policy's first.
  /// - Throws: 404, or 400 where the policy has no such environment.
  init(
    _ id: AccountID, _ name: String?, _ view: View, _ policies: PolicyLibrary, place: Place
  ) throws {
    account = try view.account(id)
    project = try view.project(account.projectID)
    policy = try policies.policy(of: project).policy
    rules = policy.autoCycling
    let saved = try view.tx.cycling.list(id)
    environment = try Self.environment(
      try name ?? Self.usual(saved, policy, id, view.tx), policy, place)
    settings = saved.first { [environment] in $0.environment == environment.name }
  }

  enum Place { case body, query }

  private static func usual(
    _ saved: [CyclingSettings], _ policy: Policy, _ account: AccountID, _ tx: Transaction
  ) throws -> String? {
    var likely = Set(saved.map(\.environment))
    if likely.isEmpty, policy.environments.count > 1 {
      likely = Set(
        try tx.keys.list(KeyFilter(account: account, kind: .secret), limit: 200).map(\.environment))
    }
    let found = policy.environments.first { likely.contains($0.name) }
    return (found ?? policy.environments.first)?.name
  }

  private static func environment(
    _ name: String?, _ policy: Policy, _ place: Place
  ) throws(Problem) -> Environment {
    if let name, let found = policy.environment(named: name) { return found }
    let detail = "must be one of: \(policy.environments.map(\.name).joined(separator: ", "))"
    throw place == .body
      ? .invalid("/environment", detail) : .invalid(parameter: "environment", detail)
  }

  /// Throws 409 or 403 where policy or plan do not have it.
  func requireAllowed() throws -> AutoCyclingRules {
    try KeyRules.checkAutoCycling(policy: policy, plan: account.plan)
    guard let rules else { throw Refusal.rotationModeDisabled }
    return rules
  }

  /// Why no slot begins a cycle although it is on; nil where one does.
  var pausedReason: String? {
    guard let settings, settings.isEnabled else { return nil }
    if account.state != .active { return ProblemCode.accountSuspended.rawValue }
    do throws(Refusal) {
      try KeyRules.checkAutoCycling(policy: policy, plan: account.plan)
      return nil
    } catch {
      return error.code
    }
  }

  /// Throws 409 where it is off.
  func requireOn() throws -> CyclingSettings {
    guard let settings, settings.isEnabled else {
      throw Problem(.autoCyclingOff, "Auto cycling is off in this environment. PUT turns it on.")
    }
    return settings
  }
}
