// What is served on which listener. The data plane's paths of the API listener go to the gateway's
// handlers on the worker's own thread; everything else is the console's.
internal import Console
internal import Gateway
internal import HTTPServer

/// The API listener and the Unix socket.
final class APIHandler: RequestHandler {
  private let gateway: GatewayHandlers
  private let console: ConsoleHandler

  init(gateway: GatewayHandlers, console: ConsoleHandler) {
    self.gateway = gateway
    self.console = console
  }

  func handle(_ exchange: Exchange) {
    guard let handler = gateway.handler(forPath: exchange.head.path) else {
      return console.handle(exchange)
    }
    handler.handle(exchange)
  }
}

/// `/metrics`, on a listener of its own.
final class MetricsHandler: RequestHandler {
  private let metrics: Metrics

  init(_ metrics: Metrics) { self.metrics = metrics }

  func handle(_ exchange: Exchange) {
    let isPath = exchange.head.path.elementsEqual("/metrics".utf8)
    let method = exchange.head.method
    let isGet = method.elementsEqual("GET".utf8) || method.elementsEqual("HEAD".utf8)
    guard isPath else { return exchange.respondProblem(404, "Only /metrics is served here.") }
    guard isGet else {
      return exchange.respondProblem(
        405, "/metrics is only read.", [ResponseHeader("Allow", "GET, HEAD")])
    }
    let fields = [
      ResponseHeader("Content-Type", "text/plain; version=0.0.4; charset=utf-8"),
      ResponseHeader("X-Request-Id", exchange.worker.nameRequest()),
      ResponseHeader("Cache-Control", "no-store"),
      ResponseHeader("X-Content-Type-Options", "nosniff"),
    ]
    let ticket = exchange.detach()
    Task { [metrics] in
      ticket.respond(
        Response(status: 200, headers: fields, body: Array(await metrics.text().utf8)))
    }
  }
}

/// The demo API behind the gateway of `serve --dev`: says what reached it.
final class EchoHandler: RequestHandler {
  static let listener = "upstream"

  func handle(_ exchange: Exchange) {
    let head = exchange.head
    var body = "{\"hello\":\"this is the demo API behind the gateway\",\"method\":"
    body += Self.quoted(head.method) + ",\"path\":" + Self.quoted(head.path)
    for index in 0..<head.headers.count {
      let field = head.headers[index]
      let name = String(decoding: field.name, as: UTF8.self).lowercased()
      guard name.hasPrefix("x-latchkey-"), name != "x-latchkey-assertion" else { continue }
      body += ",\"\(name)\":" + Self.quoted(field.value)
    }
    exchange.respond(
      Response(
        status: 200, headers: [ResponseHeader("Content-Type", "application/json")],
        body: Array((body + "}\n").utf8)))
  }

  private static func quoted(_ bytes: UnsafeRawBufferPointer) -> String {
    JSONText.quoted(String(decoding: bytes, as: UTF8.self))
  }
}
