// The right to answer one exchange from any thread. Everything is carried to the worker's thread;
// here are only two counters. Must not keep the client waiting for ever: a ticket that is dropped
// unanswered answers 500.

import Synchronization

/// Answers an exchange from any thread, once; does nothing where the client is gone.
// Unchecked: `exchange` is used on its worker's thread only.
package final class ResponseTicket: @unchecked Sendable {
  private let worker: Worker
  private let exchange: Exchange
  private let highWater: Int
  private let state = TicketState()

  init(_ exchange: Exchange) {
    worker = exchange.worker
    self.exchange = exchange
    highWater = exchange.worker.limits.writeHighWater
  }

  deinit {
    guard !state.isBegun.load(ordering: .relaxed) else {
      if !state.isDone.load(ordering: .relaxed) { onWorker { $0.abort() } }
      return
    }
    onWorker { $0.respondProblem(500, "The request was not answered.") }
  }

  package func respond(_ response: Response) {
    guard !state.isBegun.exchange(true, ordering: .relaxed) else { return }
    state.isDone.store(true, ordering: .relaxed)
    onWorker { $0.respond(response) }
  }

  /// For server-sent events: a streamed answer from any thread.
  package func start(status: Int, headers: [ResponseHeader]) {
    guard !state.isBegun.exchange(true, ordering: .relaxed) else { return }
    let state = state
    onWorker { exchange in
      guard !exchange.isEnded else { return state.isGone.store(true, ordering: .relaxed) }
      exchange.watcher = state
      exchange.endsWithClient = true
      HeaderBlock.bytes(headers).withUnsafeBytes {
        exchange.startResponse(status: status, headerBlock: $0, framing: .chunked)
      }
    }
  }

  /// False where the client is gone or too much is waiting; nothing was taken then.
  package func write(_ bytes: [UInt8]) -> Bool {
    guard state.isBegun.load(ordering: .relaxed), !state.isDone.load(ordering: .relaxed),
      !state.isGone.load(ordering: .relaxed), !state.isBlocked.load(ordering: .relaxed),
      state.queued.load(ordering: .relaxed) + bytes.count <= highWater
    else { return false }
    let state = state
    state.queued.add(bytes.count, ordering: .relaxed)
    onWorker { exchange in
      state.queued.subtract(bytes.count, ordering: .relaxed)
      let hasRoom = bytes.withUnsafeBytes { exchange.write($0) }
      if !hasRoom { state.isBlocked.store(true, ordering: .relaxed) }
    }
    return true
  }

  /// Returns when `write` is worth another try: what was written before is with the engine and the
  /// client takes more, or it is gone. One caller at a time.
  package func room() async {
    let state = state
    await withCheckedContinuation { continuation in
      let isPosted = worker.post { [exchange = ExchangeBox(exchange: exchange)] in
        guard !exchange.exchange.isEnded else {
          state.isGone.store(true, ordering: .relaxed)
          return continuation.resume()
        }
        guard state.isBlocked.load(ordering: .relaxed) else { return continuation.resume() }
        state.waiter = continuation
      }
      guard isPosted else {
        state.isGone.store(true, ordering: .relaxed)
        return continuation.resume()
      }
    }
  }

  /// The client is known to be gone.
  package var isGone: Bool { state.isGone.load(ordering: .relaxed) }

  package func finish() {
    guard !state.isDone.exchange(true, ordering: .relaxed) else { return }
    onWorker { $0.finish() }
  }

  private func onWorker(_ work: @escaping @Sendable (Exchange) -> Void) {
    let box = ExchangeBox(exchange: exchange)
    worker.post { work(box.exchange) }
  }
}

// Unchecked: opened on the exchange's own thread only.
private struct ExchangeBox: @unchecked Sendable {
  let exchange: Exchange
}

// Unchecked: `waiter` belongs to the worker's thread.
private final class TicketState: ExchangeWatcher, @unchecked Sendable {
  let isBegun = Atomic(false)
  let isDone = Atomic(false)
  let isGone = Atomic(false)
  let isBlocked = Atomic(false)
  let queued = Atomic(0)
  var waiter: CheckedContinuation<Void, Never>?

  func clientDrained() {
    isBlocked.store(false, ordering: .relaxed)
    resumeWaiter()
  }

  func clientGone() {
    isGone.store(true, ordering: .relaxed)
    resumeWaiter()
  }

  private func resumeWaiter() {
    waiter?.resume()
    waiter = nil
  }
}
