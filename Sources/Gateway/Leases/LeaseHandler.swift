// `POST /v1/leases/{lease}/renew` and `DELETE /v1/leases/{lease}`: an operator's code says that a
// call it has asked about goes on, or is over.
import HTTPServer
import KeyModel
import Verification

/// `/v1/leases/{lease}` and `/v1/leases/{lease}/renew`.
struct LeasePath {
  static let prefix: StaticString = "/v1/leases/"
  /// Nil where the text is no lease's id.
  let id: LeaseID?
  let isRenewal: Bool

  /// Nil for every other path.
  init?(_ path: UnsafeRawBufferPointer) {
    let start = Self.prefix.utf8CodeUnitCount
    guard path.count > start,
      ByteText.equal(UnsafeRawBufferPointer(rebasing: path[..<start]), Self.prefix)
    else { return nil }
    let end = path[start...].firstIndex(of: UInt8(ascii: "/")) ?? path.count
    id = LeaseID(String(decoding: path[start..<end], as: UTF8.self))
    isRenewal = end < path.count
    if isRenewal, !ByteText.equal(UnsafeRawBufferPointer(rebasing: path[end...]), "/renew") {
      return nil
    }
  }
}

final class LeaseHandler: RequestHandler {
  private let shared: GatewayWorker

  init(_ shared: GatewayWorker) { self.shared = shared }

  func handle(_ exchange: Exchange) {
    let requestID = shared.nextRequestID(now: shared.now)
    let head = exchange.head
    let path = LeasePath(head.path)
    let method: StaticString = path?.isRenewal == true ? "POST" : "DELETE"
    guard ByteText.equal(head.method, method) else {
      let problem = GatewayProblem(
        .methodNotAllowed, "Only \(method) is allowed here.", lines: "Allow: \(method)\r\n")
      return shared.refuse(exchange, problem, requestID: requestID)
    }
    guard path?.isRenewal == true else { return end(exchange, path?.id, requestID) }
    if head.contentLength != 0,
      let problem = VerifyRules.refusal(
        EngineFields(list: head.headers), length: head.contentLength)
    {
      return shared.refuse(exchange, problem, requestID: requestID)
    }
    exchange.collectBody(limit: VerifyHandler.maximumBody) { [self] result in
      switch result {
      case .success(let bytes): renew(exchange, path?.id, bytes, requestID)
      case .failure(let error):
        guard let problem = GatewayProblem(body: error) else { return }
        shared.refuse(exchange, problem, requestID: requestID)
      }
    }
  }

  private func end(_ exchange: Exchange, _ id: LeaseID?, _ requestID: RequestID) {
    do throws(GatewayProblem) {
      let grant = try grant(exchange)
      guard let id,
        shared.settings.meters.leases.end(id, project: grant.boundTo, at: shared.leaseMoment)
      else { throw .noLease }
      shared.writeJSONHead(requestID, hasBody: false)
      exchange.respond(
        status: 204, headerBlock: shared.head.bytes,
        body: UnsafeRawBufferPointer(start: nil, count: 0))
    } catch {
      shared.refuse(exchange, error, requestID: requestID)
    }
  }

  private func renew(
    _ exchange: Exchange, _ id: LeaseID?, _ body: [UInt8], _ requestID: RequestID
  ) {
    do throws(GatewayProblem) {
      let grant = try grant(exchange)
      let seconds = try Self.seconds(body)
      guard let id,
        let lease = shared.settings.meters.leases.renew(
          id, seconds: seconds, project: grant.boundTo, at: shared.leaseMoment)
      else { throw .noLease }
      shared.body.reset()
      LeaseText.write(lease, to: shared.body)
      shared.writeJSONHead(requestID, hasBody: true)
      exchange.respond(
        status: 200, headerBlock: shared.head.bytes, body: shared.body.bytes)
    } catch {
      shared.refuse(exchange, error, requestID: requestID)
    }
  }

  private func grant(_ exchange: Exchange) throws(GatewayProblem) -> OperatorGrant {
    let fields = EngineFields(list: exchange.head.headers)
    guard let grant = shared.grant(OperatorToken.read(fields)) else {
      throw VerifyRules.unauthorized(sent: fields.occurrences(OperatorToken.header) > 0)
    }
    guard grant.mayVerify else { throw VerifyRules.forbidden }
    return grant
  }

  /// Nil where the body is empty or does not say.
  private static func seconds(_ body: [UInt8]) throws(GatewayProblem) -> Int64? {
    if body.isEmpty { return nil }
    let document: JSONValue
    do { document = try JSONReader.read(body) } catch {
      throw GatewayProblem(.malformedJSON, "The body is not JSON.")
    }
    guard let object = document.object else {
      throw GatewayProblem(.validationFailed, pointer: "", "must be an object")
    }
    for member in object.members where member.name != "lease_seconds" {
      throw GatewayProblem(
        .validationFailed, pointer: JSONPointer([member.name]).description, "is not known")
    }
    guard let value = object["lease_seconds"], value != .null else { return nil }
    guard let seconds = value.integer, LeaseText.range.contains(seconds) else {
      throw GatewayProblem(.validationFailed, pointer: "/lease_seconds", LeaseText.wanted)
    }
    return seconds
  }
}

enum LeaseText {
  static let range = 1...Leases.longestSeconds
  static let wanted = "must be an integer from 1 to \(Leases.longestSeconds)"

  static func write(_ lease: Lease, to out: OutputBuffer) {
    out.append("{\"id\":\"")
    out.append(lease.id)
    out.append("\",\"expires_at\":\"")
    out.append(lease.expiresAt)
    out.append("\"}")
  }
}

extension GatewayProblem {
  static let noLease = GatewayProblem(.notFound, "There is no such lease, or no longer.")
}

extension GatewayWorker {
  /// Nil where no lease was asked for, or the call has no slot. The call may be refused by this.
  func lend(
    _ slot: consuming Slot?, _ decision: inout Decision, _ project: ProjectView,
    _ seconds: Int64?
  ) -> Lease? {
    guard let seconds, let slot, decision.code == .valid else { return nil }
    return desk.lend(
      slot, &decision, project, seconds: seconds, at: leaseMoment,
      random: nextRequestID(now: now).bits)
  }

  var leaseMoment: LeaseMoment {
    LeaseMoment(wall: now, monotonic: worker.turnNanoseconds)
  }

  /// What the sender of `token` may ask; nil where that is no live operator key.
  func grant(_ token: UnsafeRawBufferPointer?) -> OperatorGrant? {
    if settings.isLocal { return .everything }
    return token.flatMap(verifier.operatorGrant)
  }

  /// The head of an answer that is not a problem.
  func writeJSONHead(_ requestID: RequestID, hasBody: Bool) {
    head.reset()
    if hasBody { head.append("Content-Type: application/json\r\n") }
    head.append("Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nX-Request-Id: ")
    head.append(requestID)
    head.append("\r\n")
  }
}
