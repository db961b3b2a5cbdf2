// What a handler holds: one request and the means to answer it. Must not do anything after its end:
// a handler may keep it as long as it likes.

/// One request and its answer. Confined to its worker's thread.
package final class Exchange {
  package let worker: Worker
  private unowned(unsafe) var connection: ServerConnection?
  private var index: UnsafePointer<HeadIndex>
  private var base: BytePointer
  private var isTLS = false

  /// The peer's own address, whatever it forwarded; ::1 on a Unix socket.
  package private(set) var peerAddress = IPAddress(high: 0, low: 1)
  /// Of the request's body, without its framing.
  package internal(set) var bytesIn = 0
  /// Of the answer's body, without its framing.
  package internal(set) var bytesOut = 0

  /// Held until the exchange ends.
  package var watcher: (any ExchangeWatcher)?
  /// The answer goes on until the client ends it, also by closing its sending half alone.
  package var endsWithClient = false
  /// The answer is not waited for longer than a short grace once the client has closed its sending
  /// half.
  package var endsSoonAfterClient = false

  init(_ worker: Worker) {
    self.worker = worker
    let empty = UnsafePointer(worker.memory.emptyHead)
    index = empty
    base = UnsafeRawPointer(empty).assumingMemoryBound(to: UInt8.self)
  }

  func begin(_ connection: ServerConnection, _ index: UnsafeMutablePointer<HeadIndex>) {
    self.connection = connection
    self.index = UnsafePointer(index)
    if let block = connection.input.block {
      base = UnsafePointer(block) + connection.input.headStart
    }
    isTLS = connection.tls != nil
    peerAddress = connection.peer
    bytesIn = 0
    bytesOut = 0
    endsWithClient = false
    endsSoonAfterClient = false
  }

  func end() {
    guard connection != nil else { return }
    connection = nil
    index = UnsafePointer(worker.memory.emptyHead)
    base = UnsafeRawPointer(index).assumingMemoryBound(to: UInt8.self)
    if watcher != nil { watcher = nil }
  }

  /// Nothing can be sent any more: it is answered in full, or the client is gone.
  package var isEnded: Bool { connection == nil }

  package var head: RequestHead { RequestHead(base: base, index: index, isTLS: isTLS) }

  /// The peer, or, where the peer is a trusted proxy, the right-most untrusted address of
  /// X-Forwarded-For.
  package var clientAddress: IPAddress {
    if worker.trustedProxies.isEmpty { return peerAddress }
    return ForwardedFor.client(peerAddress, head.headers, worker.trustedProxies)
  }

  // MARK: Request body

  /// From now on the body goes to `receiver`, beginning after the current callback; a request
  /// without a body has its end announced. Once per exchange.
  package func receiveBody(_ receiver: any BodyReceiver) { connection?.startReceiving(receiver) }
  /// No more pieces until `resumeBody`; the client is held back.
  package func pauseBody() { connection?.pauseReceiving() }
  package func resumeBody() { connection?.resumeReceiving() }

  /// Gives the whole body, or `tooLarge` as soon as it is known to be above `limit`.
  package func collectBody(
    limit: Int, _ done: @escaping (Result<[UInt8], BodyError>) -> Void
  ) {
    if let length = head.contentLength, length > limit { return done(.failure(.tooLarge)) }
    receiveBody(BodyCollector(limit: limit, expecting: head.contentLength ?? 0, done))
  }

  // MARK: Answer: whole

  package func respond(_ response: Response) {
    guard let connection else { return }
    let block = HeaderBlock.bytes(response.headers)
    block.withUnsafeBytes { block in
      response.body.withUnsafeBytes { connection.respond(response.status, block, $0) }
    }
  }

  /// The fast way: status line, Date, Content-Length and Connection are the engine's; `headerBlock`
  /// is further complete lines, each ending in CRLF, checked by whoever made them.
  package func respond(
    status: Int, headerBlock: UnsafeRawBufferPointer, body: UnsafeRawBufferPointer
  ) {
    connection?.respond(status, headerBlock, body)
  }

  // MARK: Answer: streamed

  package func startResponse(status: Int, headerBlock: UnsafeRawBufferPointer, framing: Framing) {
    connection?.startResponse(status, headerBlock, framing)
  }

  /// The bytes are always taken. False: more than `writeHighWater` is waiting; stop until
  /// the watcher's `clientDrained`.
  package func write(_ bytes: UnsafeRawBufferPointer) -> Bool { connection?.write(bytes) ?? true }
  package func finish() { connection?.finishResponse() }
  /// Closes the connection without an orderly end, so that the client sees the answer as cut off.
  package func abort() { connection?.abort() }

  /// Hands the answer to another thread.
  package func detach() -> ResponseTicket { ResponseTicket(self) }
}
