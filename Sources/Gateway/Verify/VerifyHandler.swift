// POST /v1/verify: the operator's own code asks about a key. It is not a change, so an
// Idempotency-Key on it is ignored: asking twice counts twice, as two calls would.
import HTTPServer
import KeyModel
import Verification

final class VerifyHandler: RequestHandler {
  static let maximumBody = 64 * 1024

  let shared: GatewayWorker
  private var idle: [VerifyExchange] = []

  init(_ shared: GatewayWorker) { self.shared = shared }

  func handle(_ exchange: Exchange) {
    let head = exchange.head
    let requestID = shared.nextRequestID(now: shared.now)
    guard ByteText.equal(head.method, "POST") else {
      let problem = GatewayProblem(
        .methodNotAllowed, "Only POST is allowed here.", lines: "Allow: POST\r\n")
      return shared.refuse(exchange, problem, requestID: requestID)
    }
    let fields = EngineFields(list: head.headers)
    if let problem = refusal(fields) ?? VerifyRules.refusal(fields, length: head.contentLength) {
      return shared.refuse(exchange, problem, requestID: requestID)
    }
    let call = idle.popLast() ?? VerifyExchange()
    call.begin(exchange, handler: self, requestID: requestID)
    exchange.receiveBody(call)
  }

  private func refusal(_ fields: EngineFields) -> GatewayProblem? {
    if shared.settings.isLocal { return nil }
    guard let token = OperatorToken.read(fields) else {
      return VerifyRules.unauthorized(sent: fields.occurrences(OperatorToken.header) > 0)
    }
    switch shared.verifier.operatorPermission(token, project: nil) {
    case .unknown: return VerifyRules.unauthorized(sent: true)
    case .forbidden: return VerifyRules.forbidden
    // Which project is meant, and whether the key is bound to another, the body will tell.
    case .allowed, .notFound: return nil
    }
  }

  func recycle(_ call: VerifyExchange) {
    if idle.count < 256 { idle.append(call) }
  }

  /// The body is complete.
  func answer(_ call: VerifyExchange, _ exchange: Exchange) {
    let request: VerifyRequest
    do throws(BodyRefusal) {
      request = try VerifyReader.read(call.body.mutableBytes, fields: call.fields)
    } catch {
      let code: GatewayProblem.Code =
        error.code == .malformedJSON ? .malformedJSON : .validationFailed
      let problem = GatewayProblem(code, error.detail, pointer: error.pointer)
      return shared.refuse(exchange, problem, requestID: call.requestID)
    }
    // The operator key is asked again: it may have been revoked while the body came.
    let fields = EngineFields(list: exchange.head.headers)
    guard let slug = request.project else { return }
    let project = shared.verifier.project(slug: slug)
    switch permission(fields, project) {
    case .unknown:
      let problem = VerifyRules.unauthorized(sent: true)
      shared.refuse(exchange, problem, requestID: call.requestID)
    case .forbidden: shared.refuse(exchange, VerifyRules.forbidden, requestID: call.requestID)
    case .notFound: shared.refuse(exchange, .noProject, requestID: call.requestID)
    case .allowed:
      guard let project else {
        return shared.refuse(exchange, .noProject, requestID: call.requestID)
      }
      decide(request, call, exchange, project)
    }
  }

  private func permission(
    _ fields: EngineFields, _ project: ProjectView?
  ) -> OperatorPermission {
    if shared.settings.isLocal { return project == nil ? .notFound : .allowed }
    guard let token = OperatorToken.read(fields) else { return .unknown }
    return shared.verifier.operatorPermission(token, project: project)
  }

  private func decide(
    _ request: VerifyRequest, _ call: VerifyExchange, _ exchange: Exchange, _ project: ProjectView
  ) {
    let now = shared.now
    let plan = shared.plan(for: project)
    let asked = VerifyRules.call(request, call.fields, now: now)
    let decision: Decision
    if let key = request.key {
      decision = shared.verifier.decide(asked, token: key, project: project)
    } else {
      decision = shared.verifier.decide(asked, headers: call.fields, project: project)
    }
    var environment: [UInt8] = []
    var brand = request.brand ?? call.fields.only(plan.brandHeader)
    if let identity = decision.identity {
      environment = plan.environment(of: identity)
      if let value = brand, !shared.verifier.isBrand(value, of: identity) { brand = nil }
      if decision.code == .valid, !request.dryRun {
        shared.verifier.admit(identity, now: now)
      }
    }
    VerifyAnswer.write(decision, environment: environment, brand: brand, to: shared.body)
    let head = shared.head
    head.reset()
    head.append("Content-Type: application/json\r\nCache-Control: no-store\r\n")
    head.append("X-Content-Type-Options: nosniff\r\nX-Request-Id: ")
    head.append(call.requestID)
    head.append("\r\n")
    exchange.respond(status: 200, headerBlock: head.bytes, body: shared.body.bytes)
  }
}

/// One call while its body comes in; used again for the next one.
final class VerifyExchange: BodyReceiver {
  let body = OutputBuffer(capacity: 1024)
  let fields = FieldList()
  private(set) var requestID = RequestID(bits: 0)
  private var exchange: Exchange?
  private var handler: VerifyHandler?

  func begin(_ exchange: Exchange, handler: VerifyHandler, requestID: RequestID) {
    self.exchange = exchange
    self.handler = handler
    self.requestID = requestID
    body.reset()
  }

  func bodyReceived(_ bytes: UnsafeRawBufferPointer) {
    guard let exchange, let handler else { return }
    guard body.count + bytes.count <= VerifyHandler.maximumBody else {
      end()
      return handler.shared.refuse(exchange, VerifyRules.tooLarge, requestID: requestID)
    }
    body.append(bytes)
  }

  func bodyEnded() {
    guard let exchange, let handler else { return }
    end()
    handler.answer(self, exchange)
    fields.reset()
    // Only from here: after a failure the engine may still know this receiver.
    handler.recycle(self)
  }

  func bodyFailed(_ error: BodyError) {
    guard let exchange, let handler else { return }
    end()
    guard let problem = GatewayProblem(body: error) else { return }
    handler.shared.refuse(exchange, problem, requestID: requestID)
  }

  private func end() {
    exchange = nil
    handler = nil
  }
}

extension GatewayProblem {
  /// Nil where nobody is left to read it.
  init?(body error: BodyError) {
    switch error {
    case .clientGone: return nil
    case .tooLarge: self = VerifyRules.tooLarge
    case .tooSlow: self.init(.requestTimeout, "The body came too slowly.")
    case .malformed: self.init(.malformedRequest, "The body's framing is malformed.")
    }
  }
}
