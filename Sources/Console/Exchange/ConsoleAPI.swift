// The management API as a function from request to response. Everything between the two that is the
// same for all routes is here, in its order: route, query, size, principal, scope, body, handler.
package import HTTPServer
internal import KeyModel
package import Management

package struct ConsoleAPI: Sendable {
  private let management: UseCases
  private let router: Router
  private let complaint: @Sendable () async -> String?
  private let pages: StaticPages

  /// - Parameter complaint: why `/readyz` answers 503, in a sentence; nil where it does not.
  package init(management: UseCases, complaint: @escaping @Sendable () async -> String?) {
    self.management = management
    self.complaint = complaint
    router = Router(RouteTable.all)
    pages = StaticPages()
  }

  /// - Parameter session: who asks, where that is known from elsewhere than the request's own
  ///   credential; nil: the request's credential says.
  package func respond(
    to request: ConsoleRequest, session: Principal? = nil
  ) async -> Response {
    await serve(request, session: session).collected()
  }

  func serve(_ request: ConsoleRequest, session: Principal? = nil) async -> ConsoleReply {
    let requestID = management.newRequestID()
    do {
      if let page = try await page(request, requestID) { return .whole(page) }
      let answer = try await answer(request, session)
      let response = Answering.response(answer, requestID: requestID)
      return answer.stream.map { .streamed(response, $0) } ?? .whole(response)
    } catch {
      return .whole(Answering.response(error, path: request.path, requestID: requestID))
    }
  }

  /// How many bytes of body the request's route takes.
  func bodyLimit(of request: ConsoleRequest) -> Int {
    guard case .route(let route, _) = router.match(method: request.method, path: request.path)
    else { return ConsoleRequest.bodyLimit }
    return route.bodyLimit
  }

  /// For a request whose body could not be read.
  package func refuse(_ code: ProblemCode, _ detail: String, path: String) -> Response {
    Answering.response(
      Problem(code, detail), path: path, requestID: management.newRequestID())
  }

  private func page(
    _ request: ConsoleRequest, _ requestID: String
  ) async throws(Problem) -> Response? {
    guard request.method == "GET" || request.method == "HEAD" else { return nil }
    switch request.path {
    case "/openapi.json":
      return Answering.text("application/json", pages.openAPI, requestID: requestID)
    case "/docs":
      var response = Answering.text("text/html; charset=utf-8", pages.docs, requestID: requestID)
      response.headers.append(
        ResponseHeader(
          "Content-Security-Policy",
          "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; "
            + "form-action 'none'; frame-ancestors 'none'"))
      return response
    case "/readyz":
      guard let reason = await complaint() else { return nil }
      throw Problem(.unavailable, reason)
    default: return nil
    }
  }

  private func answer(
    _ request: ConsoleRequest, _ session: Principal?
  ) async throws(Problem) -> Answer {
    try Query.refuseCredentials(request.query)
    let (route, parameters) = try match(request)
    guard request.body.count <= route.bodyLimit else { throw .bodyTooLarge(route.bodyLimit) }
    guard let handler = route.handler else { throw .notFound() }
    guard case .operation(let operation) = route.guardedBy else {
      return try await handler(
        management,
        Call(caller: Caller(.local), parameters: [:], query: Query(), body: JSONObject()))
    }
    if let signed = route.signedHandler, request.values("authorization").isEmpty,
      let signature = Headers.leakSignature(request)
    {
      return try await signed(management, request.body, signature)
    }
    let principal = if let session { session } else { try await principal(request, operation) }
    try principal.require(operation)
    let query = try Query(request.query, known: route.query.map(\.name))
    let body = try Body.read(request, for: route)
    let idempotency = try Headers.idempotency(request, route, body)
    var call = Call(
      caller: Caller(principal, idempotency: idempotency), parameters: parameters,
      query: query, body: body)
    call.accept = request.values("accept").joined(separator: ",")
    call.lastEventID = request.values("last-event-id").last
    return try await handler(management, call)
  }

  private func match(
    _ request: ConsoleRequest
  ) throws(Problem) -> (Route, parameters: [String: String]) {
    switch router.match(method: request.method, path: request.path) {
    case .route(let route, let parameters): return (route, parameters)
    case .methods(let allow):
      var problem = Problem(.methodNotAllowed, "This path has: \(allow.joined(separator: ", ")).")
      problem.allow = allow
      throw problem
    case .nothing: throw Problem(.notFound, "There is no such path.")
    }
  }

  private func principal(
    _ request: ConsoleRequest, _ operation: Operation
  ) async throws(Problem) -> Principal {
    if request.isLocal { return .local }
    guard let token = try Headers.token(request) else {
      throw .unauthorized(invalidToken: false)
    }
    if operation == .acknowledgeCycle, !token.hasPrefix("lk_op_") {
      return try await management.authenticate(keySecret: token)
    }
    return try await management.authenticate(token)
  }
}

extension Problem {
  static func bodyTooLarge(_ limit: Int) -> Problem {
    Problem(.payloadTooLarge, "A body may have \(limit) bytes at most.")
  }
}
