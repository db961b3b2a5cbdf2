// The moves of a cycle and what each does to the key.
import KeyModel
import TestSupport
import Testing

@Suite("Cycle")
struct CycleMachineTests {
  let start = CycleFixture.start

  @Test("the new version is accepted before anything leaves, the old one until the commit")
  func happyPath() throws {
    var step = try CycleFixture.step
    #expect(step.cycle.state == .prepared && step.key.states == [.active, .pending])
    #expect(step.accepted(at: 0) == [1, 2])
    step = try step.leased()
    #expect(step.cycle.state == .delivering && step.effects == [.deliver])
    #expect(step.cycle.attempts == 1 && step.cycle.lease.epoch == 1)
    #expect(step.accepted(at: 0) == [1, 2])
    step = try step.answered(.acknowledged)
    #expect(step.cycle.state == .committed && step.cycle.proof == .answer)
    #expect(step.effects == [.tellCommitted] && step.cycle.endedAt == start.adding(seconds: 1))
    #expect(step.key.states == [.retired, .active] && step.accepted(at: 1) == [2])
  }

  @Test("after the commit the old version is accepted for the overlap, to the microsecond")
  func overlap() throws {
    let rules = CycleFixture.rules(overlap: 100)
    let step = try CycleFixture.step.leased(rules).answered(.acknowledged, rules, at: 10)
    #expect(step.key.states == [.retiring, .active])
    #expect(step.accepted(at: 109) == [1, 2] && step.accepted(at: 110) == [2])
  }

  @Test("a restored key that is left without a secret gets the next one")
  func bereft() throws {
    var step = try CycleFixture.step
    step.key.versions[0] = try VersionLifecycle.step(
      step.key.versions[0], .revoke, now: CycleFixture.start)
    step = try step.leased().answered(.acknowledged)
    #expect(step.key.states == [.revoked, .active] && step.accepted(at: 1) == [2])
  }

  @Test("a recoverable secret is kept after the commit only where it may be shown")
  func secret() throws {
    #expect(try CycleFixture.step.key.versions[1].sealedSecret != nil)
    let kept = CycleFixture.rules(keeps: true)
    let step = try CycleFixture.step.leased(kept).answered(.acknowledged, kept)
    #expect(step.key.versions[1].sealedSecret != nil)
    let forgotten = try CycleFixture.step.leased().answered(.acknowledged)
    #expect(forgotten.key.versions[1].sealedSecret == nil)
  }

  @Test("a refusal without retries fails: the new version is given up, the old one stays")
  func refused() throws {
    for answer in [CycleAnswer.refused(.status(500)), .unreached(.notConnected)] {
      let step = try CycleFixture.step.leased().answered(answer)
      #expect(step.cycle.state == .failed && step.cycle.reason == answer.reason?.code)
      #expect(step.effects == [.tellFailed])
      #expect(step.key.states == [.active, .abandoned] && step.accepted(at: 1) == [1])
      #expect(step.key.versions[1].sealedSecret == nil)
    }
  }

  @Test("410 fails at once, retries or not, and turns cycling off")
  func gone() throws {
    let rules = CycleFixture.rules(retries: 9)
    let step = try CycleFixture.step.leased(rules).answered(.gone, rules)
    #expect(step.cycle.state == .failed && step.effects == [.tellFailed, .turnOff])
    #expect(step.cycle.reason == "status_410")
  }

  @Test("retries wait longer each time, spread out, and honour Retry-After")
  func retries() throws {
    let rules = CycleFixture.rules(retries: 3)
    var step = try CycleFixture.step
    var now: Int64 = 0
    for (wait, spread, after, expected) in [
      (5, 0, nil, 5), (30, 200, nil, 36), (120, -999, 500, 500),
    ] as [(Int64, Int64, Int64?, Int64)] {
      _ = wait
      step = try step.leased(rules, at: now)
      step = try step.answered(
        .refused(.status(503)), rules, at: now, retryAfter: after, spread: spread)
      #expect(step.cycle.state == .uncertain)
      #expect(step.cycle.nextAttemptAt == start.adding(seconds: now + expected))
      #expect(throws: CycleError.notDue) { try step.leased(rules, at: now + expected - 1) }
      now += expected
    }
    step = try step.leased(rules, at: now).answered(.refused(.status(503)), rules, at: now)
    #expect(step.cycle.state == .failed && step.cycle.attempts == 4)
  }

  @Test("without an answer both stay accepted until the deadline, and a use commits")
  func uncertain() throws {
    let step = try CycleFixture.step.leased().answered(.uncertain(.timedOut), at: 10)
    #expect(step.cycle.state == .uncertain && step.cycle.nextAttemptAt == nil)
    #expect(step.cycle.reason == "timed_out" && step.effects == [.tellDoubt])
    #expect(step.accepted(at: 80_000) == [1, 2])
    let used = try step.after(.used, at: 80_000)
    #expect(used.cycle.state == .committed && used.cycle.proof == .use)
    #expect(used.key.states == [.retired, .active] && used.cycle.reason == nil)
    let asked = try step.after(.acknowledged, at: 80_000)
    #expect(asked.cycle.proof == .request && asked.key.states == [.retired, .active])
    let last = 86_400 - CycleGrid.margin + CycleMachine.grace
    #expect(throws: CycleError.notDue) { try step.after(.deadline, at: last - 1) }
    let failed = try step.after(.deadline, at: last)
    #expect(failed.cycle.state == .failed && failed.effects == [.tellFailed])
    #expect(failed.cycle.reason == "timed_out" && failed.key.states == [.active, .abandoned])
  }

  @Test("a refusal after an attempt in doubt does not lock the holder out")
  func doubt() throws {
    let rules = CycleFixture.rules(retries: 1)
    var step = try CycleFixture.step.leased(rules).answered(.uncertain(.timedOut), rules)
    #expect(step.cycle.nextAttemptAt == start.adding(seconds: 6))
    step = try step.leased(rules, at: 6).answered(.refused(.status(409)), rules, at: 7)
    #expect(step.cycle.state == .uncertain && step.accepted(at: 7) == [1, 2])
    #expect(step.cycle.nextAttemptAt == nil)
  }

  @Test("a lease that ran out is given anew, and the old one's holder is not heard any more")
  func leases() throws {
    let first = try CycleFixture.step.leased()
    #expect(throws: CycleError.notDue) { try first.leased(at: 44) }
    let second = try first.leased(at: 45)
    #expect(second.cycle.lease.epoch == 2 && second.cycle.isInDoubt)
    #expect(throws: CycleError.staleLease) {
      try second.after(.answer(.acknowledged, epoch: 1, retryAfter: nil, spread: 0), at: 46)
    }
    #expect(throws: CycleError.staleLease) {
      try second.after(.giveUp(epoch: 1, mayHaveArrived: true), at: 46)
    }
    #expect(try second.answered(.acknowledged, at: 46).cycle.state == .committed)
    // Nobody knows what became of the first attempt.
    #expect(try second.answered(.refused(.status(500)), at: 46).cycle.state == .uncertain)
  }

  @Test("an attempt that we gave up ourselves is made again soon and costs no retry")
  func givenUp() throws {
    let step = try CycleFixture.step.leased().after(
      .giveUp(epoch: 1, mayHaveArrived: false), at: 3)
    #expect(step.cycle.state == .uncertain && step.cycle.failures == 0 && !step.cycle.isInDoubt)
    #expect(try step.leased(at: 8).answered(.acknowledged, at: 9).cycle.state == .committed)
  }

  @Test("no lease is given after the deadline, nor for settings that have changed")
  func noLease() throws {
    #expect(throws: CycleError.notDue) {
      try CycleFixture.step.leased(at: 86_400 - CycleGrid.margin)
    }
    let step = try CycleFixture.step.after(.lease(seconds: 45, endpointRevision: 2))
    #expect(step.cycle.state == .superseded && step.effects.isEmpty)
    #expect(step.key.states == [.active, .abandoned])
  }

  @Test("with overlap none the old version stops while the new one is on its way, and only then")
  func holding() throws {
    let rules = CycleFixture.rules(overlap: 60, holds: true)
    let leased = try CycleFixture.step.leased(rules)
    #expect(leased.accepted(at: 0) == [2])
    let committed = try leased.answered(.acknowledged, rules)
    #expect(committed.key.states == [.retired, .active])
    #expect(try leased.answered(.refused(.status(500)), rules).accepted(at: 1) == [1])
    #expect(try leased.answered(.uncertain(.timedOut), rules).accepted(at: 1) == [1, 2])
    #expect(try leased.after(.supersede("off"), rules, at: 1).accepted(at: 1) == [1])
  }

  @Test("changing the key by other means ends the cycle without a second change")
  func overtaken() throws {
    var step = try CycleFixture.step.leased()
    step.key = try KeyLifecycle.step(
      step.key, .rotate(LifecycleFixture.version(3), overlapSeconds: 0), now: start)
    #expect(throws: CycleError.overtaken) { try step.answered(.acknowledged) }
    #expect(throws: CycleError.overtaken) { try step.after(.used) }
    let closed = try step.after(.supersede("key_changed"))
    #expect(closed.cycle.state == .superseded && closed.key == step.key)
    step.key = try KeyLifecycle.step(step.key, .revoke, now: start)
    #expect(try step.after(.cancel("key_revoked")).cycle.state == .cancelled)
    #expect(throws: CycleError.overtaken) { try step.answered(.acknowledged) }
  }

  @Test("nothing happens to a cycle that is over")
  func over() throws {
    let events: [CycleEvent] = [
      .lease(seconds: 45, endpointRevision: 1), .acknowledged, .used, .deadline,
      .answer(.acknowledged, epoch: 1, retryAfter: nil, spread: 0),
      .giveUp(epoch: 1, mayHaveArrived: true), .supersede("x"), .cancel("x"),
    ]
    for state in CycleState.allCases where !state.isOpen {
      var step = try CycleFixture.step
      step.cycle.state = state
      for event in events {
        #expect(throws: CycleError.over) { try step.after(event, at: 100_000) }
      }
    }
  }

  @Test("whatever happens in whatever order, a version is accepted and at most two are")
  func everyOrder() throws {
    let answers: [CycleAnswer] = [
      .acknowledged, .refused(.status(500)), .gone, .uncertain(.timedOut),
      .unreached(.tlsFailed),
    ]
    for seed in 0..<2000 {
      var random = SeededGenerator(seed: UInt64(seed))
      let rules = CycleFixture.rules(
        overlap: Int64(random.below(2)) * 50, holds: random.below(2) == 0,
        retries: Int64(random.below(3)))
      var step = try CycleFixture.step
      var now: Int64 = 0
      while step.cycle.state.isOpen, now < 200_000 {
        now += Int64(random.below(20)) * (random.below(10) == 0 ? 1000 : 1)
        let events: [CycleEvent] = [
          .lease(seconds: 45, endpointRevision: 1), .lease(seconds: 45, endpointRevision: 1),
          .answer(
            answers[random.below(5)], epoch: step.cycle.lease.epoch - Int64(random.below(2)),
            retryAfter: random.below(2) == 0 ? nil : 60, spread: 0), .deadline, .used,
          .giveUp(epoch: step.cycle.lease.epoch, mayHaveArrived: random.below(2) == 0),
        ]
        let event = events[random.below(random.below(8) == 0 ? 6 : 4)]
        guard let next = try? step.after(event, rules, at: now) else { continue }
        let count = next.accepted(at: now).count
        #expect((1...2).contains(count), "seed \(seed)")
        #expect(next.cycle.attempts >= step.cycle.attempts)
        if next.cycle.state == .committed { #expect(next.accepted(at: now).contains(2)) }
        if next.cycle.state == .failed { #expect(next.accepted(at: now) == [1]) }
        step = next
      }
      #expect(!step.cycle.state.isOpen, "seed \(seed)")
    }
  }
}
