// The workload: what endpoints answer, who calls with what, what owners change their minds about,
// and which faults befall the servers. It judges nothing.
import KeyModel

extension World {
  // MARK: The endpoint

  mutating func arrive(_ parcel: Parcel) {
    let at = parcel.tenant
    let manner = trouble == 0 ? .echo : holders[at].manner
    note(UInt64(manner.number))
    tell("customer \(at) is sent generation \(parcel.generation): \(manner)")
    let question = CycleQuestion(
      requestID: parcel.requestID, key: Array("secret-\(parcel.version.bits)".utf8), proof: nil)
    switch manner {
    case .echo:
      holders[at].keep(parcel, at: now)
      acknowledge(parcel)
      reply(parcel, question.judge(status: 200, body: Array(parcel.requestID.utf8)))
    case .keepsAndLosesAnswer:
      holders[at].keep(parcel, at: now)
      acknowledge(parcel)
      reply(parcel, .uncertain(.connectionLost))
    case .keepsLate:
      // It lies in a queue of the endpoint's own; the attempt has timed out by then.
      holders[at].keep(parcel, at: now)
      reply(parcel, .uncertain(.timedOut), after: 10 * World.second)
    case .hearsNothing: reply(parcel, .uncertain(.timedOut), after: 10 * World.second)
    case .refusesConnection: reply(parcel, .unreached(.notConnected))
    case .fails: reply(parcel, question.judge(status: 500, body: []))
    case .keepsAndFails:
      holders[at].keep(parcel, at: now)
      holders[at].isExcused = true
      reply(parcel, question.judge(status: 500, body: []))
    case .wrongID: reply(parcel, question.judge(status: 200, body: Array("\"other\"".utf8)))
    case .reflects:
      reply(
        parcel, question.judge(status: 200, body: Array("secret-\(parcel.version.bits)".utf8)))
    case .redirects: reply(parcel, question.judge(status: 302, body: []))
    case .gone:
      // Whatever it kept before, it says that nobody is there.
      holders[at].isExcused = true
      reply(parcel, question.judge(status: 410, body: []))
    }
    // Kept too late to be used before the deadline, or called back while it was on the wire.
    let isOpen = tenants[at].open.contains { $0.id == parcel.cycle }
    if !isOpen || now > parcel.deadline.microseconds - 3600 * World.second {
      holders[at].isExcused = true
    }
    if trouble > 0 {
      if chance.below(3) == 0 { holders[at].manner = newManner() }
      if chance.below(8) == 0 {
        agenda.add(.haste(tenant: at), at: now + chance.within(1...1500) * 1000)
      }
    }
  }

  private mutating func newManner() -> Manner {
    chance.below(2) == 0 ? .echo : Manner.allCases[chance.below(Manner.allCases.count)]
  }

  private mutating func reply(_ parcel: Parcel, _ answer: CycleAnswer, after wait: Int64 = 0) {
    // A worker may be paused for longer than its lease.
    let pause = chance.perMille(trouble) ? chance.within(1...120) * World.second : 0
    agenda.add(.answer(parcel, answer), at: now + wait + pause + chance.within(1...400) * 1000)
  }

  /// It counts only while the endpoint is the one that the owner wants.
  private mutating func acknowledge(_ parcel: Parcel) {
    auditor.acknowledgement(
      parcel.requestID,
      inTime: tenants[parcel.tenant].settings.endpointRevision == parcel.endpointRevision)
  }

  // MARK: Calls

  mutating func call(_ tenant: Int) {
    agenda.add(.call(tenant: tenant), at: now + chance.within(60...900) * World.second)
    let up = nodes.indices.filter { nodes[$0].isUp }
    guard !up.isEmpty else { return }
    let (at, holder) = (up[chance.below(up.count)], holders[tenant])
    let accepted = accepts(holder.version, of: tenant, at)
    note(accepted ? 3 : 4)
    auditor.ends.decided(tenant, nodes[at], accepted: accepted, now: now)
    if !accepted { tell("customer \(tenant) is refused by node \(at)") }
    auditor.decided(
      nodes[at], holder.version, accepted: accepted, holder: holder, of: tenant,
      key: tenants[tenant].key, now: now)
    guard accepted else {
      if tenants[tenant].isSuspended || tenants[tenant].key.standing(at: time) == .expired {
        holders[tenant].isBarred = true
      }
      if holder.isExcused || holder.isBarred { helpOut(tenant) }
      return
    }
    holders[tenant].isBarred = false
    nodes[at].counted.append((tenant, holder.version))
    if let cycle = tenants[tenant].open.first(where: { $0.newVersion == holder.version }) {
      auditor.acknowledgement(
        cycle.requestID,
        inTime: tenants[tenant].settings.endpointRevision == cycle.endpointRevision)
    }
    agenda.add(
      .store(node: at, life: nodes[at].life), at: now + chance.within(500...10_000) * 1000)
  }

  mutating func accepts(_ version: VersionID, of tenant: Int, _ at: Int) -> Bool {
    if mutant == .negativeCache, let until = nodes[at].missing[version], now < until {
      return false
    }
    guard let token = tokens[version] else { return false }
    let wall = nodes[at].wall(now)
    let code = nodes[at].data.decide(
      token, now: mutant == .expiryOneLate ? Timestamp(microseconds: wall.microseconds - 1) : wall)
    if code == .notFound, mutant == .negativeCache {
      nodes[at].missing[version] = now + 3600 * World.second
    }
    if mutant == .activateAfterAck,
      nodes[at].plane[tenant].versions.contains(where: { $0.id == version && $0.state == .pending })
    {
      return false
    }
    return code == .valid
  }

  /// The owner looks up the key and hands it to the program, once the one that it has is dead.
  private mutating func helpOut(_ tenant: Int) {
    let key = tenants[tenant].key
    let held = key.versions.first { $0.id == holders[tenant].version }
    guard key.state == .active, held?.state.isFinal ?? true,
      let version = key.versions.first(where: { $0.state == .active })
    else { return }
    holders[tenant].version = version.id
    holders[tenant].generation = generation(version)
    holders[tenant].keptAt = now
    holders[tenant].isExcused = false
  }

  /// Somebody tries old secrets everywhere.
  mutating func probe() {
    agenda.add(.probe, at: now + chance.within(1...20_000) * World.second)
    for tenant in tenants.indices {
      if trouble == 0 {
        let peace = isPeaceful ? World.start : peaceAt
        auditor.prompt(tenants[tenant], peace: peace, now: now)
      }
      for version in tenants[tenant].key.versions where version.state.isFinal {
        for at in nodes.indices where nodes[at].isUp {
          auditor.decided(
            nodes[at], version.id, accepted: accepts(version.id, of: tenant, at), holder: nil,
            of: tenant, key: tenants[tenant].key, now: now)
        }
      }
    }
  }

  // MARK: The owner

  mutating func own(_ tenant: Int) {
    if trouble == 0 { return }
    agenda.add(.owner(tenant: tenant), at: now + chance.within(1...150_000) * World.second)
    act(tenant)
  }

  mutating func act(_ tenant: Int) {
    if trouble == 0 { return }
    let action = chance.below(42)
    note(UInt64(action))
    tell("the owner of customer \(tenant) does \(action)")
    let time = self.time
    switch action {
    case 0..<10:
      _ = change(tenant, by: nil) { world, row in
        guard row.settings.isEnabled, row.key.state == .active, row.open.isEmpty else {
          return false
        }
        world.start(&row, tenant, nil, time, nil)
        return true
      }
    case 10..<18: edit(tenant) { $0.settings.endpointRevision += 1 }
    case 18..<22:
      edit(tenant) { row in
        row.settings.everyDays = row.settings.everyDays % 3 + 1
        row.settings.endpointRevision += 1
        if row.settings.isEnabled { row.settings.nextSlotAt = row.grid.next(after: time) }
      }
    case 22..<26: edit(tenant) { $0.settings.isEnabled ? $0.turnOff(time) : $0.turnOn(time) }
    case 26..<32: reset(tenant)
    case 32..<38: acknowledgeByRequest(tenant)
    case 38: revoke(tenant)
    case 39: moveEnd(tenant)
    case 40, 41: suspend(tenant, !tenants[tenant].isSuspended)
    default: break
    }
  }

  private mutating func edit(_ tenant: Int, _ body: (inout Tenant) -> Void) {
    let time = self.time
    _ = change(tenant, by: nil) { world, row in
      if world.mutant != .ignoreEndpointVersion { row.supersedeAll("settings_changed", now: time) }
      body(&row)
      return true
    }
    holders[tenant].isExcused = true
  }

  private mutating func reset(_ tenant: Int) {
    let time = self.time
    let version = newVersion()
    let outcome = change(tenant, by: nil) { world, row in
      guard let key = try? KeyLifecycle.step(row.key, .reset(version), now: time) else {
        return false
      }
      row.key = key
      row.post.announce(.keyRotated, row.shown)
      row.closeChanged(now: time)
      for index in row.key.versions.indices where row.key.versions[index].id == version.id {
        row.key.versions[index].sealedSecret = nil
      }
      return true
    }
    guard outcome == .kept, let new = tenants[tenant].key.versions.last else { return }
    auditor.issued(tenant, generation(new))
    holders[tenant] = Holder(
      version: new.id, generation: generation(new), keptAt: now, manner: holders[tenant].manner)
  }

  private mutating func acknowledgeByRequest(_ tenant: Int) {
    guard let cycle = tenants[tenant].open.first,
      cycle.newVersion == holders[tenant].version
    else { return }
    auditor.acknowledgement(
      cycle.requestID,
      inTime: tenants[tenant].settings.endpointRevision == cycle.endpointRevision)
    let time = self.time
    _ = change(tenant, by: nil) { _, row in
      (try? row.step(cycle.id, .acknowledged, now: time)) != nil
    }
  }

  mutating func revoke(_ tenant: Int) {
    let time = self.time
    _ = change(tenant, by: nil) { world, row in
      guard row.key.state == .active,
        let key = try? KeyLifecycle.step(row.key, .revoke, now: time)
      else { return false }
      row.key = key
      row.post.announce(.keyRevoked, row.shown)
      if world.mutant != .revokeLeavesCycle { row.closeChanged(now: time) }
      return true
    }
  }

  // MARK: Faults

  mutating func fault() {
    if trouble == 0 { return }
    agenda.add(
      .fault, at: now + chance.within(60...Int64(2_000_000 / trouble)) * World.second)
    let at = chance.below(nodes.count)
    switch chance.below(4) {
    case 0: crash(at)
    case 1:
      guard nodes[at].deafSince == nil else { return }
      nodes[at].deafSince = now
      agenda.add(.hearAgain(node: at), at: now + chance.within(1...20_000) * World.second)
    case 2:
      // A leap that does not last, either way.
      let skew = nodes[at].skew
      guard abs(skew) <= 30 * World.second else { return }
      nodes[at].skew = chance.within(-400...400) * 3600 * World.second
      agenda.add(
        .stepBack(node: at, skew: skew), at: now + chance.within(1...50) * World.second)
      plan(at)
    default:
      for tenant in holders.indices {
        holders[tenant].manner = newManner()
        for hook in welcomes[tenant].indices { welcomes[tenant][hook] = newWelcome() }
      }
    }
  }

  /// Faults end; from here on everything has to come right.
  mutating func makePeace() {
    trouble = 0
    for at in nodes.indices {
      if abs(nodes[at].skew) > 30 * World.second { nodes[at].skew = 0 }
      if !nodes[at].isUp { start(at) }
      hearAgain(at)
    }
    for tenant in tenants.indices where tenants[tenant].key.state == .active {
      let time = self.time
      suspend(tenant, false)
      if !tenants[tenant].settings.isEnabled { edit(tenant) { $0.turnOn(time) } }
      helpOut(tenant)
    }
  }
}

extension Manner {
  var number: Int { Manner.allCases.firstIndex(of: self) ?? 0 }
}
