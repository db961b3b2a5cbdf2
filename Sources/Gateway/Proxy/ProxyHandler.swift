// The gateway's listener: every call is checked, stripped of its credential and sent on to the
// project's upstream. The path goes on as the client sent it, environment prefixes included.
import HTTPServer
import KeyModel
import Verification

final class ProxyHandler: RequestHandler {
  let shared: GatewayWorker
  private lazy var selfService = SelfServiceHandler(shared)
  private let pool: UpstreamPool
  private var idle: [ProxyCall] = []

  init(_ shared: GatewayWorker) {
    self.shared = shared
    pool = UpstreamPool(worker: shared.worker)
  }

  func handle(_ exchange: Exchange) {
    let now = shared.now
    let requestID = shared.nextRequestID(now: now)
    let head = exchange.head
    let unfit = Self.refusal(method: head.method, target: head.target)
    guard let project = shared.verifier.project(host: head.host) else {
      let problem = unfit ?? GatewayProblem(.notFound, "No project answers for this host.")
      return shared.refuse(exchange, problem, requestID: requestID)
    }
    let plan = shared.plan(for: project)
    let fields = EngineFields(list: head.headers)
    let call = Call(
      method: head.method, path: head.path, query: head.query, host: head.host, now: now)
    let client = exchange.clientAddress
    let origin = CallOrigin(
      way: .gateway, address: client, userAgent: head.headers.first("user-agent"),
      brand: fields.only(plan.brandHeader))
    if let unfit {
      let record = shared.record(call, nil, plan, requestID, from: origin)
      return shared.refuse(exchange, unfit, record, plan)
    }
    var decision = shared.verifier.decide(call, headers: fields, project: project)
    shared.witness(decision, call, project, from: client, userAgent: origin.userAgent)
    let record = shared.record(call, decision, plan, requestID, from: origin)
    if let service = plan.selfService {
      let place = service.mount.place(of: head.path)
      if place != .elsewhere {
        _ = shared.judge(&decision, call, from: client, project, .selfService)
        shared.writeLimits(decision, plan)
        var record = record
        shared.decided(&record, decision.code, at: .gateway)
        return selfService.handle(
          exchange, decision, place, service, plan, record)
      }
    }
    if decision.code == .valid, plan.upstream?.prefix.isEmpty == false,
      PathGuard.hasDotSegment(head.path)
    {
      let problem = GatewayProblem(
        .malformedRequest, "A path with dot segments might leave the upstream's base path.")
      return shared.refuse(exchange, problem, record, plan)
    }
    switch shared.judge(&decision, call, from: client, project, .call) {
    case .settled(let slot):
      shared.writeLimits(decision, plan)
      goOn(exchange, decision, project, plan, record, slot)
    case .unavailable: shared.refuse(exchange, .quotaUnavailable, record, plan)
    case .waiting(let hold): wait(exchange, decision, project, plan, record, hold)
    }
  }

  @inline(never)
  private func wait(
    _ exchange: Exchange, _ decision: Decision, _ project: ProjectView, _ plan: ProjectPlan,
    _ record: CallRecord, _ hold: consuming MeterHold
  ) {
    shared.park(exchange, plan, decision, hold) { [self] decision, slot in
      goOn(exchange, decision, project, plan, record, slot)
    } unavailable: { [shared] in
      shared.refuse(exchange, .quotaUnavailable, record, plan)
    } gone: { [shared] in
      let fields = EngineFields(list: exchange.head.headers)
      shared.finish(record, plan, status: ProxyCall.clientGoneStatus, head: fields)
    }
  }

  /// Everything is decided: the call is refused, or on its way.
  private func goOn(
    _ exchange: Exchange, _ decision: Decision, _ project: ProjectView, _ plan: ProjectPlan,
    _ undecided: CallRecord, _ slot: consuming Slot?
  ) {
    var record = undecided
    shared.decided(&record, decision.code, at: .gateway)
    guard decision.code == .valid, let identity = decision.identity else {
      return deny(exchange, decision, plan, record)
    }
    let head = exchange.head
    shared.verifier.admit(identity, now: shared.now)
    guard let upstream = plan.upstream else {
      let problem = GatewayProblem(
        .upstreamMissing, "The project has no upstream to send this call to.")
      return shared.refuse(exchange, problem, record, plan)
    }
    let inbound = InboundCall(
      method: head.method, target: head.target, contentLength: head.contentLength,
      isTLS: head.isTLS, peer: exchange.peerAddress, client: exchange.clientAddress,
      requestID: record.requestID)
    ForwardedHead.write(
      inbound, fields: EngineFields(list: head.headers), plan: plan, upstream: upstream,
      identity: identity,
      to: shared.head)
    let timeout =
      project.upstreamTimeoutSeconds.map(Int.init) ?? shared.settings.upstreamTimeoutSeconds
    let forwarded = idle.popLast() ?? ProxyCall(shared)
    forwarded.begin(exchange, record, plan, slot: slot, limitLines: shared.limitLines)
    forwarded.send(
      through: pool, to: upstream.target, head: shared.head.bytes, timeoutSeconds: timeout,
      home: self)
  }

  private func deny(
    _ exchange: Exchange, _ decision: Decision, _ plan: ProjectPlan,
    _ record: borrowing CallRecord
  ) {
    let status = plan.denials.write(
      decision.code, facts: DenialFacts(decision, requestID: record.requestID), mode: .plain,
      head: shared.head, body: shared.body)
    shared.head.append(shared.limitLines.bytes)
    shared.respond(exchange, status: status, record, plan)
  }

  /// TRACE would show the upstream's view of the call; CONNECT asks for a tunnel.
  static func refusal(
    method: UnsafeRawBufferPointer, target: UnsafeRawBufferPointer
  ) -> GatewayProblem? {
    if ByteText.equal(method, "TRACE") || ByteText.equal(method, "CONNECT") {
      return GatewayProblem(
        .methodNotAllowed, "TRACE and CONNECT are not allowed here.",
        lines: "Allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n")
    }
    guard target.first == UInt8(ascii: "/") else {
      return GatewayProblem(.malformedRequest, "The target must be a path.")
    }
    return nil
  }

  func recycle(_ call: ProxyCall) {
    if idle.count < 1024 { idle.append(call) }
  }
}
