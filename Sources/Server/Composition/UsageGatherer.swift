// Brings what the workers counted to the store: each worker hands over on its own thread, a task
// writes. A batch that could not be written is kept and tried again, up to a bound.
internal import HTTPServer
internal import Synchronization
internal import Verification

final class UsageGatherer: Sendable {
  static let intervalMilliseconds = 250
  /// Versions waiting; beyond it the oldest counts are given up, and said so.
  static let bound = 200_000

  private let waiting = Mutex<[UsageDelta]>([])
  private let meters = Mutex<[Meter]>([])

  /// A worker's verifier. On the starting thread, before the worker runs.
  func add(_ verifier: Verifier, of worker: Worker) {
    let meter = Meter(verifier: verifier, worker: worker)
    meters.withLock { $0.append(meter) }
    worker.post { [self] in meter.arm(self) }
  }

  func put(_ deltas: [UsageDelta]) {
    if !deltas.isEmpty { waiting.withLock { $0 += deltas } }
  }

  func take() -> [UsageDelta] {
    waiting.withLock { waiting in
      defer { waiting = [] }
      return waiting
    }
  }

  /// Puts back what could not be written; gives how many were given up.
  func putBack(_ deltas: [UsageDelta]) -> Int {
    waiting.withLock { waiting in
      waiting = deltas + waiting
      let over = max(0, waiting.count - Self.bound)
      waiting.removeFirst(over)
      return over
    }
  }

  /// What is left in the workers' verifiers. Only after their threads have ended.
  func takeRest() -> [UsageDelta] {
    take() + meters.withLock { $0.flatMap { $0.verifier.takeUsage() } }
  }

  private final class Meter: @unchecked Sendable {
    // Sendable: touched on its worker's thread, and by `takeRest` once that has ended.
    let verifier: Verifier
    let worker: Worker

    init(verifier: Verifier, worker: Worker) {
      self.verifier = verifier
      self.worker = worker
    }

    func arm(_ gatherer: UsageGatherer) {
      _ = worker.schedule(afterMilliseconds: UsageGatherer.intervalMilliseconds) {
        gatherer.put(self.verifier.takeUsage())
        self.arm(gatherer)
      }
    }
  }
}
