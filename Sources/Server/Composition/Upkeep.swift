// What a running server does by the clock: stores usage, asks the store whether it is there, hears
// of other processes' changes, and forgets what has expired. One task; it ends with the server.
internal import KeyModel
internal import Management
internal import Storage
internal import Synchronization
internal import Verification

final class Upkeep: Sendable {
  private let control: ControlPlane
  private let gatherer: UsageGatherer
  private let health: Health
  private let log: Log
  private let task: Task<Void, Never>

  init(_ control: ControlPlane, _ gatherer: UsageGatherer, _ health: Health, _ log: Log) {
    self.control = control
    self.gatherer = gatherer
    self.health = health
    self.log = log
    let rounds = Rounds(control: control, gatherer: gatherer, health: health, log: log)
    task = Task { await rounds.run() }
  }

  /// Ends the rounds and stores what is left. After the workers have ended.
  func finish() async {
    task.cancel()
    await task.value
    let rest = gatherer.takeRest()
    do { try await control.management.flushUsage(rest) } catch {
      log.error("the usage of \(rest.count) key versions was not stored: \(Failure.line(error))")
    }
  }
}

private struct Rounds: Sendable {
  let control: ControlPlane
  let gatherer: UsageGatherer
  let health: Health
  let log: Log

  private static let turn = Duration.milliseconds(250)
  private static let turnsPerProbe = 4
  private static let turnsPerSweep = 240

  func run() async {
    var turn = 0
    while !Task.isCancelled {
      try? await Task.sleep(for: Self.turn)
      if Task.isCancelled { return }
      turn += 1
      await flush()
      if control.store.capabilities.sharedAmongProcesses { await listen() }
      if turn.isMultiple(of: Self.turnsPerProbe) { await probe() }
      if turn.isMultiple(of: Self.turnsPerSweep) { await sweep() }
    }
  }

  private func flush() async {
    let deltas = gatherer.take()
    if deltas.isEmpty { return }
    do {
      try await control.management.flushUsage(deltas)
      health.usageFlushes.add(1, ordering: .relaxed)
      health.admittedCalls.add(deltas.reduce(0) { $0 + $1.calls }, ordering: .relaxed)
    } catch {
      health.usageFailures.add(1, ordering: .relaxed)
      let lost = gatherer.putBack(deltas)
      if lost > 0 { log.error("the usage of \(lost) key versions was given up: the store is away") }
    }
  }

  /// Says so when it goes away and when it is back, not every second in between.
  private func probe() async {
    let wasUp = health.complaint != "store_unreachable"
    do {
      _ = try await control.store.read { try $0.meta.find("probe") }
      health.store(isUp: true)
      if !wasUp { log.warning("the store is back") }
    } catch {
      health.store(isUp: false)
      if wasUp { log.error("the store is unreachable: \(Failure.line(error))") }
    }
  }

  private func listen() async {
    do { try await control.feed.poll() } catch {
      if health.complaint == nil {
        log.error("changes of other servers cannot be read: \(Failure.line(error))")
      }
    }
  }

  private func sweep() async {
    do { try await control.management.sweep() } catch {
      log.warning("expired idempotency markers were not erased: \(Failure.line(error))")
    }
  }
}
