// Sees to cycles by the clock: begins what is due, leases and brings what waits, fails what is
// past its deadline, commits what was used. Every step is a transaction of its own, so a crash
// between any two of them leaves something that the next look goes on with.
internal import Crypto
internal import Delivery
internal import KeyModel
internal import Storage

package actor CycleRunner {
  /// Seconds for which an attempt is nobody else's; longer than any attempt takes.
  static let leaseSeconds: Int64 = 45
  /// Attempts under way at once, and those of them to one host.
  private static let inFlightMaximum = 50
  private static let perHostMaximum = 2
  /// A slot that began longer ago is late, and late ones are begun over an hour.
  private static let lateSeconds: Int64 = 600
  private static let spreadSeconds: Int64 = 3600
  private static let highWaterName = "clock_high_water"
  private static let highWaterSeconds: Int64 = 60

  private let management: UseCases
  private let courier: CycleCourier
  /// Microseconds of a clock that is never set.
  private let elapsed: @Sendable () -> Int64
  /// Hears of what owners cannot be told. It holds no secrets.
  private let report: @Sendable (String) -> Void
  private var clock: CycleClock?
  private var storedHighWater: Timestamp?
  private var isHeld = false
  private var inFlight: [CycleID: Task<Void, Never>] = [:]
  private var hosts: [String: Int] = [:]
  private var isStopped = false
  /// Attempts that ended since the start, for whoever watches.
  package private(set) var attempts: Int64 = 0

  package init(
    management: UseCases, elapsed: @escaping @Sendable () -> Int64,
    report: @escaping @Sendable (String) -> Void
  ) {
    self.management = management
    courier = CycleCourier(transport: management.outbound)
    self.elapsed = elapsed
    self.report = report
  }

  /// One look at everything. Throws nothing: what could not be done now is done by a later look.
  package func look() async {
    await bringDue()
    await commitUsed()
    await beginDue()
    await bringDue()
  }

  /// The part of a look that is cheap and cannot wait.
  package func bringDue() async { await bringDue(failing: true) }

  private func bringDue(failing: Bool) async {
    guard !isStopped, let now = await time() else { return }
    do {
      let due = try await management.store.read { try $0.cycles.due(at: now, limit: 1000) }
      for cycle in due {
        if cycle.deadline.adding(seconds: CycleMachine.grace) <= now {
          if failing { await fail(cycle, now) }
        } else if now < cycle.deadline {
          bring(cycle, now)
        }
      }
    } catch {
      management.note(error)
    }
  }

  /// None begins any more.
  package func halt() { isStopped = true }

  /// Returns once all attempts that are under way now have ended.
  package func drain() async {
    for task in inFlight.values { await task.value }
  }

  // MARK: Time

  /// Nil while the clock has leapt ahead and is not believed.
  private func time() async -> Timestamp? {
    do {
      if clock == nil { clock = CycleClock(highWater: try await stored()) }
      let wall = management.clock.now()
      guard case .time(let now)? = clock?.read(wall: wall, elapsed: elapsed()) else {
        if !isHeld { report("the clock has leapt ahead: no cycle begins or ends until it settles") }
        isHeld = true
        return nil
      }
      isHeld = false
      try await keep(now)
      return now
    } catch {
      management.note(error)
      return nil
    }
  }

  private func stored() async throws -> Timestamp {
    let text = try await management.store.read { try $0.meta.find(Self.highWaterName) }
    let highWater = Timestamp(microseconds: text.flatMap { Int64($0) } ?? 0)
    storedHighWater = highWater
    return highWater
  }

  private func keep(_ now: Timestamp) async throws {
    if let storedHighWater, now < storedHighWater.adding(seconds: Self.highWaterSeconds) { return }
    storedHighWater = now
    try await management.store.write {
      try $0.meta.set(Self.highWaterName, String(now.microseconds))
    }
  }

  // MARK: Slots, uses, deadlines

  private func beginDue() async {
    guard !isStopped, let now = await time() else { return }
    do {
      let late = now.adding(seconds: -Self.lateSeconds)
      let (due, count) = try await management.store.read { tx in
        (try tx.cycling.due(at: now, limit: 500), try tx.cycling.countDue(before: late))
      }
      var lateLeft = max(1, (count + Self.spreadSeconds - 1) / Self.spreadSeconds)
      for settings in due {
        if let next = settings.nextSlotAt, next < late {
          if lateLeft == 0 { continue }
          lateLeft -= 1
        }
        do {
          try await management.beginDue(settings, now: now)
        } catch {
          // The others' slots have come all the same.
          management.note(error)
        }
      }
    } catch {
      management.note(error)
    }
  }

  private func commitUsed() async {
    guard !isStopped else { return }
    do {
      for id in try await management.store.read({ try $0.cycles.used(limit: 500) }) {
        _ = try await management.step(id, .used, now: nil)
      }
    } catch {
      management.note(error)
    }
  }

  private func fail(_ cycle: Cycle, _ now: Timestamp) async {
    do {
      // What was used at the last moment counts, and may not be stored yet.
      await management.usage.settle()
      let isUsed = try await management.store.read { try $0.cycles.isUsed(cycle) }
      _ = try await management.step(cycle.id, isUsed ? .used : .deadline, now: now)
    } catch {
      management.note(error)
    }
  }

  // MARK: Attempts

  private func bring(_ cycle: Cycle, _ now: Timestamp) {
    let host = Self.host(of: cycle.endpoint)
    guard inFlight[cycle.id] == nil, inFlight.count < Self.inFlightMaximum,
      hosts[host, default: 0] < Self.perHostMaximum
    else { return }
    hosts[host, default: 0] += 1
    inFlight[cycle.id] = Task { [weak self] in
      await self?.attempt(cycle, now)
      await self?.ended(cycle.id, host)
    }
  }

  private func ended(_ id: CycleID, _ host: String) async {
    inFlight[id] = nil
    attempts += 1
    hosts[host, default: 1] -= 1
    if hosts[host] == 0 { hosts[host] = nil }
    // Its place is free for whoever waited for one.
    if inFlight.count == Self.inFlightMaximum - 1 { await bringDue(failing: false) }
  }

  private func attempt(_ cycle: Cycle, _ now: Timestamp) async {
    do {
      // The data plane knows the new version when this returns; only then does anything leave.
      guard let epoch = try await management.lease(cycle, Self.leaseSeconds, now: now) else {
        return
      }
      guard let parcel = try await management.parcel(of: cycle.id, epoch: epoch) else { return }
      let reply = await courier.bring(parcel)
      try await management.step(cycle.id, event(reply, epoch), now: await time() ?? now)
    } catch {
      // The lease runs out, and another attempt brings the same bytes.
      management.note(error)
    }
  }

  private func event(_ reply: CycleReply, _ epoch: Int64) -> CycleEvent {
    if reply.isOurs {
      let arrived = if case .unreached = reply.answer { false } else { true }
      return .giveUp(epoch: epoch, mayHaveArrived: arrived)
    }
    let random = management.entropy.bytes(2)
    let spread = Int64(random[0]) << 8 | Int64(random[1])
    return .answer(
      reply.answer, epoch: epoch, retryAfter: reply.retryAfter, spread: spread % 401 - 200)
  }

  private static func host(of endpoint: String) -> String {
    endpoint.dropFirst("https://".count).prefix { $0 != "/" && $0 != "?" }.lowercased()
  }
}
