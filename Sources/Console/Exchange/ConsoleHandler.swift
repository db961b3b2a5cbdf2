// Binds the management API to the HTTP engine: reads the body on the worker's thread, answers from
// Swift concurrency. It must not know any route.
package import HTTPServer
internal import Management

/// One per worker and listener.
package final class ConsoleHandler: RequestHandler {
  private let api: ConsoleAPI
  private let isLocal: Bool

  /// - Parameter isLocal: the listener is the Unix socket of the data folder.
  package init(api: ConsoleAPI, isLocal: Bool = false) {
    self.api = api
    self.isLocal = isLocal
  }

  package func handle(_ exchange: Exchange) {
    var request = ConsoleRequest(exchange.head, isLocal: isLocal)
    let limit = api.bodyLimit(of: request)
    exchange.collectBody(limit: limit) { [api] result in
      switch result {
      case .success(let body):
        request.body = body
        let (ticket, ready) = (exchange.detach(), request)
        Task {
          await api.serve(ready).send(through: ticket, isHEAD: ready.method == "HEAD")
        }
      case .failure(.tooLarge):
        exchange.respond(
          api.refuse(.payloadTooLarge, Problem.bodyTooLarge(limit).detail, path: request.path))
      case .failure(.tooSlow):
        exchange.respond(
          api.refuse(.requestTimeout, "The body came too slowly.", path: request.path))
      case .failure(.malformed):
        exchange.respond(
          api.refuse(.malformedRequest, "The body is not well framed.", path: request.path))
      case .failure(.clientGone): exchange.abort()
      }
    }
  }
}

extension ConsoleRequest {
  init(_ head: RequestHead, isLocal: Bool) {
    self.init(
      method: text(head.method), path: text(head.path), query: head.query.map(text),
      isLocal: isLocal)
    for index in 0..<head.headers.count {
      guard let name = Self.readFields.first(where: { head.headers.isNamed(index, $0) }) else {
        continue
      }
      fields.append(Field(name, text(head.headers.value(index))))
    }
  }
}

private func text(_ bytes: UnsafeRawBufferPointer) -> String {
  String(decoding: bytes, as: UTF8.self)
}
