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
    // Whose it is, is asked once, when the body is complete: the key may be revoked meanwhile.
    let token = OperatorToken.read(fields)
    guard token != nil || shared.settings.isLocal else {
      let sent = fields.occurrences(OperatorToken.header) > 0
      return shared.refuse(exchange, VerifyRules.unauthorized(sent: sent), requestID: requestID)
    }
    if let problem = VerifyRules.refusal(fields, length: head.contentLength) {
      return shared.refuse(exchange, problem, requestID: requestID)
    }
    let call = idle.popLast() ?? VerifyExchange()
    call.begin(exchange, handler: self, requestID: requestID, token: token)
    exchange.receiveBody(call)
  }

  func recycle(_ call: VerifyExchange) {
    call.fields.reset()
    call.isParked = false
    if idle.count < 256 { idle.append(call) }
  }

  /// The body is complete.
  func answer(_ call: VerifyExchange, _ exchange: Exchange) {
    guard let grant = shared.grant(call.token) else {
      return refuse(exchange, VerifyRules.unauthorized(sent: true), call)
    }
    guard grant.mayVerify else { return refuse(exchange, VerifyRules.forbidden, call) }
    let request: VerifyRequest
    do throws(BodyRefusal) {
      request = try VerifyReader.read(call.body.mutableBytes, fields: call.fields)
    } catch {
      return refuse(exchange, GatewayProblem(error), call)
    }
    guard let slug = request.project, let project = shared.verifier.project(slug: slug),
      grant.boundTo == nil || grant.boundTo == project.id
    else { return refuse(exchange, .noProject, call) }
    decide(request, call, exchange, project)
  }

  private func refuse(_ exchange: Exchange, _ problem: GatewayProblem, _ call: VerifyExchange) {
    shared.refuse(exchange, problem, requestID: call.requestID)
  }

  private func decide(
    _ request: VerifyRequest, _ call: VerifyExchange, _ exchange: Exchange, _ project: ProjectView
  ) {
    let now = shared.now
    let plan = shared.plan(for: project)
    let asked = VerifyRules.call(request, call.fields, now: now)
    var decision: Decision
    if let key = request.key {
      decision = shared.verifier.decide(asked, token: key, project: project)
    } else {
      decision = shared.verifier.decide(asked, headers: call.fields, project: project)
    }
    let origin = Self.origin(request, call, plan)
    if !request.dryRun {
      shared.witness(decision, asked, project, from: origin.address, userAgent: origin.userAgent)
    }
    var record = shared.record(asked, decision, plan, call.requestID, from: origin)
    let use: MeterUse =
      request.dryRun ? .peek : request.leaseSeconds == nil ? .callElsewhere : .leased
    switch shared.judge(&decision, asked, from: request.address, project, use) {
    case .settled(let slot): send(request, call, exchange, project, plan, &decision, &record, slot)
    case .unavailable: sendUnavailable(request, call, exchange, plan, record)
    case .waiting(let hold):
      wait(request, call, exchange, project, plan, decision, record, hold)
    }
  }

  @inline(never)
  private func wait(
    _ request: VerifyRequest, _ call: VerifyExchange, _ exchange: Exchange,
    _ project: ProjectView, _ plan: ProjectPlan, _ decision: Decision, _ record: CallRecord,
    _ hold: consuming MeterHold
  ) {
    call.isParked = true
    shared.park(exchange, plan, decision, hold) { [self] settled, slot in
      var (decision, record) = (settled, record)
      send(request, call, exchange, project, plan, &decision, &record, slot)
      recycle(call)
    } unavailable: { [self] in
      sendUnavailable(request, call, exchange, plan, record)
      recycle(call)
    } gone: { [self] in
      finish(request, call, plan, record, status: ProxyCall.clientGoneStatus)
      recycle(call)
    }
  }

  private static func origin(
    _ request: VerifyRequest, _ call: VerifyExchange, _ plan: ProjectPlan
  ) -> CallOrigin {
    CallOrigin(
      way: .verify, address: request.address,
      userAgent: request.userAgent ?? call.fields.only("user-agent"),
      brand: request.brand ?? call.fields.only(plan.brandHeader))
  }

  private func finish(
    _ request: VerifyRequest, _ call: VerifyExchange, _ plan: ProjectPlan,
    _ record: borrowing CallRecord, status: Int
  ) {
    if !request.dryRun { shared.finish(record, plan, status: status, head: call.fields) }
  }

  /// The quota cannot be asked.
  private func sendUnavailable(
    _ request: VerifyRequest, _ call: VerifyExchange, _ exchange: Exchange, _ plan: ProjectPlan,
    _ record: borrowing CallRecord
  ) {
    let problem = GatewayProblem.quotaUnavailable
    finish(request, call, plan, record, status: problem.code.status)
    refuse(exchange, problem, call)
  }

  /// Everything is decided, but for the loan of a slot.
  private func send(
    _ request: VerifyRequest, _ call: VerifyExchange, _ exchange: Exchange,
    _ project: ProjectView, _ plan: ProjectPlan, _ decision: inout Decision,
    _ record: inout CallRecord, _ slot: consuming Slot?
  ) {
    let now = shared.now
    let lease = shared.lend(slot, &decision, project, request.leaseSeconds)
    // What the asker did not tell is what the decision comes to.
    let status =
      request.status.map(Int.init)
      ?? (decision.code == .valid ? 200 : plan.denials.status(of: decision.code))
    shared.decided(&record, decision.code, at: request.dryRun ? .dryRun : .verify)
    finish(request, call, plan, record, status: status)
    var quota: QuotaCells.State?
    var environment = UnsafeRawBufferPointer(start: nil, count: 0)
    var brand = request.brand ?? call.fields.only(plan.brandHeader)
    if let identity = decision.identity {
      environment = plan.environment(of: identity)
      if let value = brand, !shared.verifier.isBrand(value, of: identity) { brand = nil }
      if decision.code == .valid, !request.dryRun {
        shared.verifier.admit(identity, now: now)
      }
      quota = shared.desk.quota(of: identity, project.limits, now: now)
    }
    VerifyAnswer.write(
      decision, environment: environment, brand: brand, quota: quota, lease: lease,
      to: shared.body)
    shared.writeJSONHead(call.requestID, hasBody: true)
    exchange.respond(status: 200, headerBlock: shared.head.bytes, body: shared.body.bytes)
  }
}

/// One call while its body comes in; used again for the next one.
final class VerifyExchange: BodyReceiver {
  let body = OutputBuffer(capacity: 1024)
  let fields = FieldList()
  private(set) var requestID = RequestID(bits: 0)
  /// The asker's, borrowed from the head.
  private(set) var token: UnsafeRawBufferPointer?
  /// Body and fields are still needed.
  var isParked = false
  private var exchange: Exchange?
  private var handler: VerifyHandler?

  func begin(
    _ exchange: Exchange, handler: VerifyHandler, requestID: RequestID,
    token: UnsafeRawBufferPointer?
  ) {
    self.exchange = exchange
    self.handler = handler
    self.requestID = requestID
    self.token = token
    body.reset()
  }

  func bodyReceived(_ bytes: UnsafeRawBufferPointer) {
    if handler == nil { return }
    if body.count + bytes.count <= VerifyHandler.maximumBody { return body.append(bytes) }
    fail(VerifyRules.tooLarge)
  }

  func bodyEnded() {
    guard let exchange = exchange.take(), let handler = handler.take() else { return }
    handler.answer(self, exchange)
    // Only from here: after a failure the engine may still know this receiver.
    if !isParked { handler.recycle(self) }
  }

  func bodyFailed(_ error: BodyError) {
    fail(GatewayProblem(body: error))
  }

  private func fail(_ problem: GatewayProblem?) {
    guard let exchange = exchange.take(), let handler = handler.take(), let problem else { return }
    handler.shared.refuse(exchange, problem, requestID: requestID)
  }
}

extension GatewayProblem {
  init(_ refusal: BodyRefusal) {
    self.init(
      refusal.code == .malformedJSON ? .malformedJSON : .validationFailed,
      pointer: refusal.pointer, refusal.detail)
  }

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
