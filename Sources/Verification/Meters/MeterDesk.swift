// Asks all limits of a project about one call, in their order (rates, concurrency, quota), and
// gives back what was taken where a later one refuses. One per worker.
import KeyModel

/// What is asked for.
package enum MeterUse {
  /// A call that is made if it passes, and whose end will be seen.
  case call
  /// A call that is made if it passes, and whose end nobody will tell of: it holds no slot.
  case callElsewhere
  /// The same, whose slot is lent for a time (`MeterDesk.lend`).
  case leased
  /// A call of the self-service API: rates hold, the rest does not.
  case selfService
  /// What would be, without a trace.
  case peek
}

/// What the limits say; whether the call passes is in the decision.
package enum MeterOutcome: ~Copyable {
  /// With what a call that passes holds until its end.
  case settled(Slot?)
  /// Calls of the day are being fetched: `whenToldMore`, then `resume`.
  case waiting(MeterHold)
  /// Nobody can say whether the day has calls left. Nothing is taken.
  case unavailable
}

/// What a waiting call has taken so far. Where it is dropped, the slot comes back by itself and the
/// rest by `abandon`.
package struct MeterHold: ~Copyable {
  fileprivate let asked: Asked
  fileprivate let limits: ProjectLimits
  fileprivate let taken: UInt32
  fileprivate let readings: ContiguousArray<MeterReading>
  fileprivate var slot: Slot?
}

/// What a quota is asked about. Numbers only: making one counts no reference.
private struct Asked {
  let subjects: MeterSubjects
  let use: MeterUse
  let rule: QuotaRule
  let subject: QuotaSubject
}

package final class MeterDesk {
  private let meters: Meters
  /// Of `meters`: one step nearer, so that asking counts no reference.
  private let cells: QuotaCells?
  /// What the limits said to the call that was judged last.
  package private(set) var readings: ContiguousArray<MeterReading> = []
  private var taken: UInt32 = 0
  private var refusal: (rule: Int, wait: Int64)?

  package init(_ meters: Meters) {
    self.meters = meters
    cells = meters.quota
  }

  /// `judge` will be asked about this caller soon.
  @inline(__always)
  package func expect(_ identity: Identity, _ limits: ProjectLimits) {
    if let rule = limits.quota { cells?.expect(rule.subject(of: identity).id) }
  }

  /// Refuses the call in `decision` where a limit does. Address rules are asked for every call,
  /// whatever is wrong with its credential; the others only for calls that may pass.
  /// - Parameters:
  ///   - address: nil where it is not known: then no rule about addresses applies.
  ///   - monotonic: nanoseconds, never going back.
  @inline(__always)
  package func judge(
    _ decision: inout Decision, _ call: Call, address: MeterAddress?, _ limits: ProjectLimits,
    use: MeterUse, monotonic: Int64
  ) -> MeterOutcome {
    if !readings.isEmpty { readings.removeAll(keepingCapacity: true) }
    guard !limits.isEmpty, decision.code == .valid || limits.haveAddresses else {
      return .settled(nil)
    }
    return judgeAll(&decision, call, address, limits, use, monotonic)
  }

  private func judgeAll(
    _ decision: inout Decision, _ call: Call, _ address: MeterAddress?, _ limits: ProjectLimits,
    _ use: MeterUse, _ now: Int64
  ) -> MeterOutcome {
    let identity = decision.code == .valid ? decision.identity : nil
    let subjects = MeterSubjects(identity, address)
    askRates(call, limits, subjects, use, now)
    if let refusal {
      giveBack(limits, subjects)
      refuse(&decision, call, limits, refusal)
      return .settled(nil)
    }
    guard let identity, use != .selfService else { return .settled(nil) }
    var slot: Slot?
    if let rule = limits.concurrency {
      slot = takeSlot(&decision, rule, limits, subjects, use, now)
      guard decision.code == .valid else { return .settled(nil) }
    }
    guard let rule = limits.quota, let cells else { return .settled(slot) }
    let asked = Asked(
      subjects: subjects, use: use, rule: rule, subject: rule.subject(of: identity))
    return askQuota(cells, asked, limits, slot, &decision, now: call.now)
  }

  // MARK: Rates

  private func askRates(
    _ call: Call, _ limits: ProjectLimits, _ subjects: MeterSubjects, _ use: MeterUse,
    _ now: Int64
  ) {
    taken = 0
    refusal = nil
    let isUnambiguous = !limits.haveRoutes || PathGuard.isUnambiguous(call.path)
    for index in limits.rules.indices {
      let scope = limits.rules[index].scope
      let subject = subjects[scope]
      guard subject != 0, limits.rule(index, fits: call, isUnambiguous: isUnambiguous) else {
        continue
      }
      if limits.rules[index].isOfFailures {
        askFailures(call, limits, index, subject, now)
        continue
      }
      // Once refused, a call is counted only where refused calls are.
      let isTaken = use != .peek && (refusal == nil || limits.rules[index].countRefused)
      let rates = meters.rates(scope)
      let reading =
        isTaken
        ? rates.take(subject, limits.rules[index], now: now)
        : rates.peek(subject, limits.rules[index], now: now)
      if reading.passes {
        if isTaken { taken |= 1 << UInt32(index) }
      } else if reading.wait > refusal?.wait ?? 0 {
        refusal = (index, reading.wait)
      }
      readings.append(
        MeterReading(
          limit: index, remaining: reading.remaining, seconds: Self.seconds(reading.next),
          badge: meters.badge(subject), refused: !reading.passes))
    }
  }

  /// Nothing is taken yet: whether the call counts is known when it has ended. Who may go on is
  /// told nothing of such a rule, since it says nothing about other calls.
  private func askFailures(
    _ call: Call, _ limits: ProjectLimits, _ index: Int, _ subject: UInt128, _ now: Int64
  ) {
    let rates = meters.rates(limits.rules[index].scope)
    let reading = rates.peek(subject ^ call.fingerprint, limits.rules[index], now: now)
    guard !reading.passes else { return }
    if reading.wait > refusal?.wait ?? 0 { refusal = (index, reading.wait) }
    readings.append(
      MeterReading(
        limit: index, remaining: 0, seconds: Self.seconds(reading.next),
        badge: meters.badge(subject), refused: true))
  }

  /// The call has ended; what was refused has, too.
  /// - Parameters:
  ///   - fields: who called, and what: the bytes as they came.
  ///   - status: of the answer.
  package func ended(
    _ fields: RecordFields, query: UnsafeRawBufferPointer?, _ limits: ProjectLimits,
    status: Int, monotonic: Int64
  ) {
    guard (400..<500).contains(status) else { return }
    let nothing = UnsafeRawBufferPointer(start: nil, count: 0)
    let call = Call(
      method: fields.method, path: fields.path, query: query, host: nothing, now: fields.time)
    let subjects = MeterSubjects(fields)
    let isUnambiguous = !limits.haveRoutes || PathGuard.isUnambiguous(call.path)
    for index in limits.rules.indices where limits.rules[index].isOfFailures {
      let scope = limits.rules[index].scope
      let subject = subjects[scope]
      guard subject != 0, limits.rule(index, fits: call, isUnambiguous: isUnambiguous) else {
        continue
      }
      _ = meters.rates(scope).take(
        subject ^ call.fingerprint, limits.rules[index], now: monotonic)
    }
  }

  private func giveBack(_ limits: ProjectLimits, _ subjects: MeterSubjects) {
    for index in limits.rules.indices
    where taken & 1 << UInt32(index) != 0 && !limits.rules[index].countRefused {
      let scope = limits.rules[index].scope
      meters.rates(scope).giveBack(subjects[scope], limits.rules[index])
    }
    taken = 0
  }

  private func refuse(
    _ decision: inout Decision, _ call: Call, _ limits: ProjectLimits,
    _ refusal: (rule: Int, wait: Int64)
  ) {
    let resetsAt = Timestamp(microseconds: call.now.microseconds + (refusal.wait + 999) / 1000)
    decision.refuse(
      .rateLimited,
      LimitFacts(limit: limits.rules[refusal.rule].calls, remaining: 0, resetsAt: resetsAt),
      retryAfterSeconds: Self.seconds(refusal.wait))
  }

  /// Rounded up.
  private static func seconds(_ nanoseconds: Int64) -> Int64 {
    (nanoseconds + 999_999_999) / 1_000_000_000
  }

  // MARK: Concurrency

  private func takeSlot(
    _ decision: inout Decision, _ rule: Concurrency, _ limits: ProjectLimits,
    _ subjects: MeterSubjects, _ use: MeterUse, _ now: Int64
  ) -> Slot? {
    let subject = subjects[rule.scope]
    let max = Int64(rule.max)
    var used: Int64 = 0
    var slot = slot(of: subject, max, use, &used)
    if used > max {
      // Leases that are over may hold some of them.
      meters.leases.expire(subject, now)
      slot = self.slot(of: subject, max, use, &used)
    }
    let passes = used <= max
    readings.append(
      MeterReading(
        limit: limits.placeOfConcurrency, remaining: Swift.max(0, max - used), seconds: nil,
        badge: meters.badge(subject), refused: !passes))
    if passes { return slot }
    giveBack(limits, subjects)
    decision.refuse(
      .concurrencyExceeded, LimitFacts(limit: max, remaining: 0, resetsAt: nil),
      retryAfterSeconds: nil)
    return nil
  }

  /// - Parameter used: set to the slots in use with this call's, above `max` where there is none.
  @inline(__always)
  private func slot(
    of subject: UInt128, _ max: Int64, _ use: MeterUse, _ used: inout Int64
  ) -> Slot? {
    if use == .call || use == .leased {
      let slot = meters.slots.take(subject, max: max, used: &used)
      if slot == nil { used = max + 1 }
      return slot
    }
    used = meters.slots.used(by: subject) + 1
    return nil
  }

  /// Lends the slot of a call that was judged just now as `leased`. Where there is no room for
  /// another lease the call is refused, and everything given back.
  package func lend(
    _ slot: consuming Slot, _ decision: inout Decision, _ project: ProjectView, seconds: Int64,
    at now: LeaseMoment, random: UInt128
  ) -> Lease? {
    let limits = project.limits
    guard let identity = decision.identity, let rule = limits.concurrency else { return nil }
    let subjects = MeterSubjects(identity, nil)
    if let lease = meters.leases.lend(
      slot, of: subjects[rule.scope], project: project.id, seconds: seconds, at: now,
      random: random)
    {
      return lease
    }
    giveBack(limits, subjects)
    if let rule = limits.quota {
      cells?.refund(rule.subject(of: identity), rule, debitedAt: now.wall)
    }
    decision.refuse(
      .concurrencyExceeded, LimitFacts(limit: Int64(rule.max), remaining: 0, resetsAt: nil),
      retryAfterSeconds: nil)
    return nil
  }

  // MARK: Quota

  private func askQuota(
    _ cells: QuotaCells, _ asked: Asked, _ limits: ProjectLimits, _ slot: consuming Slot?,
    _ decision: inout Decision, now: Timestamp
  ) -> MeterOutcome {
    switch debit(cells, asked, now) {
    case .passed(let remaining):
      read(cells, asked, limits, remaining, now, refused: false)
      return .settled(slot)
    case .exhausted:
      let (resetsAt, seconds) = read(cells, asked, limits, 0, now, refused: true)
      giveBack(limits, asked.subjects)
      decision.refuse(
        .quotaExceeded, LimitFacts(limit: asked.rule.limit, remaining: 0, resetsAt: resetsAt),
        retryAfterSeconds: seconds)
      return .settled(nil)
    case .waiting:
      return .waiting(
        MeterHold(asked: asked, limits: limits, taken: taken, readings: readings, slot: slot))
    case .unavailable:
      giveBack(limits, asked.subjects)
      return .unavailable
    }
  }

  private func debit(
    _ cells: QuotaCells, _ asked: Asked, _ now: Timestamp
  ) -> QuotaCells.Debit {
    guard asked.use == .peek else { return cells.debit(asked.subject, asked.rule, now: now) }
    guard let state = cells.state(of: asked.subject, asked.rule, now: now) else {
      return cells.isAway ? .unavailable : .waiting
    }
    return state.remaining > 0 ? .passed(remaining: state.remaining) : .exhausted
  }

  @discardableResult
  private func read(
    _ cells: QuotaCells, _ asked: Asked, _ limits: ProjectLimits, _ remaining: Int64,
    _ now: Timestamp, refused: Bool
  ) -> (resetsAt: Timestamp, seconds: Int64) {
    // A day that was begun under a clock that was ahead lasts until its own end.
    let known = refused ? cells.state(of: asked.subject, asked.rule, now: now)?.resetsAt : nil
    let resetsAt = known ?? asked.rule.resetsAt(now)
    let seconds = Self.seconds(max(0, resetsAt.microseconds - now.microseconds) * 1000)
    readings.append(
      MeterReading(
        limit: limits.placeOfQuota, remaining: remaining, seconds: seconds,
        badge: meters.badge(asked.subject.id), refused: refused))
    return (resetsAt, seconds)
  }

  /// Calls `tell` once, from any thread, when `resume` may know more.
  package func whenToldMore(
    _ hold: borrowing MeterHold, now: Timestamp, _ tell: @escaping @Sendable () -> Void
  ) {
    guard let cells else { return tell() }
    if hold.asked.use == .peek {
      cells.load(hold.asked.subject, hold.asked.rule, now: now, tell)
    } else {
      cells.whenReserved(hold.asked.subject, tell)
    }
  }

  /// Asks the quota again. `readings` are the call's own then.
  package func resume(
    _ hold: consuming MeterHold, _ decision: inout Decision, now: Timestamp
  ) -> MeterOutcome {
    (taken, readings) = (hold.taken, hold.readings)
    let (asked, limits) = (hold.asked, hold.limits)
    guard let cells else {
      giveBack(limits, asked.subjects)
      return .unavailable
    }
    return askQuota(cells, asked, limits, hold.slot.take(), &decision, now: now)
  }

  /// The call is not made after all.
  package func abandon(_ hold: consuming MeterHold) {
    taken = hold.taken
    giveBack(hold.limits, hold.asked.subjects)
  }

  /// What the day has left, without asking the store; nil where that is not known, or where there
  /// is no quota.
  package func quota(
    of identity: Identity, _ limits: ProjectLimits, now: Timestamp
  ) -> QuotaCells.State? {
    guard let rule = limits.quota, let cells else { return nil }
    return cells.state(of: rule.subject(of: identity), rule, now: now)
  }
}
