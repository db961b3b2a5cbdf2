// ANY /v1/authz/{project}: a proxy asks whether the call it holds may pass. It reads heads only;
// the answer's body is empty on allow, since Envoy accepts exactly 200 and others copy what they
// get.
import HTTPServer
import KeyModel
import Verification

final class AuthzHandler: RequestHandler {
  private let shared: GatewayWorker

  init(_ shared: GatewayWorker) { self.shared = shared }

  func handle(_ exchange: Exchange) {
    let now = shared.now
    let requestID = shared.nextRequestID(now: now)
    let head = exchange.head
    guard let path = AuthzPath(head.path) else {
      return shared.refuse(exchange, .noProject, requestID: requestID)
    }
    // With the original path appended, the query too is the original's, and not for us.
    guard let mode = path.original == nil ? AuthzPath.mode(head.query) : .plain else {
      return shared.refuse(exchange, .noMode, requestID: requestID)
    }
    let lease = path.original == nil ? AuthzPath.leaseSeconds(head.query) : nil
    if let lease, !LeaseText.range.contains(lease) {
      let problem = GatewayProblem(
        .validationFailed, parameter: "lease_seconds", LeaseText.wanted)
      return shared.refuse(exchange, problem, requestID: requestID, mode: mode)
    }
    guard let project = shared.verifier.project(slug: path.slug) else {
      return shared.refuse(exchange, .noProject, requestID: requestID, mode: mode)
    }
    let plan = shared.plan(for: project)
    let fields = EngineFields(list: head.headers)
    switch AuthzRules.originalCall(head, path, fields, isNginx: mode == .nginx) {
    case .failure(let refusal):
      shared.refuse(
        exchange, AuthzRules.problem(refusal), requestID: requestID, mode: mode, plan: plan)
    case .success(let original):
      let call = Call(
        method: original.method, path: original.path, query: original.query,
        host: original.host, now: now)
      var decision = shared.verifier.decide(call, headers: fields, project: project)
      let origin = CallOrigin(
        way: .authz, address: exchange.clientAddress, userAgent: head.headers.first("user-agent"),
        brand: fields.only(plan.brandHeader))
      shared.witness(decision, call, project, from: origin.address, userAgent: origin.userAgent)
      let record = shared.record(
        AuthzRules.known(call), decision, plan, requestID, from: origin)
      let use: MeterUse = lease == nil ? .callElsewhere : .leased
      switch shared.judge(&decision, call, from: origin.address, project, use) {
      case .settled(let slot):
        shared.writeLimits(decision, plan)
        let lent = shared.lend(slot, &decision, project, lease)
        answer(exchange, decision, call, plan, record, mode, lent)
      case .unavailable: refuse(exchange, record, plan, mode)
      case .waiting(let hold):
        wait(exchange, decision, call, project, plan, record, mode, lease, hold)
      }
    }
  }

  @inline(never)
  private func wait(
    _ exchange: Exchange, _ decision: Decision, _ call: Call, _ project: ProjectView,
    _ plan: ProjectPlan, _ record: CallRecord, _ mode: DenialMode, _ lease: Int64?,
    _ hold: consuming MeterHold
  ) {
    shared.park(exchange, plan, decision, hold) { [self] settled, slot in
      var decision = settled
      let lent = shared.lend(slot, &decision, project, lease)
      answer(exchange, decision, call, plan, record, mode, lent)
    } unavailable: { [self] in
      refuse(exchange, record, plan, mode)
    } gone: { [shared] in
      let fields = EngineFields(list: exchange.head.headers)
      shared.finish(record, plan, status: ProxyCall.clientGoneStatus, head: fields)
    }
  }

  /// The quota cannot be asked.
  private func refuse(
    _ exchange: Exchange, _ record: borrowing CallRecord, _ plan: ProjectPlan, _ mode: DenialMode
  ) {
    let problem = GatewayProblem.quotaUnavailable
    shared.finish(
      record, plan, status: problem.code.status, head: EngineFields(list: exchange.head.headers))
    shared.refuse(exchange, problem, requestID: record.requestID, mode: mode)
  }

  private func answer(
    _ exchange: Exchange, _ decision: Decision, _ call: Call, _ plan: ProjectPlan,
    _ undecided: CallRecord, _ mode: DenialMode, _ lease: Lease?
  ) {
    let out = shared.head
    var record = undecided
    shared.decided(&record, decision.code, at: .authz)
    let requestID = record.requestID
    let fields = EngineFields(list: exchange.head.headers)
    guard decision.code == .valid, let identity = decision.identity else {
      let status = plan.denials.write(
        decision.code, facts: DenialFacts(decision, requestID: requestID), mode: mode, head: out,
        body: shared.body)
      out.append(shared.limitLines.bytes)
      shared.finish(
        record, plan, status: plan.denials.status(of: decision.code), head: fields)
      return exchange.respond(
        status: status, headerBlock: out.bytes, body: shared.body.bytes)
    }
    shared.verifier.admit(identity, now: call.now)
    out.reset()
    IdentityHeaders.append(identity, environment: plan.environment(of: identity), to: out)
    out.append("X-Latchkey-Assertion: ")
    let claims = AssertionClaims(
      key: identity.keyID, account: identity.accountID, application: identity.applicationID,
      environment: plan.environment(of: identity), access: identity.access, kind: identity.kind,
      method: call.method, path: call.path, now: call.now)
    Assertion.append(claims, key: plan.assertionKey, payload: shared.body, to: out)
    out.append("\r\n")
    out.append(shared.limitLines.bytes)
    if let lease {
      out.append("X-Latchkey-Lease: ")
      out.append(lease.id)
      out.append("\r\nX-Latchkey-Lease-Expires: ")
      out.append(lease.expiresAt)
      out.append("\r\n")
    }
    out.append("Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nX-Request-Id: ")
    out.append(requestID)
    out.append("\r\n")
    plan.answerHeaders?.append(requestID, to: out)
    shared.finish(record, plan, status: 200, head: fields)
    exchange.respond(
      status: 200, headerBlock: out.bytes, body: UnsafeRawBufferPointer(start: nil, count: 0))
  }
}

extension GatewayProblem {
  static let noProject = GatewayProblem(.notFound, "There is no such project.")
  static let noMode = GatewayProblem(
    .validationFailed, parameter: "mode", "must be nginx, once, or be left out")
}

/// The parts of the handler that need no connection.
enum AuthzRules {
  static func originalCall(
    _ head: RequestHead, _ path: AuthzPath, _ fields: some HeadFields, isNginx: Bool
  ) -> Result<OriginalCall, OriginalCall.Refusal> {
    if let original = path.original {
      return .success(
        OriginalCall(method: head.method, path: original, query: head.query, host: head.host))
    }
    do throws(OriginalCall.Refusal) {
      return .success(
        try OriginalCall.read(fields, ownMethod: head.method, methodIsProxys: isNginx))
    } catch {
      return .failure(error)
    }
  }

  /// The call with nothing in the place of what the proxy did not tell.
  static func known(_ call: Call) -> Call {
    var call = call
    let nothing = UnsafeRawBufferPointer(start: nil, count: 0)
    if ByteText.equal(call.path, OriginalCall.unknownPath) { call.path = nothing }
    if ByteText.equal(call.method, OriginalCall.unknownMethod) { call.method = nothing }
    return call
  }

  static func problem(_ refusal: OriginalCall.Refusal) -> GatewayProblem {
    switch refusal {
    case .ambiguous(let name):
      GatewayProblem(.malformedRequest, "\(name) is given more than once, or contradicted.")
    case .malformed(let what):
      GatewayProblem(.malformedRequest, "\(what) is malformed.")
    }
  }
}
