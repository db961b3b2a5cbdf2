// Begins cycles: gives each key its new version, which is accepted from the same commit on.
internal import Crypto
package import KeyModel
internal import Storage

extension UseCases {
  /// `POST …/auto-cycling/run`: cycles now, outside the grid.
  package func runCycle(
    of id: AccountID, _ run: CyclingRun, by caller: Caller
  ) async throws(Problem) -> Answer {
    try await change(.runAutoCycling, by: caller) { [self] context in
      let scope = try CyclingScope(id, run.environment, context.view, policies, place: .body)
      let rules = try scope.requireAllowed()
      let settings = try scope.requireOn()
      guard scope.account.state == .active else {
        throw Problem(.accountSuspended, "The account is suspended: its keys do not cycle.")
      }
      let keys = try cyclingKeys(settings, context)
      guard !keys.isEmpty else {
        throw Problem(
          .noKeyToCycle, "The account has no active secret key in this environment.")
      }
      let started = try keys.filter { try context.tx.cycles.open(of: $0.id) == nil }.map {
        try begin($0, settings, scope.policy, rules, slot: nil, missed: 0, &context)
      }
      guard let first = started.first else {
        throw Problem(.cycleOpen, "A cycle is under way already.")
      }
      return Answer(
        202,
        [
          "cycle_id": .string(first.id.description),
          "cycle_ids": .array(started.map { .string($0.id.description) }),
        ])
    }
  }

  /// The keys that change by themselves under these settings.
  private func cyclingKeys(
    _ settings: CyclingSettings, _ context: ChangeContext
  ) throws -> [Key] {
    try context.tx.keys.all(
      KeyFilter(
        account: settings.accountID, environment: settings.environment, kind: .secret,
        standing: .active(at: context.now)))
  }

  /// Sees to the slots of these settings that have come. Whoever saw to them first has done it.
  /// - Parameter now: by a clock that does not go back.
  func beginDue(_ settings: CyclingSettings, now: Timestamp) async throws(Problem) {
    _ = try await change(.runAutoCycling, by: Caller(.server)) { [self] context in
      let current = try context.tx.cycling.find(
        settings.accountID, environment: settings.environment)
      guard let current, let next = current.nextSlotAt, next <= now else {
        context.nothingToDo()
        return .noContent
      }
      context.nothingToDo()
      try seeTo(current, next, now, &context)
      return .noContent
    }
  }

  private func seeTo(
    _ settings: CyclingSettings, _ next: Timestamp, _ now: Timestamp,
    _ context: inout ChangeContext
  ) throws {
    let scope = try CyclingScope(
      settings.accountID, settings.environment, context.view, policies, place: .body)
    guard let rules = try? scope.requireAllowed(), scope.account.state == .active else {
      // Nobody may have it now: the slot passes, and so do those after it.
      let days = scope.rules ?? AutoCyclingRules()
      return try advance(settings, settings.grid(days).next(after: now), &context)
    }
    let grid = settings.grid(rules)
    var isDone = true
    for key in try cyclingKeys(settings, context) {
      let last = try context.tx.cycles.lastCommit(of: key.id)
      guard case .due(let slot, let missed) = grid.verdict(next: next, lastCommit: last, now: now)
      else { continue }
      if try context.tx.cycles.hasSlot(slot, of: key.id) { continue }
      if try context.tx.cycles.open(of: key.id) != nil {
        isDone = false
      } else {
        _ = try begin(
          key, settings, scope.policy, rules, slot: slot, missed: missed, &context)
      }
    }
    if isDone { try advance(settings, grid.next(after: now), &context) }
  }

  private func advance(
    _ settings: CyclingSettings, _ next: Timestamp, _ context: inout ChangeContext
  ) throws {
    var settings = settings
    settings.nextSlotAt = next
    _ = try context.tx.cycling.update(settings)
  }

  /// Longer than other servers take to hear of a change.
  private static let feedSeconds: Int64 = 1

  func begin(
    _ key: Key, _ settings: CyclingSettings, _ policy: Policy, _ rules: AutoCyclingRules,
    slot: Timestamp?, missed: Int64, _ context: inout ChangeContext
  ) throws -> Cycle {
    let made = try makeSecret(
      environment: key.environment, key.kind, policy, key.accountID, sealing: true, &context)
    let prepared: Key
    do throws(CycleError) {
      prepared = try CycleMachine.prepare(
        key, made.version(of: key.id, at: context.now), now: context.now)
    } catch {
      throw Problem(cycling: error)
    }
    guard
      let old = prepared.versions.first(where: { $0.state == .active })
        ?? prepared.versions.last(where: { $0.id != made.id }),
      let new = prepared.versions.first(where: { $0.id == made.id })
    else { throw Problem(cycling: .overtaken) }
    var cycle = Cycle(
      id: entropy.newID(context.now), projectID: key.projectID, accountID: key.accountID,
      keyID: key.id, environment: key.environment, cause: slot == nil ? .manual : .scheduled,
      slotAt: slot, requestID: UUIDText.version4(entropy.bytes(16)),
      generation: try context.tx.meta.restoreEpoch() * 1_000_000 + new.number,
      oldVersion: old.id, newVersion: new.id, endpoint: settings.endpoint,
      endpointRevision: settings.endpointRevision, startedAt: context.now,
      deadline: settings.grid(rules).deadline(
        from: context.now, seconds: rules.deadlineSeconds))
    if store.capabilities.sharedAmongProcesses {
      // So that every server accepts the new version before anybody can present it.
      cycle.nextAttemptAt = context.now.adding(seconds: Self.feedSeconds)
    }
    try context.tx.cycles.insert(cycle)
    try store(prepared, replacing: key, &context)
    var detail: JSONObject = [
      "key_id": .string(key.id.description), "cause": .string(cycle.cause.name),
      "version": .string(new.id.description), "hint": .string(new.hint),
    ]
    if missed > 0 { detail["missed_slots"] = .integer(missed) }
    context.audit(
      "cycle.started", project: key.projectID, account: key.accountID, subject: cycle.id, detail)
    return cycle
  }
}

extension Problem {
  init(cycling error: CycleError) {
    switch error {
    case .key(let keyError): self.init(storing: keyError)
    case .over: self.init(.cycleOver, "The cycle is over.")
    case .staleLease, .notDue, .overtaken:
      self.init(.conflict, "Another change came in between. Try again.")
    }
  }
}
