// What a simulated server does about webhooks: the delivery engine's round, step by step as the
// house's, with a crash possible between any two. What a claim may start and what follows from an
// attempt is the engine's own.
import Delivery
import KeyModel
import Storage

extension World {
  /// Each transaction may be refused, or be kept without its server hearing of it.
  mutating func round(_ at: Int) {
    guard nodes[at].carrier.nextRound == now else { return }
    nodes[at].carrier.nextRound = .max
    let isWell = renewClaims(at) && claimDue(at) && refill(at)
    startAll(at)
    settle(at)
    if !isWell { rest(at) }
    planRound(at)
  }

  private mutating func rest(_ at: Int) {
    let wait = nodes[at].deafSince == nil ? World.second : 60 * World.second
    nodes[at].carrier.restsUntil = now + wait
  }

  mutating func planRound(_ at: Int) {
    guard nodes[at].isUp else { return }
    let carrier = nodes[at].carrier
    let skew = nodes[at].drift
    var wake = carrier.wakesAt(nodes[at].steady(now))
    if wake < .max { wake -= skew }
    for tenant in tenants.indices {
      let post = tenants[tenant].post
      for hook in post.hooks.indices {
        if let held = carrier.index(tenant, hook) {
          // Others' changes are heard of within a second.
          if carrier.held[held].revision != post.revision { wake = min(wake, now + World.second) }
        } else if post.hooks[hook].dueAt < .latest {
          wake = min(wake, post.hooks[hook].wakesAt - skew)
        }
      }
    }
    guard wake < .max else { return }
    wake = max(wake, now + 1000, carrier.restsUntil)
    guard wake < carrier.nextRound else { return }
    nodes[at].carrier.nextRound = wake
    agenda.add(.round(node: at, life: nodes[at].life), at: wake)
  }

  // MARK: Claims

  /// False where the store failed.
  private mutating func renewClaims(_ at: Int) -> Bool {
    let time = nodes[at].steady(now)
    let half = time.adding(seconds: Carrier.leaseSeconds / 2)
    let end = time.adding(seconds: Carrier.leaseSeconds)
    for one in nodes[at].carrier.held where one.run.leasedUntil <= half {
      var isRenewed = false
      let outcome = changePost(one.tenant, by: at) { _, post in
        isRenewed = post.renew(one.run.queue, one.hook, until: end)
      }
      guard outcome == .kept else { return false }
      guard isRenewed, let held = nodes[at].carrier.index(one.tenant, one.hook) else {
        nodes[at].carrier.drop(one.tenant, one.hook, epoch: one.run.queue.epoch)
        continue
      }
      nodes[at].carrier.held[held].run.leasedUntil = end
    }
    return true
  }

  private mutating func claimDue(_ at: Int) -> Bool {
    let time = nodes[at].steady(now)
    for tenant in tenants.indices {
      for hook in tenants[tenant].post.hooks.indices
      where nodes[at].carrier.index(tenant, hook) == nil
        && tenants[tenant].post.hooks[hook].isDue(at: time)
      {
        guard claim(tenant, hook, at, time) else { return false }
        if chance.perMille(trouble) { crash(at) }
        guard nodes[at].isUp else { return false }
      }
    }
    return true
  }

  private mutating func claim(
    _ tenant: Int, _ hook: Int, _ at: Int, _ time: Timestamp
  ) -> Bool {
    let end = time.adding(seconds: Carrier.leaseSeconds)
    var held: Carrier.Held?
    let outcome = changePost(tenant, by: at) { world, post in
      guard let queue = post.claim(hook, at: time, until: end) else { return }
      guard post.hooks[hook].webhook.disabledReason == nil else {
        post.cancelPending(hook)
        return post.release(queue, hook)
      }
      var run = QueueRun(
        queue, post.hooks[hook].webhook, world.assignment(post.hooks[hook], time),
        leasedUntil: end)
      run.take(
        post.due(hook, at: time, limit: QueueRun.lowMark), limit: QueueRun.lowMark,
        next: post.nextDue(hook, after: time))
      held = Carrier.Held(tenant: tenant, hook: hook, run: run, revision: post.revision)
    }
    guard outcome == .kept else { return false }
    if let held { nodes[at].carrier.held.append(held) }
    return true
  }

  func assignment(_ hook: Hook, _ time: Timestamp) -> Assignment {
    let isOverlap = hook.webhook.previousUntil.map { time < $0 } ?? false
    var material = SigningMaterial(
      current: hook.secrets, previous: isOverlap ? hook.previous : nil)
    if mutant == .retiredSecret, !isOverlap, let old = hook.previous { material.current = old }
    return Assignment(rules: webhookRules, material: material)
  }

  private mutating func refill(_ at: Int) -> Bool {
    let time = nodes[at].steady(now)
    for one in nodes[at].carrier.held {
      guard let held = nodes[at].carrier.index(one.tenant, one.hook) else { continue }
      let post = tenants[one.tenant].post
      if one.revision != post.revision { nodes[at].carrier.held[held].run.wasWoken = true }
      guard nodes[at].carrier.held[held].run.wantsMore(time) else { continue }
      if storeFails(at) { return false }
      guard post.isCurrent(one.run.queue, one.hook) else {
        nodes[at].carrier.held.remove(at: held)
        continue
      }
      let limit = QueueRun.pageSize + one.run.held.count + one.run.ready.count
      nodes[at].carrier.held[held].revision = post.revision
      nodes[at].carrier.held[held].run.asked()
      nodes[at].carrier.held[held].run.renew(assignment(post.hooks[one.hook], time))
      nodes[at].carrier.held[held].run.take(
        post.due(one.hook, at: time, limit: limit), limit: limit,
        next: post.nextDue(one.hook, after: time))
    }
    return true
  }

  // MARK: Calls

  private mutating func startAll(_ at: Int) {
    let time = nodes[at].steady(now)
    for held in nodes[at].carrier.held.indices {
      while nodes[at].isUp, nodes[at].carrier.held[held].run.canStart(time),
        let due = nodes[at].carrier.held[held].run.start()
      {
        send(due, nodes[at].carrier.held[held], at, time)
      }
    }
  }

  private mutating func send(
    _ due: DueDelivery, _ held: Carrier.Held, _ at: Int, _ time: Timestamp
  ) {
    if chance.perMille(trouble) { return crash(at) }
    letters += 1
    let id = mutant == .eventIDPerAttempt ? newID() : due.delivery.eventID
    let body = mutant == .bodyPerAttempt ? due.body + padding(due) : due.body
    let letter = Letter(
      number: letters, tenant: held.tenant, hook: held.hook, node: at, life: nodes[at].life,
      due: due, queue: held.run.queue, url: held.run.webhook.url,
      headers: held.run.signer.headers(
        id: id.description, body: body, data: due.data, now: time),
      body: body, started: time)
    tell("node \(at) sends letter \(letter.number), \(due.delivery.id), to \(letter.url)")
    auditor.hooks.sent(letter, now: now)
    agenda.add(.letter(letter), at: now + chance.within(1...400) * 1000)
    if chance.perMille(trouble) { crash(at) }
  }

  mutating func take(
    _ result: Result<OutboundAnswer, OutboundFailure>, of letter: Letter
  ) {
    let at = letter.node
    guard isLive(at, letter.life) else { return }
    if chance.perMille(trouble) { return crash(at) }
    guard let held = nodes[at].carrier.index(letter.tenant, letter.hook),
      nodes[at].carrier.held[held].run.queue.epoch == letter.queue.epoch
    else { return }
    let time = nodes[at].steady(now)
    let report = AttemptReport(result, started: letter.started, now: time, secrets: [])
    let (delivery, notices) = nodes[at].carrier.held[held].run.ended(
      letter.due, report, now: time, random: chance.next())
    tell("node \(at) hears of letter \(letter.number): \(report.outcome)")
    nodes[at].carrier.outcomes.append(
      Carrier.Outcome(
        letter: letter, queue: nodes[at].carrier.held[held].run.queue,
        delivery: bent(delivery, letter.due.delivery, time), notices: notices))
    startAll(at)
    settle(at)
    planRound(at)
  }

  // MARK: The store

  private mutating func settle(_ at: Int) {
    guard nodes[at].isUp, nodes[at].carrier.restsUntil <= now else { return }
    for tenant in tenants.indices {
      let some = nodes[at].carrier.outcomes.filter { $0.letter.tenant == tenant }
      let idle = idleClaims(tenant, at)
      if some.isEmpty, idle.isEmpty { continue }
      guard settle(some, idle, tenant, at) else { return rest(at) }
      if chance.perMille(trouble) { return crash(at) }
    }
  }

  private func idleClaims(_ tenant: Int, _ at: Int) -> [Carrier.Held] {
    let carrier = nodes[at].carrier
    let time = nodes[at].steady(now)
    return carrier.held.filter {
      $0.tenant == tenant && $0.run.isIdle(time, storing: carrier.storing($0))
    }
  }

  private mutating func settle(
    _ some: [Carrier.Outcome], _ idle: [Carrier.Held], _ tenant: Int, _ at: Int
  ) -> Bool {
    var lost: [Carrier.Outcome] = []
    let outcome = changePost(tenant, by: at) { world, post in
      for one in some {
        let hook = one.letter.hook
        guard post.isCurrent(one.queue, hook) || world.mutant == .leaseUnchecked else {
          lost.append(one)
          continue
        }
        world.auditor.hooks.counts(one.letter, at: post.hooks[hook].epoch, now: world.now)
        post.settle(one.delivery)
        post.store(one.queue, hook)
        for notice in one.notices { post.heed(notice, hook) }
      }
      for one in idle {
        post.release(one.run.queue, one.hook)
        if world.mutant == .releaseForgets { post.hooks[one.hook].dueAt = .latest }
      }
    }
    guard outcome == .kept else { return false }
    finish(some, lost, idle, at)
    return true
  }

  private mutating func finish(
    _ some: [Carrier.Outcome], _ lost: [Carrier.Outcome], _ idle: [Carrier.Held], _ at: Int
  ) {
    let done = Set(some.map(\.letter.number))
    nodes[at].carrier.outcomes.removeAll { done.contains($0.letter.number) }
    for one in some {
      guard let held = nodes[at].carrier.index(one.letter.tenant, one.letter.hook),
        nodes[at].carrier.held[held].run.queue.epoch == one.queue.epoch
      else { continue }
      nodes[at].carrier.held[held].run.stored(one.delivery)
    }
    for one in lost {
      nodes[at].carrier.drop(one.letter.tenant, one.letter.hook, epoch: one.queue.epoch)
    }
    for one in idle {
      nodes[at].carrier.drop(one.tenant, one.hook, epoch: one.run.queue.epoch)
    }
  }

  /// What mistakes make of an outcome.
  private func bent(_ delivery: Delivery, _ old: Delivery, _ time: Timestamp) -> Delivery {
    var bent = delivery
    switch mutant {
    case .countNothing where delivery.state == .pending: bent.tries = old.tries
    case .retryAtOnce where delivery.state == .pending:
      bent.nextAttemptAt = time.adding(seconds: 1)
    case .unansweredIsDelivered where delivery.attempts.last?.status == nil:
      bent.state = .delivered
      bent.nextAttemptAt = nil
    default: break
    }
    return bent
  }
}

private func padding(_ due: DueDelivery) -> [UInt8] {
  Array(repeating: 0x20, count: due.delivery.tries)
}
