// DRAFT of the narrow surface of the HTTP engine, so that Gateway and Console can be written against
// it while the engine is built. The engine's files replace it declaration by declaration.

/// All workers and their listeners.
package final class Engine: Sendable {
  package struct Bound: Sendable {
    package var name: String
    package var host: String
    package var port: UInt16
  }
  /// `makeHandlers` is called once per worker, on the starting thread, and gives a handler for each
  /// listener's name.
  package init(
    workers: Int, listeners: [ListenerSettings], limits: Limits, trustedProxies: [CIDR],
    makeHandlers: @escaping @Sendable (Worker) -> [String: any RequestHandler]
  ) { fatalError() }
  /// Binds everything, then starts the threads. Throws with what and where (port in use, unreadable
  /// certificate) and leaves nothing open.
  package func start() throws(ListenError) -> [Bound] { fatalError() }
  /// Stops accepting, lets calls in flight finish (idle connections close at once, answers carry
  /// `Connection: close`), ends what is left after `Limits.drainSeconds`, joins the threads. Blocking.
  package func drain() { fatalError() }
}

/// One thread with one event loop; owns its connections, client and upstream, for life.
package final class Worker: @unchecked Sendable {
  package let index: Int = 0
  /// Microseconds since 1970, read once per turn of the loop.
  package var now: Int64 { fatalError() }
  /// Monotonic nanoseconds, for latencies; read at call time.
  package var monotonicNanoseconds: Int64 { fatalError() }
  /// From any thread: runs `work` on this worker's thread, soon and in order.
  package func post(_ work: @escaping @Sendable () -> Void) { fatalError() }
  /// On this thread only. The timer fires once unless cancelled.
  package func schedule(afterMilliseconds: Int, _ work: @escaping () -> Void) -> Timer {
    fatalError()
  }
  package final class Timer {
    package func cancel() { fatalError() }
  }
}

/// Bytes of a request or response head in the connection's own buffer; valid until the exchange ends.
package struct HeaderList {
  package struct Field {
    package var name: UnsafeRawBufferPointer
    package var value: UnsafeRawBufferPointer
  }
  package var count: Int { fatalError() }
  package subscript(index: Int) -> Field { fatalError() }
  /// The value of the only field of this name (case does not matter); nil where there is none or
  /// more than one; `occurrences` tells which.
  package func first(_ lowercaseName: StaticString) -> UnsafeRawBufferPointer? { fatalError() }
  package func first(_ lowercaseName: String) -> UnsafeRawBufferPointer? { fatalError() }
  package func occurrences(_ lowercaseName: String) -> Int { fatalError() }
}

package struct RequestHead {
  package var method: UnsafeRawBufferPointer { fatalError() }
  /// As sent: origin form, path and query.
  package var target: UnsafeRawBufferPointer { fatalError() }
  /// Up to the question mark, percent-encoding untouched.
  package var path: UnsafeRawBufferPointer { fatalError() }
  /// After the question mark; nil where there is none.
  package var query: UnsafeRawBufferPointer? { fatalError() }
  /// Host without its port, as sent.
  package var host: UnsafeRawBufferPointer { fatalError() }
  package var headers: HeaderList { fatalError() }
  package var isHTTP11: Bool { fatalError() }
  /// Nil where the body is chunked; 0 where there is none.
  package var contentLength: Int? { fatalError() }
  package var isTLS: Bool { fatalError() }
}

/// One request and its answer. Confined to its worker's thread.
package final class Exchange {
  package var worker: Worker { fatalError() }
  package var head: RequestHead { fatalError() }
  /// The peer, or, where the peer is a trusted proxy, the right-most untrusted address of
  /// X-Forwarded-For.
  package var clientAddress: IPAddress { fatalError() }
  /// The peer's own address, whatever it forwarded.
  package var peerAddress: IPAddress { fatalError() }

  // Request body
  package func receiveBody(_ receiver: any BodyReceiver) { fatalError() }
  package func pauseBody() { fatalError() }
  package func resumeBody() { fatalError() }
  package func collectBody(limit: Int, _ done: @escaping (Result<[UInt8], BodyError>) -> Void) {
    fatalError()
  }

  // Answer: whole
  package func respond(_ response: Response) { fatalError() }
  /// The fast way: status line, Date, Content-Length and Connection are the engine's; `headerBlock`
  /// is further complete lines, each ending in CRLF, checked by whoever made them.
  package func respond(
    status: Int, headerBlock: UnsafeRawBufferPointer, body: UnsafeRawBufferPointer
  ) { fatalError() }

  // Answer: streamed
  package func startResponse(status: Int, headerBlock: UnsafeRawBufferPointer, framing: Framing) {
    fatalError()
  }
  /// False: more than `writeHighWater` is waiting; stop until `onDrain`.
  package func write(_ bytes: UnsafeRawBufferPointer) -> Bool { fatalError() }
  package func finish() { fatalError() }
  /// Closes the connection without an orderly end, so that the client sees the answer as cut off.
  package func abort() { fatalError() }
  package var onDrain: (() -> Void)? {
    get { fatalError() }
    set { fatalError() }
  }
  /// Called once when the client is gone before the answer ended.
  package var onClientGone: (() -> Void)? {
    get { fatalError() }
    set { fatalError() }
  }
  package var bytesIn: Int { fatalError() }
  package var bytesOut: Int { fatalError() }

  /// Hands the answer to another thread.
  package func detach() -> ResponseTicket { fatalError() }
}

/// Answers an exchange from any thread, once; does nothing where the client is gone.
package final class ResponseTicket: Sendable {
  package func respond(_ response: Response) { fatalError() }
  /// For server-sent events: a streamed answer from any thread.
  package func start(status: Int, headers: [ResponseHeader]) { fatalError() }
  /// False where the client is gone or too much is waiting.
  package func write(_ bytes: [UInt8]) -> Bool { fatalError() }
  package func finish() { fatalError() }
}

// Upstream: the client half, on the same loop and codec.

package struct UpstreamResponseHead {
  package var status: Int { fatalError() }
  package var headers: HeaderList { fatalError() }
  package var framing: Framing { fatalError() }
}

/// Kept-alive connections of one worker to its upstreams.
package final class UpstreamPool {
  package init(worker: Worker) { fatalError() }
  /// Sends a request whose head is `head` (request line and all fields, ending in an empty line).
  /// A request without body on a reused connection that died unanswered is sent once more on a
  /// fresh one. The timeout is from now to the head of the answer, and between bytes after that.
  package func send(
    to target: UpstreamTarget, head: UnsafeRawBufferPointer, body: Framing, timeoutSeconds: Int,
    delegate: any UpstreamDelegate
  ) -> UpstreamCall { fatalError() }
}

package final class UpstreamCall {
  /// False: stop until `upstreamWantsBody`.
  package func write(_ bytes: UnsafeRawBufferPointer) -> Bool { fatalError() }
  package func endBody() { fatalError() }
  package func pause() { fatalError() }
  package func resume() { fatalError() }
  /// Gives up the answer and closes the connection.
  package func cancel() { fatalError() }
}
