// An engine on a free port whose handlers are closures.

@testable import HTTPServer

final class ClosureHandler: RequestHandler {
  let work: (Exchange) -> Void
  init(_ work: @escaping (Exchange) -> Void) { self.work = work }
  func handle(_ exchange: Exchange) { work(exchange) }
}

final class TestServer {
  let engine: Engine
  let port: UInt16
  private var isDrained = false

  init(
    workers: Int = 1, limits: Limits = Limits(), trusted: [CIDR] = [], tls: TLSFiles? = nil,
    unixPath: String? = nil, _ work: @escaping @Sendable (Worker) -> (Exchange) -> Void
  ) throws {
    engine = Engine(
      workers: workers,
      listeners: [
        ListenerSettings(name: "api", host: "127.0.0.1", port: 0, unixPath: unixPath, tls: tls)
      ], limits: limits, trustedProxies: trusted
    ) { worker in ["api": ClosureHandler(work(worker))] }
    port = try engine.start()[0].port
  }

  /// Answers each request at once with what `answer` makes of it.
  convenience init(limits: Limits = Limits(), _ answer: @escaping @Sendable (Exchange) -> String)
    throws
  {
    try self.init(limits: limits) { _ in
      { exchange in
        let text = answer(exchange)
        exchange.respond(Response(status: 200, body: Array(text.utf8)))
      }
    }
  }

  func drain() {
    guard !isDrained else { return }
    isDrained = true
    engine.drain()
  }

  deinit { drain() }
}

extension UnsafeRawBufferPointer {
  var text: String { String(decoding: self, as: UTF8.self) }
}
