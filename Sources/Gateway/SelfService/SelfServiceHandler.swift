// Keys that manage keys: takes the calls below a project's mount, so that none of them goes on to
// the upstream, and has them done by the port. It must not change anything itself.
import HTTPServer
import KeyModel
import Verification

final class SelfServiceHandler {
  private let shared: GatewayWorker

  init(_ shared: GatewayWorker) { self.shared = shared }

  func handle(
    _ exchange: Exchange, _ decision: Decision, _ place: SelfServiceMount.Place,
    _ plan: SelfServicePlan, _ project: ProjectPlan, _ record: CallRecord
  ) {
    let head = exchange.head
    let fields = EngineFields(list: head.headers)
    let desk = SelfServiceDesk(exchange, shared, plan, project, record)
    guard decision.code == .valid, let identity = decision.identity else {
      return desk.deny(decision.code, DenialFacts(decision, requestID: record.requestID))
    }
    do throws(SelfServiceRefusal) {
      let action = try plan.action(head.method, place, query: head.query).get()
      if let code = SelfServiceRules.denial(identity, action, plan.service) {
        return desk.deny(code)
      }
      if let refusal = SelfServiceRules.methodOverride(fields, query: head.query) {
        throw refusal
      }
      guard let port = shared.settings.selfService else {
        throw SelfServiceRefusal("unavailable", status: 503, "Keys cannot be changed here.")
      }
      var request = SelfServiceRequest(
        action, key: identity.keyID, version: identity.versionID, account: identity.accountID,
        project: project.project.id)
      request.route =
        String(decoding: head.method, as: UTF8.self) + " "
        + String(decoding: head.path, as: UTF8.self)
      if ByteText.equal(head.method, "POST") {
        request.idempotencyKey = try SelfServiceRules.idempotencyKey(fields)
      }
      collect(exchange, request, port, desk)
    } catch {
      desk.refuse(error)
    }
  }

  private func collect(
    _ exchange: Exchange, _ request: SelfServiceRequest, _ port: any SelfServicePort,
    _ desk: SelfServiceDesk
  ) {
    exchange.collectBody(limit: SelfServiceRules.bodyLimit) { result in
      do throws(SelfServiceRefusal) {
        switch result {
        case .success(let bytes):
          var ready = request
          ready.body = try SelfServiceRules.body(bytes)
          desk.serve(ready, port)
        case .failure(let error):
          guard let problem = GatewayProblem(body: error) else { return desk.abort() }
          throw SelfServiceRefusal(
            problem.code.rawValue, status: problem.code.status, problem.detail)
        }
      } catch {
        desk.refuse(error)
      }
    }
  }
}

/// One request at the desk: whatever becomes of it, the answer is written here, in the policy's
/// shape and on the worker's own thread.
// Unchecked: used on its worker's thread only; in between it is merely carried.
final class SelfServiceDesk: ExchangeWatcher, @unchecked Sendable {
  private let exchange: Exchange
  private let shared: GatewayWorker
  private let plan: SelfServicePlan
  private let project: ProjectPlan
  private let requestID: RequestID
  private var record: CallRecord
  private var isOnRecord = false

  init(
    _ exchange: Exchange, _ shared: GatewayWorker, _ plan: SelfServicePlan,
    _ project: ProjectPlan, _ record: CallRecord
  ) {
    self.exchange = exchange
    self.shared = shared
    self.plan = plan
    self.project = project
    self.record = record
    requestID = record.requestID
    exchange.watcher = self
  }

  /// What the record borrows is there until the exchange ends, and only until then.
  private func finish(status: Int, bytesOut: Int) {
    guard !isOnRecord else { return }
    isOnRecord = true
    let head = exchange.head
    shared.finish(
      record, project, status: status, bytesIn: exchange.bytesIn,
      bytesOut: head.isHEAD ? 0 : bytesOut,
      head: EngineFields(list: head.headers))
  }

  func clientGone() { finish(status: ProxyCall.clientGoneStatus, bytesOut: 0) }

  /// The body will never be whole.
  func abort() {
    clientGone()
    exchange.abort()
  }

  func serve(_ request: SelfServiceRequest, _ port: any SelfServicePort) {
    let worker = exchange.worker
    Task {
      let outcome = await port.serve(request)
      worker.post { self.answer(outcome, to: request.action) }
    }
  }

  private func answer(
    _ outcome: SelfServiceOutcome, to action: SelfServiceRequest.Action
  ) {
    switch outcome {
    case .denied(let code): deny(code)
    case .refused(let refusal): refuse(refusal)
    case .keys(let keys, let next, let replayed):
      guard let answer = plan.answer(to: action) else {
        return refuse(SelfServiceRefusal("unavailable", status: 503, "The policy has changed."))
      }
      let body = plan.shape.body(answer, keys: keys, next: next)
      var more = replayed ? [ResponseHeader("Idempotency-Replayed", "true")] : []
      if let next { more.append(nextPage(next, action)) }
      send(answer.status, body, more)
    }
  }

  /// RFC 8288: every shape of a list can have it.
  private func nextPage(_ cursor: String, _ action: SelfServiceRequest.Action) -> ResponseHeader {
    var target = "?cursor=\(cursor)"
    if case .list(let page) = action, let limit = page.limit { target += "&limit=\(limit)" }
    return ResponseHeader("Link", "<\(target)>; rel=\"next\"")
  }

  func deny(_ code: DecisionCode, _ facts: DenialFacts? = nil) {
    let status = plan.denials.write(
      code, facts: facts ?? DenialFacts(requestID: requestID), mode: .plain, head: shared.head,
      body: shared.body)
    if facts?.limit != nil { shared.head.append(shared.limitLines.bytes) }
    record.deny(code)
    finish(status: status, bytesOut: shared.body.count)
    exchange.respond(status: status, headerBlock: shared.head.bytes, body: shared.body.bytes)
  }

  /// By the entry for its code, else in the common body, else as a problem document.
  func refuse(_ refusal: SelfServiceRefusal) {
    var headers: [ResponseHeader] = []
    if !refusal.allow.isEmpty {
      headers.append(ResponseHeader("Allow", refusal.allow.joined(separator: ", ")))
    }
    if let seconds = refusal.retryAfterSeconds {
      headers.append(ResponseHeader("Retry-After", String(seconds)))
    }
    if let template = plan.service.errors[refusal.code] {
      for header in template.headers {
        headers.removeAll { $0.name.lowercased() == header.name.lowercased() }
        headers.append(ResponseHeader(header.name, text(header.value, refusal)))
      }
      return send(template.status, template.body.map { fill($0, refusal) }, headers)
    }
    if let common = plan.service.errorBody {
      return send(refusal.status, fill(common, refusal), headers)
    }
    let problem = ProblemDocument.make(
      code: refusal.code, title: refusal.message, status: refusal.status,
      detail: refusal.message, requestID: requestID.description)
    send(refusal.status, .object(problem), headers, type: "application/problem+json")
  }

  private func fill(_ template: JSONValue, _ refusal: SelfServiceRefusal) -> JSONValue {
    JSONTemplate.fill(template) { name in
      switch name {
      case "code": .string(refusal.code)
      case "message": .string(refusal.message)
      default: .string(requestID.description)
      }
    }
  }

  private func text(_ template: String, _ refusal: SelfServiceRefusal) -> String {
    fill(.string(template), refusal).string ?? ""
  }

  private func send(
    _ status: Int, _ body: JSONValue?, _ more: [ResponseHeader],
    type: String = "application/json"
  ) {
    var headers = more
    func add(_ name: String, _ value: String) {
      if headers.contains(where: { $0.name.lowercased() == name.lowercased() }) { return }
      headers.append(ResponseHeader(name, value))
    }
    if body != nil { add("Content-Type", type) }
    for header in plan.answerHeaders {
      let value = JSONTemplate.fill(.string(header.value)) { _ in
        .string(requestID.description)
      }
      add(header.name, value.string ?? "")
    }
    add("X-Request-Id", requestID.description)
    add("Cache-Control", "no-store")
    add("X-Content-Type-Options", "nosniff")
    let bytes = body.map(JSONWriter.compact) ?? []
    finish(status: status, bytesOut: bytes.count)
    exchange.respond(Response(status: status, headers: headers, body: bytes))
  }
}
