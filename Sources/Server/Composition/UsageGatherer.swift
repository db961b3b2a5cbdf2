// Asks every worker for what its verifier counted and saw; each hands it over on its own thread.
internal import HTTPServer
internal import KeyModel
internal import Synchronization
internal import Verification

final class UsageGatherer: Sendable {
  private let meters = Mutex<[Meter]>([])

  /// A worker's verifier. On the starting thread, before the worker runs.
  func add(_ verifier: Verifier, of worker: Worker) {
    let meter = Meter(verifier: verifier, worker: worker)
    meters.withLock { $0.append(meter) }
  }

  /// While the workers run.
  func collect() async -> [UsageDelta] {
    await gather { $0.takeUsage() }
  }

  /// Whom the workers found under the pepper before; while they run.
  func collectRehashes() async -> [Rehash] {
    await gather { $0.takeRehashes() }
  }

  private func gather<T: Sendable>(
    _ take: @escaping @Sendable (Verifier) -> [T]
  ) async -> [T] {
    var all: [T] = []
    for meter in meters.withLock({ $0 }) { all += await meter.ask(take) }
    return all
  }

  /// What is left in the workers' verifiers. Only after their threads have ended.
  func takeRest() -> [UsageDelta] {
    meters.withLock { $0.flatMap { $0.verifier.takeUsage() } }
  }

  /// Who presented keys; while the workers run.
  func collectCallers() async -> [CallerSighting] {
    var seen: [CallerSighting] = []
    for meter in meters.withLock({ $0 }) {
      seen += Self.sightings(await meter.ask { $0.takeCallers() })
    }
    return seen
  }

  /// What is left in the workers' verifiers. Only after their threads have ended.
  func takeRestOfCallers() -> [CallerSighting] {
    meters.withLock { $0.flatMap { Self.sightings($0.verifier.takeCallers()) } }
  }

  private static func sightings(_ ledger: CallerLedger?) -> [CallerSighting] {
    ledger?.sightings { IPAddress(high: $0, low: $1).text } ?? []
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
