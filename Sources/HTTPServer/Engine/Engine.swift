// Puts workers, listeners and handlers together, and takes them apart in order. Must not know what
// is served.

import Glibc
import Synchronization

/// All workers and their listeners.
package final class Engine: Sendable {
  package struct Bound: Sendable, Equatable {
    package var name: String
    package var host: String
    /// 0 for a Unix socket, whose path is in `host`.
    package var port: UInt16
  }

  private let count: Int
  private let settings: [ListenerSettings]
  private let limits: Limits
  private let trustedProxies: [CIDR]
  private let makeHandlers: @Sendable (Worker) -> [String: any RequestHandler]
  private let running = Mutex<[Worker]>([])

  /// `makeHandlers` is called once per worker, on the starting thread, and gives a handler for each
  /// listener's name; a listener without one answers 404.
  package init(
    workers: Int, listeners: [ListenerSettings], limits: Limits, trustedProxies: [CIDR],
    makeHandlers: @escaping @Sendable (Worker) -> [String: any RequestHandler]
  ) {
    count = max(workers, 1)
    settings = listeners
    self.limits = limits
    self.trustedProxies = trustedProxies
    self.makeHandlers = makeHandlers
  }

  /// Binds everything, then starts the threads. Throws with what and where (port in use, unreadable
  /// certificate) and leaves nothing open.
  package func start() throws(ListenError) -> [Bound] {
    signal(SIGPIPE, SIG_IGN)
    var contexts: [TLSServerContext?] = []
    for listener in settings {
      contexts.append(
        try listener.tls.map { files throws(ListenError) in
          try TLSServerContext(files, listener: listener.name)
        })
    }
    var workers: [Worker] = []
    for index in 0..<count {
      workers.append(try Worker(index: index, limits: limits, trustedProxies: trustedProxies))
    }
    let opened = try openAll()
    for worker in workers {
      let handlers = makeHandlers(worker)
      for (position, listener) in settings.enumerated()
      where worker.index < opened[position].descriptors.count {
        worker.listeners.append(
          Listener(
            worker: worker, descriptor: opened[position].descriptors[worker.index],
            unixPath: listener.unixPath, tls: contexts[position],
            handler: handlers[listener.name] ?? NothingHere()))
      }
    }
    for worker in workers { worker.start() }
    running.withLock { $0 = workers }
    return zip(settings, opened).map { listener, sockets in
      Bound(name: listener.name, host: listener.unixPath ?? listener.host, port: sockets.port)
    }
  }

  private func openAll() throws(ListenError) -> [(descriptors: [Int32], port: UInt16)] {
    var opened: [(descriptors: [Int32], port: UInt16)] = []
    do throws(ListenError) {
      for listener in settings {
        opened.append(try ListenSocket.open(listener, count: count))
      }
    } catch {
      for descriptor in opened.flatMap(\.descriptors) { close(descriptor) }
      throw error
    }
    return opened
  }

  /// Stops accepting, lets calls in flight finish (idle connections close at once, answers carry
  /// `Connection: close`), ends what is left after `Limits.drainSeconds`, joins the threads.
  /// Blocking.
  package func drain() {
    let workers = running.withLock { workers in
      defer { workers = [] }
      return workers
    }
    for worker in workers { worker.beginDrain() }
    for worker in workers { worker.join() }
  }
}

private final class NothingHere: RequestHandler {
  func handle(_ exchange: Exchange) {
    exchange.respondProblem(404, "Nothing is served here.")
  }
}
