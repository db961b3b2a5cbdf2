// Asks every worker for what its verifier counted and saw; each hands it over on its own thread.
internal import HTTPServer
internal import KeyModel
internal import Synchronization
internal import Verification

final class UsageGatherer: Sendable {
  private struct Gathered {
    var usage: [UsageDelta] = []
    var callers: [CallerSighting] = []
  }

  private let meters = Mutex<[Meter]>([])
  /// Workers hand both over together; what was not asked for waits here.
  private let gathered = Mutex(Gathered())

  /// A worker's verifier. On the starting thread, before the worker runs.
  func add(_ verifier: Verifier, of worker: Worker) {
    let meter = Meter(verifier: verifier, worker: worker)
    meters.withLock { $0.append(meter) }
  }

  /// While the workers run.
  func collect() async -> [UsageDelta] {
    await handOver()
    return takeUsage()
  }

  /// Who presented keys; while the workers run.
  func collectCallers() async -> [CallerSighting] {
    await handOver()
    return takeCallers()
  }

  /// What is left in the workers' verifiers. Only after their threads have ended.
  func takeRest() -> (usage: [UsageDelta], callers: [CallerSighting]) {
    for meter in meters.withLock({ $0 }) { keep(meter.verifier.takeUsage()) }
    return (takeUsage(), takeCallers())
  }

  /// Key versions that wait to be handed over, by worker and all together; while the workers run.
  var waiting: Int {
    get async {
      var count = 0
      for meter in meters.withLock({ $0 }) { count += await meter.ask { $0.waiting.usage } }
      return count
    }
  }

  private func handOver() async {
    for meter in meters.withLock({ $0 }) { keep(await meter.ask { $0.takeUsage() }) }
  }

  private func keep(_ ledger: UsageLedger?) {
    guard let ledger else { return }
    let usage = ledger.deltas
    let callers = ledger.sightings { IPAddress(high: $0, low: $1).text }
    gathered.withLock {
      $0.usage += usage
      $0.callers += callers
    }
  }

  private func takeUsage() -> [UsageDelta] {
    gathered.withLock { gathered in
      defer { gathered.usage = [] }
      return gathered.usage
    }
  }

  private func takeCallers() -> [CallerSighting] {
    gathered.withLock { gathered in
      defer { gathered.callers = [] }
      return gathered.callers
    }
  }

  /// Whom the workers found under the pepper before; while they run.
  func collectRehashes() async -> [Rehash] {
    var all: [Rehash] = []
    for meter in meters.withLock({ $0 }) { all += await meter.ask { $0.takeRehashes() } }
    return all
  }

  private final class Meter: @unchecked Sendable {
    // Sendable: touched on its worker's thread, and by `takeRest` once that has ended.
    let verifier: Verifier
    private let worker: Worker

    init(verifier: Verifier, worker: Worker) {
      self.verifier = verifier
      self.worker = worker
    }

    func ask<R: Sendable>(_ question: @escaping @Sendable (Verifier) -> R) async -> R {
      await withCheckedContinuation { continuation in
        worker.post { continuation.resume(returning: question(self.verifier)) }
      }
    }
  }
}
