// Refusals that no policy speaks about (bad requests, unknown projects, a silent upstream), as
// RFC 9457 has them. Codes are stable; those shared with the management API are spelled as there.
import HTTPServer
import KeyModel

struct GatewayProblem: Error {
  enum Code: String, CaseIterable {
    case malformedRequest = "malformed_request"
    case malformedJSON = "malformed_json"
    case validationFailed = "validation_failed"
    case unauthorized
    case insufficientScope = "insufficient_scope"
    case notFound = "not_found"
    case methodNotAllowed = "method_not_allowed"
    case requestTimeout = "request_timeout"
    case payloadTooLarge = "payload_too_large"
    case unsupportedMediaType = "unsupported_media_type"
    case quotaUnavailable = "quota_unavailable"
    case upstreamMissing = "upstream_missing"
    case upstreamUnreachable = "upstream_unreachable"
    case upstreamBroken = "upstream_broken"
    case upstreamTimeout = "upstream_timeout"

    /// Among all of them.
    var place: Int { Self.allCases.firstIndex(of: self) ?? 0 }

    var status: Int {
      switch self {
      case .malformedRequest, .malformedJSON, .validationFailed: 400
      case .unauthorized: 401
      case .insufficientScope: 403
      case .notFound: 404
      case .methodNotAllowed: 405
      case .requestTimeout: 408
      case .payloadTooLarge: 413
      case .unsupportedMediaType: 415
      case .upstreamMissing, .upstreamUnreachable, .upstreamBroken: 502
      case .quotaUnavailable: 503
      case .upstreamTimeout: 504
      }
    }

    var title: String {
      switch self {
      case .malformedRequest: "The request is malformed"
      case .malformedJSON: "The body is not valid JSON"
      case .validationFailed: "Some fields are not valid"
      case .unauthorized: "A valid operator key is needed"
      case .insufficientScope: "The operator key lacks a scope"
      case .notFound: "There is no such thing here"
      case .methodNotAllowed: "The method is not allowed here"
      case .requestTimeout: "The body came too slowly"
      case .payloadTooLarge: "The body is too large"
      case .unsupportedMediaType: "The body must be JSON"
      case .quotaUnavailable: "The quota cannot be asked"
      case .upstreamMissing: "The project has no upstream"
      case .upstreamUnreachable: "The upstream cannot be reached"
      case .upstreamBroken: "The upstream's answer cannot be used"
      case .upstreamTimeout: "The upstream did not answer in time"
      }
    }
  }

  var code: Code
  /// A sentence.
  var detail: String
  /// What of the request is wrong, where that is one thing.
  var finding: JSONValue?
  /// Further complete lines of the head.
  var lines = ""

  init(_ code: Code, _ detail: String, lines: String = "") {
    self.code = code
    self.detail = detail
    self.lines = lines
  }

  /// - Parameter fault: completes "this member …".
  init(_ code: Code, pointer: String, _ fault: String) {
    self.init(code, FaultSentence.make(pointer: pointer, fault))
    finding = ["pointer": .string(pointer), "detail": .string(fault)]
  }

  /// - Parameter fault: completes "this parameter …".
  init(_ code: Code, parameter name: String, _ fault: String) {
    self.init(code, FaultSentence.make(parameter: name, fault))
    finding = ["parameter": .string(name), "detail": .string(fault)]
  }

  /// Gives the status; both buffers are emptied before.
  func write(requestID: RequestID, mode: DenialMode, head: OutputBuffer, body: OutputBuffer) -> Int
  {
    head.reset()
    head.append(text: lines)
    head.append("Content-Type: application/problem+json\r\nCache-Control: no-store\r\n")
    head.append("X-Content-Type-Options: nosniff\r\nX-Request-Id: ")
    head.append(requestID)
    head.append("\r\n")
    body.reset()
    body.append(JSONWriter.compact(json(requestID)))
    return mode == .nginx ? NginxStatus.map(code.status, head: head) : code.status
  }

  private func json(_ requestID: RequestID) -> JSONValue {
    var object = ProblemDocument.make(
      code: code.rawValue, title: code.title, status: code.status, detail: detail,
      requestID: requestID.description)
    if let finding { object["errors"] = [finding] }
    return .object(object)
  }
}

extension GatewayWorker {
  /// - Parameter plan: of the project, where one is known.
  func refuse(
    _ exchange: Exchange, _ problem: GatewayProblem, requestID: RequestID,
    mode: DenialMode = .plain, plan: ProjectPlan? = nil
  ) {
    tally.refused(problem.code)
    let status = problem.write(requestID: requestID, mode: mode, head: head, body: body)
    plan?.answerHeaders?.append(requestID, to: head)
    exchange.respond(status: status, headerBlock: head.bytes, body: body.bytes)
  }

  /// The same for a call of a project, which is put on record.
  /// - Parameter lines: further lines of the head.
  func refuse(
    _ exchange: Exchange, _ problem: GatewayProblem, _ record: borrowing CallRecord,
    _ plan: ProjectPlan, lines: UnsafeRawBufferPointer? = nil
  ) {
    tally.refused(problem.code)
    let status = problem.write(
      requestID: record.requestID, mode: .plain, head: head, body: body)
    plan.answerHeaders?.append(record.requestID, to: head)
    if let lines { head.append(lines) }
    respond(exchange, status: status, record, plan)
  }

  /// Sends what was written to `head` and `body`. On record before it leaves, so that whoever has
  /// the answer finds the record.
  func respond(
    _ exchange: Exchange, status: Int, _ record: borrowing CallRecord, _ plan: ProjectPlan
  ) {
    let engineHead = exchange.head
    finish(
      record, plan, status: status, bytesIn: exchange.bytesIn,
      bytesOut: engineHead.isHEAD ? 0 : body.count, head: EngineFields(list: engineHead.headers))
    exchange.respond(status: status, headerBlock: head.bytes, body: body.bytes)
  }
}
