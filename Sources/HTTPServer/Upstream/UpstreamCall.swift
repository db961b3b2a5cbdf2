// One request to an upstream, from the caller's side. Must not do anything after its end: a caller
// may keep it as long as it likes.

/// Confined to its worker's thread.
package final class UpstreamCall {
  let place: UpstreamPlace
  let body: Framing
  let timeout: Int64
  let isHEAD: Bool
  /// May be sent twice without harm, after RFC 9110 9.2.2.
  let isIdempotent: Bool
  var delegate: (any UpstreamDelegate)?
  unowned(unsafe) var connection: UpstreamConnection?
  /// Kept until the first byte of the answer, for a second try.
  var request = OutputBuffer()
  private let heads: BlockPool
  /// Written before there was a connection.
  var early = OutputBuffer()
  var bodyBegan = false
  var bodyEnded: Bool
  var isPaused = false
  var wasRetried = false
  var isAnswered = false
  /// When something last moved; milliseconds.
  var lastActivity: Int64
  /// Addresses that are not tried yet.
  var addresses: ArraySlice<IPAddress> = []

  init(
    worker: Worker, place: UpstreamPlace, head: UnsafeRawBufferPointer, body: Framing,
    timeoutSeconds: Int, delegate: any UpstreamDelegate
  ) {
    self.place = place
    self.body = body
    self.delegate = delegate
    timeout = Int64(max(timeoutSeconds, 1)) * 1000
    heads = worker.memory.heads
    lastActivity = worker.milliseconds
    let method = Self.method(head)
    isHEAD = method == .head
    isIdempotent = method != .other
    switch body {
    case .none, .length(0): bodyEnded = true
    case .length, .chunked: bodyEnded = false
    }
    request.append(head, heads)
  }

  deinit {
    request.release(heads)
    early.release(heads)
  }

  private enum Method {
    case head, idempotent, other
  }

  private static func method(_ head: UnsafeRawBufferPointer) -> Method {
    let end = head.firstIndex(of: Byte.space) ?? 0
    let name = UnsafeRawBufferPointer(rebasing: head[..<end])
    func isMethod(_ text: StaticString) -> Bool {
      name.count == text.utf8CodeUnitCount && name.elementsEqual(text.bytes)
    }
    if isMethod("GET") { return .idempotent }
    if isMethod("POST") { return .other }
    if isMethod("HEAD") { return .head }
    return isMethod("PUT") || isMethod("DELETE") || isMethod("OPTIONS") ? .idempotent : .other
  }

  /// The bytes are always taken, framed as the request said. False: stop until `upstreamWantsBody`.
  package func write(_ bytes: UnsafeRawBufferPointer) -> Bool {
    guard delegate != nil, !bodyEnded, bytes.count > 0 else { return true }
    bodyBegan = true
    guard let connection else {
      if body == .chunked { appendChunk(bytes) } else { early.append(bytes, heads) }
      return false
    }
    return connection.writeBody(bytes)
  }

  private func appendChunk(_ bytes: UnsafeRawBufferPointer) {
    var writer = HeadWriter(early.reserve(24, heads))
    writer.chunkSize(bytes.count)
    early.commit(writer.count)
    early.append(bytes, heads)
    early.append("\r\n", heads)
  }

  package func endBody() {
    guard delegate != nil, !bodyEnded else { return }
    bodyEnded = true
    guard body == .chunked else { return }
    if let connection {
      connection.endChunks()
    } else {
      bodyBegan = true
      early.append("0\r\n\r\n", heads)
    }
  }

  /// No more of the answer until `resume`; the upstream is held back.
  package func pause() { isPaused = true }

  package func resume() {
    guard isPaused else { return }
    isPaused = false
    connection?.resumed()
  }

  /// Gives up the answer and closes the connection. The delegate hears nothing more.
  package func cancel() {
    delegate = nil
    guard let connection else { return }
    self.connection = nil
    connection.abandon()
  }
}

extension StaticString {
  var bytes: UnsafeBufferPointer<UInt8> {
    UnsafeBufferPointer(start: utf8Start, count: utf8CodeUnitCount)
  }
}
