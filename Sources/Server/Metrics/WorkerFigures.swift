// Asks every worker for what it counted of its calls: each answers on its own thread, so that no
// call touches anything that another thread does.
internal import Gateway
internal import HTTPServer
internal import Synchronization
internal import Verification

struct WorkerFigures: Sendable {
  var calls = CallCounts()
  var clients = 0
  var upstreams = 0
  /// Key versions with calls, and with a look-up value to be renewed, that wait to be taken.
  var usage = 0
  var rehashes = 0

  mutating func add(_ other: WorkerFigures) {
    calls.add(other.calls)
    clients += other.clients
    upstreams += other.upstreams
    usage += other.usage
    rehashes += other.rehashes
  }
}

final class WorkerCounters: Sendable {
  private let sources = Mutex<[Source]>([])

  /// On the starting thread, before the worker runs.
  func add(_ worker: Worker, _ verifier: Verifier, _ tally: CallTally) {
    let source = Source(worker: worker, verifier: verifier, tally: tally)
    sources.withLock { $0.append(source) }
  }

  /// All workers together; none of one that has ended.
  func figures() async -> WorkerFigures {
    var all = WorkerFigures()
    for source in sources.withLock({ $0 }) { all.add(await source.ask()) }
    return all
  }

  private final class Source: @unchecked Sendable {
    // Sendable: verifier and tally are touched on the worker's thread alone.
    private let worker: Worker
    private let verifier: Verifier
    private let tally: CallTally

    init(worker: Worker, verifier: Verifier, tally: CallTally) {
      self.worker = worker
      self.verifier = verifier
      self.tally = tally
    }

    func ask() async -> WorkerFigures {
      await withCheckedContinuation { continuation in
        let isTaken = worker.post { continuation.resume(returning: self.figures) }
        if !isTaken { continuation.resume(returning: WorkerFigures()) }
      }
    }

    private var figures: WorkerFigures {
      let (connections, waiting) = (worker.connections, verifier.waiting)
      return WorkerFigures(
        calls: tally.counts, clients: connections.clients, upstreams: connections.upstreams,
        usage: waiting.usage, rehashes: waiting.rehashes)
    }
  }
}
