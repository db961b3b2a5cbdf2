// Takes one step of a cycle inside a change: the rows of cycle and key, the audit entry, and what
// webhooks and people are told.
internal import KeyModel
internal import Storage

extension UseCases {
  /// Steps the cycle as it is stored now.
  /// - Parameter now: nil: the change's own time.
  /// - Throws: `CycleError` where the step is refused; then nothing was written.
  func step(
    _ cycle: Cycle, _ event: CycleEvent, now: Timestamp? = nil, _ context: inout ChangeContext
  ) throws -> CycleStep {
    guard let key = try context.tx.keys.find(cycle.keyID) else { throw CycleError.overtaken }
    let settings = try context.tx.cycling.find(
      cycle.accountID, environment: cycle.environment)
    let policy = try policy(of: key, context.view)
    let rules = CycleRules(
      policy.autoCycling ?? AutoCyclingRules(),
      overlapSeconds: settings?.overlapSeconds ?? 0,
      reveal: policy.environment(named: key.environment)?.reveal ?? .once)
    let step = try CycleMachine.step(
      cycle, key, event, rules: rules, now: now ?? context.now)
    // Before the key: what else looks after cycles of a changed key must find this one over.
    _ = try context.tx.cycles.update(step.cycle)
    if step.key != key { try store(step.key, replacing: key, &context) }
    try tell(step, &context)
    if step.effects.contains(.turnOff), let settings, settings.isEnabled {
      try turnOff(settings, reason: "endpoint_gone", &context)
    }
    return step
  }

  private func tell(_ step: CycleStep, _ context: inout ChangeContext) throws {
    let cycle = step.cycle
    guard !cycle.state.isOpen || step.effects.contains(.tellDoubt) else {
      return context.nothingToDo()
    }
    context.audit(
      "cycle.\(cycle.state.name)", project: cycle.projectID, account: cycle.accountID,
      subject: cycle.id,
      [
        "key_id": .string(cycle.keyID.description), "attempts": .integer(cycle.attempts),
        "reason": Represent.text(cycle.reason),
        "acknowledged_by": Represent.text(cycle.proof?.name),
      ])
    let data: JSONObject = [
      "cycle_id": .string(cycle.id.description), "key_id": .string(cycle.keyID.description),
      "cause": .string(cycle.cause.name), "reason": Represent.text(cycle.reason),
    ]
    if step.effects.contains(.tellCommitted) { try emit(.cycleCommitted, cycle, data, &context) }
    if step.effects.contains(.tellDoubt) { try context.tellDoubt(cycle) }
    if step.effects.contains(.tellFailed) {
      try emit(.cycleFailed, cycle, data, &context)
      try context.tellFailed(cycle)
    }
  }

  private func emit(
    _ kind: EventKind, _ cycle: Cycle, _ data: JSONObject, _ context: inout ChangeContext
  ) throws {
    try context.emit(
      kind, project: cycle.projectID, account: cycle.accountID, environment: cycle.environment,
      data)
  }

  // MARK: Ends from elsewhere

  /// To be called after `usage.settle()`: a cycle whose new secret is in use already is committed,
  /// since ending it would take that secret from its holder.
  /// - Parameter isDistrusted: the endpoint is given up: no secret that it got becomes the key's,
  ///   whoever uses it.
  func supersedeCycles(
    of settings: CyclingSettings, _ reason: String, isDistrusted: Bool = false,
    _ context: inout ChangeContext
  ) throws {
    for cycle in try context.tx.cycles.open(
      of: settings.accountID, environment: settings.environment)
    {
      let isUsed = try !isDistrusted && context.tx.cycles.isUsed(cycle)
      _ = try step(cycle, isUsed ? .used : .supersede(reason), &context)
    }
  }

  /// Commits the key's open cycle where its new secret is in use already.
  func commitUsedCycle(of id: KeyID, _ context: inout ChangeContext) throws {
    guard let cycle = try context.tx.cycles.open(of: id), try context.tx.cycles.isUsed(cycle)
    else { return }
    _ = try step(cycle, .used, &context)
  }

  /// Uses that decide on the key's open cycle, where it has one.
  func settleForCycle(of id: KeyID) async {
    if (try? await store.read { try $0.cycles.open(of: id) }) != nil { await usage.settle() }
  }

  /// After a key was changed by whatever means: a cycle whose version waits no more is over.
  func closeCycle(of key: Key, before old: Key, _ context: inout ChangeContext) throws {
    let waited = old.versions.filter { $0.state == .pending }.map(\.id)
    guard !waited.isEmpty,
      !key.versions.contains(where: { waited.contains($0.id) && $0.state == .pending }),
      let cycle = try context.tx.cycles.open(of: key.id)
    else { return }
    let isRevoked = key.versions.contains { $0.id == cycle.newVersion && $0.state == .revoked }
    // A reset revokes all there was, and goes on with another.
    let isReset = key.versions.contains { $0.state == .active && $0.id != cycle.oldVersion }
    _ = try step(
      cycle, isRevoked && !isReset ? .cancel("key_revoked") : .supersede("key_changed"), &context)
  }

  /// A restored store may have cycles open that were committed since: the new versions were their
  /// holders', and go on.
  func commitRestored(_ restraints: [Restraint], _ context: inout ChangeContext) throws {
    for case .ending(.version(_, of: let key, until: _)) in restraints {
      guard let cycle = try context.tx.cycles.open(of: key),
        Restraint.show(restraints, commitOf: cycle)
      else { continue }
      _ = try step(cycle, .acknowledged, &context)
    }
  }
}
