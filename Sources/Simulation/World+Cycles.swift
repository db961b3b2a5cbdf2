// What a simulated server does about cycles: the runner's loop, step by step as the house's, with a
// crash possible between any two.
import KeyModel

extension World {
  mutating func tick(_ at: Int) {
    nodes[at].nextTick = .max
    guard let time = read(at) else {
      agenda.add(.tick(node: at, life: nodes[at].life), at: now + 5 * World.second)
      return
    }
    for tenant in tenants.indices {
      commitUsed(tenant, at)
      begin(tenant, at, time)
      bring(tenant, at, time)
      guard nodes[at].isUp else { return }
    }
    plan(at)
  }

  mutating func read(_ at: Int) -> Timestamp? {
    let wall = nodes[at].wall(now)
    if mutant == .wallClock { return wall }
    var clock = nodes[at].clock ?? CycleClock(highWater: Timestamp(microseconds: 0))
    let reading = clock.read(wall: wall, elapsed: now - nodes[at].bornAt)
    nodes[at].clock = clock
    if case .time(let time) = reading { return time }
    return nil
  }

  // MARK: Slots

  private mutating func begin(_ tenant: Int, _ at: Int, _ time: Timestamp) {
    guard let next = tenants[tenant].settings.nextSlotAt, next <= time else { return }
    let wall = nodes[at].wall(now)
    _ = change(tenant, by: at) { world, row in
      guard row.key.standing(at: wall) == .active, !row.isSuspended else {
        row.settings.nextSlotAt = row.grid.next(after: time)
        return true
      }
      let last = world.mutant == .noCoalescing ? nil : row.lastCommit
      guard case .due(let latest, _) = row.grid.verdict(next: next, lastCommit: last, now: time)
      else {
        row.settings.nextSlotAt = row.grid.next(after: time)
        return true
      }
      let slot = world.mutant == .noCoalescing ? next : latest
      if !row.slots.contains(slot) {
        if !row.open.isEmpty, world.mutant != .noUniqueIndex { return false }
        world.start(&row, tenant, slot, wall, at)
      }
      row.settings.nextSlotAt =
        world.mutant == .noCoalescing
        ? slot.adding(seconds: row.grid.interval) : row.grid.next(after: time)
      return true
    }
    if chance.perMille(trouble) { crash(at) }
  }

  /// Gives the key a waiting version and the row a cycle.
  mutating func start(
    _ row: inout Tenant, _ tenant: Int, _ slot: Timestamp?, _ wall: Timestamp, _ node: Int?
  ) {
    let version = newVersion()
    guard var key = try? CycleMachine.prepare(row.key, version, now: wall) else {
      if mutant == .noUniqueIndex { startAnother(&row, tenant, slot, wall) }
      return
    }
    guard
      let old = key.versions.first(where: { $0.state == .active })
        ?? key.versions.last(where: { $0.id != version.id }),
      let new = key.versions.last
    else { return }
    if mutant == .retireOldBeforeAck {
      for index in key.versions.indices where key.versions[index].id == old.id {
        key.versions[index].state = .retired
        key.versions[index].sealedSecret = nil
      }
    }
    add(&row, tenant, key, old.id, new, slot, wall)
  }

  private mutating func startAnother(
    _ row: inout Tenant, _ tenant: Int, _ slot: Timestamp?, _ wall: Timestamp
  ) {
    var version = newVersion()
    version.state = .pending
    version.number = Int64(row.key.versions.count + 1)
    guard let old = row.key.versions.first(where: { $0.state == .active }) else { return }
    var key = row.key
    key.versions.append(version)
    add(&row, tenant, key, old.id, version, slot, wall)
  }

  private mutating func add(
    _ row: inout Tenant, _ tenant: Int, _ key: Key, _ old: VersionID, _ new: KeyVersion,
    _ slot: Timestamp?, _ wall: Timestamp
  ) {
    row.key = key
    // Long dead; a probe tries the younger ones.
    row.key.versions.removeAll { $0.state.isFinal && $0.number + 6 < new.number }
    let id = newID(CycleTag.self)
    var cycle = Cycle(
      id: id, projectID: key.projectID, accountID: key.accountID, keyID: key.id,
      environment: "", cause: slot == nil ? .manual : .scheduled, slotAt: slot,
      requestID: "request-\(id.bits)", generation: generation(new), oldVersion: old,
      newVersion: new.id, endpoint: "", endpointRevision: row.settings.endpointRevision,
      startedAt: wall,
      deadline: row.grid.deadline(from: wall, seconds: row.rules.deadlineSeconds))
    if nodes.count > 1 { cycle.nextAttemptAt = wall.adding(seconds: 1) }
    row.open.append(cycle)
    row.entries += 1
    if let slot { row.slots.append(slot) }
    auditor.began(tenant, cycle, now: now)
  }

  /// Above whatever was sent before a restore.
  func generation(_ version: KeyVersion) -> Int64 { epoch * 1_000_000 + version.number }

  // MARK: Attempts, deadlines, uses

  private mutating func bring(_ tenant: Int, _ at: Int, _ time: Timestamp) {
    for cycle in tenants[tenant].open {
      guard nodes[at].isUp, !nodes[at].busy.contains(cycle.id) else { continue }
      guard let wake = cycle.wakesAt, wake <= time else { continue }
      if cycle.deadline.adding(seconds: CycleMachine.grace) <= time {
        fail(tenant, cycle, at, time)
      } else if time < cycle.deadline {
        attempt(tenant, cycle, at, time)
      }
    }
  }

  private mutating func fail(_ tenant: Int, _ cycle: Cycle, _ at: Int, _ time: Timestamp) {
    storeUses(at)
    _ = change(tenant, by: at) { world, row in
      let isUsed = row.used.contains(cycle.newVersion)
      return (try? row.step(cycle.id, isUsed ? .used : .deadline, now: time)) != nil
    }
  }

  private mutating func attempt(_ tenant: Int, _ cycle: Cycle, _ at: Int, _ time: Timestamp) {
    var parcel: Parcel?
    let life = nodes[at].life
    let outcome = change(tenant, by: at) { world, row in
      let revision =
        world.mutant == .ignoreEndpointVersion
        ? cycle.endpointRevision : row.settings.endpointRevision
      let event = CycleEvent.lease(seconds: World.leaseSeconds, endpointRevision: revision)
      guard let step = try? row.step(cycle.id, event, now: time) else { return false }
      if world.mutant == .eraseSecretEarly { row.forget(cycle.newVersion) }
      guard step.effects.contains(.deliver) else { return true }
      parcel = Parcel(
        tenant: tenant, cycle: cycle.id, requestID: cycle.requestID,
        generation: cycle.generation, version: cycle.newVersion,
        endpointRevision: cycle.endpointRevision, deadline: cycle.deadline, node: at,
        life: life, epoch: step.cycle.lease.epoch)
      return true
    }
    guard var parcel, outcome == .kept, !chance.perMille(trouble) else {
      if outcome != .undone, chance.perMille(500) { crash(at) }
      return
    }
    if mutant == .newKeyOnRetry, parcel.epoch > 1 { parcel.version = newID() }
    nodes[at].busy.append(cycle.id)
    auditor.sent(parcel, now: now)
    agenda.add(.arrive(parcel), at: now + chance.within(1...400) * 1000)
    if chance.perMille(trouble) { crash(at) }
  }

  mutating func take(_ answer: CycleAnswer, _ parcel: Parcel) {
    note(UInt64(truncatingIfNeeded: parcel.cycle.bits))
    guard isLive(parcel.node, parcel.life) else { return }
    tell("node \(parcel.node) hears \(answer) of attempt \(parcel.epoch)")
    nodes[parcel.node].busy.removeAll { $0 == parcel.cycle }
    if chance.perMille(trouble) { return crash(parcel.node) }
    guard let time = read(parcel.node) else { return plan(parcel.node) }
    _ = change(parcel.tenant, by: parcel.node) { world, row in
      let current = row.open.first { $0.id == parcel.cycle }?.lease.epoch ?? parcel.epoch
      let epoch = world.mutant == .noLeaseEpoch ? current : parcel.epoch
      if world.mutant == .noGenerationCheck, answer == .acknowledged {
        row.commitWhatever(parcel.version, time)
      }
      let event = CycleEvent.answer(
        answer, epoch: epoch, retryAfter: nil, spread: world.chance.within(-200...200))
      guard (try? row.step(parcel.cycle, event, now: time)) != nil else {
        return world.mutant == .noGenerationCheck
      }
      world.auditor.answerTaken(epoch: parcel.epoch, current: current, now: world.now)
      return true
    }
    if chance.perMille(trouble) { crash(parcel.node) }
    plan(parcel.node)
  }

  private mutating func commitUsed(_ tenant: Int, _ at: Int) {
    for cycle in tenants[tenant].open where tenants[tenant].used.contains(cycle.newVersion) {
      let wall = nodes[at].wall(now)
      _ = change(tenant, by: at) { _, row in
        (try? row.step(cycle.id, .used, now: wall)) != nil
      }
    }
  }

  /// What this node counted becomes durable.
  mutating func storeUses(_ at: Int) {
    guard nodes[at].deafSince == nil else { return }
    for use in nodes[at].counted where !tenants[use.tenant].used.contains(use.version) {
      tenants[use.tenant].used.append(use.version)
    }
    nodes[at].counted = []
    plan(at)
  }
}

extension Tenant {
  fileprivate mutating func forget(_ version: VersionID) {
    for index in key.versions.indices where key.versions[index].id == version {
      key.versions[index].sealedSecret = nil
    }
  }

  /// The mistake of a commit that looks at nothing.
  fileprivate mutating func commitWhatever(_ version: VersionID, _ now: Timestamp) {
    guard !key.versions.contains(where: { $0.id == version && $0.state == .pending }) else {
      return
    }
    for index in key.versions.indices {
      if key.versions[index].state == .active { key.versions[index].state = .retired }
      if key.versions[index].id == version { key.versions[index].state = .active }
    }
  }
}
