// The smallest reverse proxy: passes method, target, body and answer on, with backpressure both
// ways.

@testable import HTTPServer

final class PlainProxy: RequestHandler {
  private let pool: UpstreamPool
  private let target: UpstreamTarget
  private let timeoutSeconds: Int

  init(
    _ worker: Worker, _ target: UpstreamTarget, timeoutSeconds: Int = 5, authorities: String? = nil
  ) {
    pool = UpstreamPool(worker: worker, authorities: authorities)
    self.target = target
    self.timeoutSeconds = timeoutSeconds
  }

  func handle(_ exchange: Exchange) {
    let head = exchange.head
    var text = "\(head.method.text) \(head.target.text) HTTP/1.1\r\nHost: upstream\r\n"
    let framing: Framing
    switch head.contentLength {
    case .some(0): framing = .none
    case .some(let length):
      framing = .length(length)
      text += "Content-Length: \(length)\r\n"
    case .none:
      framing = .chunked
      text += "Transfer-Encoding: chunked\r\n"
    }
    text += "\r\n"
    let call = PlainProxyCall(exchange)
    var bytes = Array(text.utf8)
    bytes.withUnsafeMutableBytes {
      call.upstream = pool.send(
        to: target, head: UnsafeRawBufferPointer($0), body: framing,
        timeoutSeconds: timeoutSeconds, delegate: call)
    }
    exchange.watcher = call
  }
}

final class PlainProxyCall: UpstreamDelegate, BodyReceiver, ExchangeWatcher {
  let exchange: Exchange
  var upstream: UpstreamCall?
  private var isReceiving = false

  init(_ exchange: Exchange) { self.exchange = exchange }

  func upstreamWantsBody() {
    if isReceiving { return exchange.resumeBody() }
    isReceiving = true
    exchange.receiveBody(self)
  }

  func bodyReceived(_ bytes: UnsafeRawBufferPointer) {
    if upstream?.write(bytes) == false { exchange.pauseBody() }
  }

  func clientGone() { upstream?.cancel() }
  func clientDrained() { upstream?.resume() }

  func bodyEnded() { upstream?.endBody() }
  func bodyFailed(_ error: BodyError) { upstream?.cancel() }

  func upstreamResponded(_ head: UpstreamResponseHead) {
    exchange.startResponse(
      status: head.status, headerBlock: UnsafeRawBufferPointer(start: nil, count: 0),
      framing: head.framing)
  }

  func upstreamBody(_ bytes: UnsafeRawBufferPointer) {
    if !exchange.write(bytes) { upstream?.pause() }
  }

  func upstreamEnded() { exchange.finish() }

  func upstreamFailed(_ error: UpstreamError) {
    let status =
      switch error {
      case .timedOut: 504
      case .unreachable: 503
      case .broken: 502
      }
    exchange.respond(Response(status: status))
    if !exchange.isEnded { exchange.abort() }
  }
}

extension TestServer {
  static func proxy(
    to port: UInt16, host: String = "127.0.0.1", tls: Bool = false, timeoutSeconds: Int = 5,
    authorities: String? = nil, limits: Limits = Limits()
  ) throws -> TestServer {
    let target = UpstreamTarget(host: host, port: port, tls: tls)
    return try TestServer(limits: limits) { worker in
      let proxy = PlainProxy(
        worker, target, timeoutSeconds: timeoutSeconds, authorities: authorities)
      return { proxy.handle($0) }
    }
  }
}
