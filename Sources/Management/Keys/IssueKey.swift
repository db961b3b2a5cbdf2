// Making a key: what a policy asks of a new key, and its secret.
internal import Crypto
package import KeyModel
internal import Storage

extension UseCases {
  package func createKey(
    of id: AccountID, _ new: NewKey, by caller: Caller
  ) async throws(Problem) -> Answer {
    try await change(.createKey, by: caller) { [self] context in
      let account = try context.view.account(id)
      let policy = try policy(of: account, context.view)
      return Answer(201, try issueKey(new, account, policy, &context))
    }
  }

  /// The new key as it is answered, secret included.
  func issueKey(
    _ new: NewKey, _ account: Account, _ policy: Policy, _ context: inout ChangeContext
  ) throws -> JSONValue {
    let plan = try KeyPlan(
      new, try ApplicationChoice(new.applicationID, of: account.id, context.tx), policy,
      now: context.now)
    try requireRoom(
      for: account.id, application: plan.application.id, environment: plan.environment.name,
      policy, context)
    let made = try makeSecret(
      environment: plan.environment.name, plan.kind, policy, account.id, &context)
    let blank = Key(
      id: entropy.newID(context.now),
      publicID: try makePublicID(account.projectID, policy, context),
      projectID: account.projectID, accountID: account.id, applicationID: plan.application.id,
      environment: plan.environment.name, kind: plan.kind, name: new.name,
      description: new.description, access: plan.access, routes: new.routes,
      createdAt: context.now, createdBy: context.actor, expiresAt: new.expiresAt)
    let key = KeyLifecycle.issue(
      blank, made.version(of: blank.id, at: context.now), now: context.now)
    try context.tx.keys.insert(key)
    context.publish(key)
    context.audit(
      "key.created", project: key.projectID, account: key.accountID, subject: key.id,
      ["environment": .string(key.environment), "hint": .string(made.hint)])
    try context.emit(.keyCreated, key)
    return Represent.key(key, policy: policy, now: context.now, secret: made.secret)
  }

  /// Throws 409 where another active key would be one too many.
  func requireRoom(
    for account: AccountID, application: ApplicationID, environment: String, _ policy: Policy,
    _ context: ChangeContext
  ) throws {
    guard let limit = policy.keyLimit, let max = limit.max else { return }
    let filter = limit.filter(
      account: account, application: application, environment: environment, at: context.now)
    let active = Int(try context.tx.keys.count(filter))
    try Problem.refusing(
      "At most \(max) active keys per \(limit.per.rawValue). Revoke one first."
    ) { () throws(Refusal) in try KeyLimitRule.check(active: active, max: max) }
  }

  /// Nil where the policy has no ids of its own.
  func makePublicID(
    _ project: ProjectID, _ policy: Policy, _ context: ChangeContext
  ) throws -> String? {
    switch policy.publicID {
    case nil: nil
    case .uuid(let before, let after):
      before + UUIDText.version4(entropy.bytes(16)) + after
    case .integer(let before, let after):
      before + String(try context.tx.keys.nextPublicInteger(project)) + after
    }
  }
}

extension KeyLimit {
  /// The active keys that count together with one of this place.
  func filter(
    account: AccountID, application: ApplicationID, environment: String, at now: Timestamp
  ) -> KeyFilter {
    KeyFilter(
      account: account, application: per == .application ? application : nil,
      environment: per == .environment ? environment : nil, standing: .active(at: now))
  }
}

enum UUIDText {
  /// - Parameter random: 16 random bytes; six of their bits give way to version and variant.
  static func version4(_ random: [UInt8]) -> String {
    var bytes = random
    bytes[6] = bytes[6] & 0x0F | 0x40
    bytes[8] = bytes[8] & 0x3F | 0x80
    let hex = Array(Hex.encode(bytes))
    let cuts = [0..<8, 8..<12, 12..<16, 16..<20, 20..<32]
    return cuts.map { String(hex[$0]) }.joined(separator: "-")
  }
}
