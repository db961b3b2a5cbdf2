// Use cases on the settings of auto cycling. A new endpoint is asked first, and an edit ends what
// is on its way to the one of before.
package import KeyModel
internal import Storage

extension UseCases {
  package func autoCycling(
    of id: AccountID, environment: String?, by principal: Principal
  ) async throws(Problem) -> Answer {
    let now = clock.now()
    return try await read(.getAutoCycling, by: principal) { [policies] view in
      let scope = try CyclingScope(id, environment, view, policies, place: .query)
      return Answer(200, Represent.autoCycling(scope, now: now))
    }
  }

  /// Turns it on, or changes all of it.
  package func setAutoCycling(
    of id: AccountID, _ new: NewCycling, by caller: Caller
  ) async throws(Problem) -> Answer {
    try await askNewEndpoint(id, new.endpoint, new.environment, .setAutoCycling, caller.principal)
    await usage.settle()
    return try await change(.setAutoCycling, by: caller) { [self] context in
      let scope = try CyclingScope(id, new.environment, context.view, policies, place: .body)
      let rules = try scope.requireAllowed()
      let saved = try apply(new, to: scope, rules, &context)
      let after = try CyclingScope(
        id, saved.environment, context.view, policies, place: .body)
      return Answer(200, Represent.autoCycling(after, now: context.now))
    }
  }

  /// Changes what the body names, where it is on.
  package func updateAutoCycling(
    of id: AccountID, _ patch: CyclingPatch, by caller: Caller
  ) async throws(Problem) -> Answer {
    if let endpoint = patch.endpoint {
      try await askNewEndpoint(
        id, endpoint, patch.environment, .updateAutoCycling, caller.principal)
    }
    await usage.settle()
    return try await change(.updateAutoCycling, by: caller) { [self] context in
      let scope = try CyclingScope(id, patch.environment, context.view, policies, place: .body)
      let rules = try scope.requireAllowed()
      let old = try scope.requireOn()
      var new = NewCycling(
        endpoint: patch.endpoint ?? old.endpoint, everyDays: patch.everyDays ?? old.everyDays,
        startsOn: patch.startsOn ?? old.startsOn)
      new.overlapSeconds = patch.overlapSeconds ?? old.overlapSeconds
      _ = try apply(new, to: scope, rules, &context)
      let after = try CyclingScope(id, old.environment, context.view, policies, place: .body)
      return Answer(200, Represent.autoCycling(after, now: context.now))
    }
  }

  /// Off: keys stay as they are. Off already is answered the same.
  package func stopAutoCycling(
    of id: AccountID, environment: String?, by caller: Caller
  ) async throws(Problem) -> Answer {
    await usage.settle()
    return try await change(.stopAutoCycling, by: caller) { [self] context in
      let scope = try CyclingScope(id, environment, context.view, policies, place: .query)
      if let settings = scope.settings, settings.isEnabled {
        try turnOff(settings, reason: nil, &context)
      } else {
        context.nothingToDo()
      }
      let after = try CyclingScope(
        id, scope.environment.name, context.view, policies, place: .query)
      return Answer(200, Represent.autoCycling(after, now: context.now))
    }
  }

  private func apply(
    _ new: NewCycling, to scope: CyclingScope, _ rules: AutoCyclingRules,
    _ context: inout ChangeContext
  ) throws -> CyclingSettings {
    guard new.overlapSeconds < new.everyDays * 86_400 else {
      throw Problem.invalid("/overlap_seconds", "must be shorter than every_days")
    }
    if let longest = scope.policy.rotation.overlapMaxSeconds, new.overlapSeconds > longest {
      throw Problem.invalid("/overlap_seconds", "must be at most \(longest)")
    }
    let old = scope.settings
    var settings =
      old
      ?? CyclingSettings(
        projectID: scope.project.id, accountID: scope.account.id,
        environment: scope.environment.name, endpoint: new.endpoint, everyDays: new.everyDays,
        startsOn: new.startsOn, createdAt: context.now)
    (settings.endpoint, settings.everyDays) = (new.endpoint, new.everyDays)
    (settings.startsOn, settings.overlapSeconds) = (new.startsOn, new.overlapSeconds)
    (settings.isEnabled, settings.disabledReason) = (true, nil)
    settings.updatedAt = context.now
    if settings == old.map({ $0.touched(context.now) }) {
      context.nothingToDo()
      return settings
    }
    settings.nextSlotAt = settings.firstSlot(after: old, rules, now: context.now)
    settings = try keep(settings, replacing: old, &context)
    context.audit(
      "auto_cycling.set", project: scope.project.id, account: scope.account.id,
      subject: scope.account.id, settings.auditDetail)
    try context.tellCycling(settings, before: old)
    return settings
  }

  /// What is on its way to another endpoint, or by another grid, is called back.
  private func keep(
    _ new: CyclingSettings, replacing old: CyclingSettings?, _ context: inout ChangeContext
  ) throws -> CyclingSettings {
    guard let old else {
      try context.tx.cycling.insert(new)
      return new
    }
    var settings = new
    if settings.endpoint != old.endpoint || settings.grid != old.grid {
      settings.endpointRevision += 1
      try supersedeCycles(
        of: old, "settings_changed", isDistrusted: settings.endpoint != old.endpoint, &context)
    }
    return try context.tx.cycling.update(settings)
  }

  /// - Parameter reason: nil: somebody wanted it off.
  func turnOff(
    _ old: CyclingSettings, reason: String?, _ context: inout ChangeContext
  ) throws {
    var settings = old
    settings.isEnabled = false
    settings.disabledReason = reason
    settings.nextSlotAt = nil
    settings.endpointRevision += 1
    settings.updatedAt = context.now
    try supersedeCycles(of: old, "turned_off", &context)
    settings = try context.tx.cycling.update(settings)
    context.audit(
      "auto_cycling.stopped", project: settings.projectID, account: settings.accountID,
      subject: settings.accountID,
      ["environment": .string(settings.environment), "reason": Represent.text(reason)])
    try context.tellCycling(settings, before: old)
  }

  /// Whether keys of the account change by themselves there.
  func isCycling(_ key: Key, _ tx: Transaction) throws -> Bool {
    try tx.cycling.find(key.accountID, environment: key.environment)?.isEnabled ?? false
  }
}

extension CyclingSettings {
  fileprivate func touched(_ now: Timestamp) -> CyclingSettings {
    var copy = self
    copy.updatedAt = now
    return copy
  }

  fileprivate var grid: [Int64] { [everyDays, startsOn] }

  /// The slot to be seen to first. A start that is today or past means now; an edit of the interval
  /// waits for the next slot.
  fileprivate func firstSlot(
    after old: CyclingSettings?, _ rules: AutoCyclingRules, now: Timestamp
  ) -> Timestamp? {
    let grid = grid(rules)
    guard let old, old.isEnabled, old.startsOn == startsOn else {
      return grid.slot(at: now) ?? grid.anchor
    }
    return old.everyDays == everyDays ? old.nextSlotAt : grid.next(after: now)
  }

  fileprivate var auditDetail: JSONObject {
    [
      "environment": .string(environment), "endpoint": .string(endpoint),
      "every_days": .integer(everyDays), "starts_on": .string(Represent.date(startsOn)),
      "overlap_seconds": .integer(overlapSeconds),
    ]
  }
}
