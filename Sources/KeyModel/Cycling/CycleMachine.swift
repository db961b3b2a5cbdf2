// The life of a cycle together with the key it is about. Pure: both, an event and the time give the
// next of both and what is to be done once they are stored. The new version is accepted before its
// first byte leaves, and the old one until the holder is known to have the new.

/// What policy and settings say about how a cycle goes.
package struct CycleRules: Hashable, Sendable {
  /// How long the old version is accepted after the commit.
  package var overlapSeconds: Int64 = 0
  /// The old version is not accepted while the new one is on its way.
  package var holdsOld = false
  /// Attempts after one that failed.
  package var retries: Int64 = 0
  /// The new version's secret may be shown later on.
  package var keepsSecret = false

  package init() {}
}

package enum CycleEvent: Hashable, Sendable {
  /// Somebody is to talk to the endpoint for so many seconds; the settings are at this revision.
  case lease(seconds: Int64, endpointRevision: Int64)
  /// How that went. `spread` is −200 to 200: thousandths by which the next wait is longer.
  case answer(CycleAnswer, epoch: Int64, retryAfter: Int64?, spread: Int64)
  /// The attempt was given up on our side before its end; it need not be waited for.
  case giveUp(epoch: Int64, mayHaveArrived: Bool)
  case acknowledged
  /// A call was admitted with the new version.
  case used
  case deadline
  case supersede(String)
  case cancel(String)
}

package enum CycleEffect: Hashable, Sendable {
  /// Post the new version to the endpoint, under the cycle's lease.
  case deliver
  case tellCommitted
  case tellFailed
  /// No attempt follows, and the new version may have arrived.
  case tellDoubt
  /// Auto cycling ends for the account.
  case turnOff
}

package enum CycleError: Error, Hashable, Sendable {
  /// The cycle is over.
  case over
  /// Another lease was given since, or none is out.
  case staleLease
  /// Its time has not come, or is up, or a lease is out.
  case notDue
  /// The key's versions are not those that the cycle is about any more.
  case overtaken
  case key(KeyEventError)
}

package struct CycleStep: Hashable, Sendable {
  package var cycle: Cycle
  package var key: Key
  package var effects: [CycleEffect] = []

  package init(cycle: Cycle, key: Key) {
    self.cycle = cycle
    self.key = key
  }
}

package enum CycleMachine {
  /// Seconds before the second attempt, the third and so on; the last for all that follow.
  package static let waits: [Int64] = [5, 30, 120, 600, 1800, 3600]
  /// After the deadline, until it is acted on: uses of the last moment are still to be stored.
  package static let grace: Int64 = 5

  /// The key with its new version, which waits for the holder and is accepted from now on.
  package static func prepare(
    _ key: Key, _ version: KeyVersion, now: Timestamp
  ) throws(CycleError) -> Key {
    try step(key, .prepare(version), now)
  }

  /// ```
  /// prepared, uncertain → delivering (lease) → committed | failed | uncertain
  /// delivering → delivering (lease, once the one before has run out)
  /// open → committed (acknowledged, used) | failed (deadline) | superseded | cancelled
  /// ```
  package static func step(
    _ cycle: Cycle, _ key: Key, _ event: CycleEvent, rules: CycleRules, now: Timestamp
  ) throws(CycleError) -> CycleStep {
    guard cycle.state.isOpen else { throw .over }
    var machine = Machine(step: CycleStep(cycle: cycle, key: key), rules: rules, now: now)
    switch event {
    case .lease(let seconds, let revision): try machine.lease(seconds, revision)
    case .answer(let answer, let epoch, let after, let spread):
      try machine.requireLease(epoch)
      try machine.take(answer, after, spread)
    case .giveUp(let epoch, let mayHaveArrived):
      try machine.requireLease(epoch)
      try machine.giveUp(mayHaveArrived)
    case .acknowledged: try machine.commit(.request)
    case .used: try machine.commit(.use)
    case .deadline:
      // Whoever has a lease out may still bring the acknowledgement.
      guard now >= cycle.deadline.adding(seconds: grace), now >= cycle.leaseEnd else {
        throw .notDue
      }
      try machine.close(.failed, cycle.reason ?? CycleReason.deadlinePassed.code)
      machine.step.effects = [.tellFailed]
    case .supersede(let reason): try machine.close(.superseded, reason)
    case .cancel(let reason): try machine.close(.cancelled, reason)
    }
    return machine.step
  }

  static func step(
    _ key: Key, _ event: KeyEvent, _ now: Timestamp
  ) throws(CycleError) -> Key {
    do throws(KeyEventError) {
      return try KeyLifecycle.step(key, event, now: now)
    } catch {
      throw .key(error)
    }
  }
}

private struct Machine {
  var step: CycleStep
  let rules: CycleRules
  let now: Timestamp

  private mutating func change(_ event: KeyEvent) throws(CycleError) {
    step.key = try CycleMachine.step(step.key, event, now)
  }

  private func state(of id: VersionID) -> VersionState? {
    step.key.versions.first { $0.id == id }?.state
  }

  // MARK: Attempts

  mutating func lease(_ seconds: Int64, _ revision: Int64) throws(CycleError) {
    guard revision == step.cycle.endpointRevision else {
      return try close(.superseded, "endpoint_changed")
    }
    guard now < step.cycle.deadline else { throw .notDue }
    if step.cycle.state == .delivering {
      guard step.cycle.lease.until <= now else { throw .notDue }
      // Whoever held it before said nothing: the endpoint may have been told.
      step.cycle.isInDoubt = true
    } else {
      guard let next = step.cycle.nextAttemptAt, next <= now else { throw .notDue }
    }
    step.cycle.state = .delivering
    step.cycle.attempts += 1
    step.cycle.nextAttemptAt = nil
    step.cycle.lease = CycleLease(
      epoch: step.cycle.lease.epoch + 1, until: now.adding(seconds: seconds))
    if rules.holdsOld { try change(.hold) }
    step.effects = [.deliver]
  }

  func requireLease(_ epoch: Int64) throws(CycleError) {
    guard step.cycle.state == .delivering, step.cycle.lease.epoch == epoch else {
      throw .staleLease
    }
  }

  mutating func take(
    _ answer: CycleAnswer, _ after: Int64?, _ spread: Int64
  ) throws(CycleError) {
    step.cycle.reason = answer.reason?.code
    switch answer {
    case .acknowledged: return try commit(.answer)
    case .gone:
      try fail()
      step.effects.append(.turnOff)
      return
    case .refused, .unreached: break
    case .uncertain: step.cycle.isInDoubt = true
    }
    step.cycle.failures += 1
    if step.cycle.failures <= rules.retries {
      try wait(nextWait(after, spread))
    } else if step.cycle.isInDoubt {
      // Some attempt may have brought the version to its holder: it is accepted to the end.
      try wait(nil)
      step.effects = [.tellDoubt]
    } else {
      try fail()
    }
  }

  mutating func giveUp(_ mayHaveArrived: Bool) throws(CycleError) {
    step.cycle.reason = CycleReason.interrupted.code
    if mayHaveArrived { step.cycle.isInDoubt = true }
    try wait(CycleMachine.waits[0])
  }

  private mutating func wait(_ seconds: Int64?) throws(CycleError) {
    step.cycle.state = .uncertain
    step.cycle.nextAttemptAt = seconds.map { now.adding(seconds: $0) }
    if rules.holdsOld { try change(.release) }
  }

  private func nextWait(_ after: Int64?, _ spread: Int64) -> Int64 {
    let at = Int(min(step.cycle.failures, Int64(CycleMachine.waits.count))) - 1
    let wait = CycleMachine.waits[max(0, at)]
    return max(wait + wait * max(-200, min(200, spread)) / 1000, min(after ?? 0, 86_400))
  }

  // MARK: Ends

  mutating func commit(_ proof: CycleProof) throws(CycleError) {
    // A restored store may lack what replaced the old version: then there is none to replace.
    guard step.key.state == .active, state(of: step.cycle.newVersion) == .pending,
      state(of: step.cycle.oldVersion) == .active
        || !step.key.versions.contains(where: { $0.state == .active })
    else { throw .overtaken }
    try change(
      .commit(
        step.cycle.newVersion, overlapSeconds: rules.holdsOld ? 0 : rules.overlapSeconds))
    if !rules.keepsSecret { forgetSecret() }
    end(.committed)
    step.cycle.proof = proof
    step.cycle.reason = nil
    step.effects = [.tellCommitted]
  }

  private mutating func forgetSecret() {
    for index in step.key.versions.indices
    where step.key.versions[index].id == step.cycle.newVersion {
      step.key.versions[index].sealedSecret = nil
    }
  }

  private mutating func fail() throws(CycleError) {
    try close(.failed, step.cycle.reason)
    step.effects = [.tellFailed]
  }

  mutating func close(_ state: CycleState, _ reason: String?) throws(CycleError) {
    // What changed the key itself has seen to its versions already.
    if self.state(of: step.cycle.newVersion) == .pending {
      try change(.abandon(step.cycle.newVersion))
    }
    end(state)
    step.cycle.reason = reason
  }

  private mutating func end(_ state: CycleState) {
    step.cycle.state = state
    step.cycle.endedAt = now
    step.cycle.nextAttemptAt = nil
  }
}
