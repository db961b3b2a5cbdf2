// From answers and problems to HTTP responses: the headers that every response has, and RFC 9457.
internal import HTTPServer
internal import KeyModel
internal import Management

enum Answering {
  static func response(_ answer: Answer, requestID: String) -> Response {
    var headers = common(requestID)
    if answer.replayed { headers.append(ResponseHeader("Idempotency-Replayed", "true")) }
    if let stream = answer.stream {
      headers.append(ResponseHeader("Content-Type", stream.contentType))
      // Some proxies gather what they pass on; nginx does not where it is told so.
      headers.append(ResponseHeader("X-Accel-Buffering", "no"))
      if let name = stream.fileName {
        headers.append(
          ResponseHeader("Content-Disposition", "attachment; filename=\"\(name)\""))
      }
      return Response(status: answer.status, headers: headers)
    }
    guard let body = answer.body else { return Response(status: answer.status, headers: headers) }
    headers.append(ResponseHeader("Content-Type", "application/json"))
    return Response(status: answer.status, headers: headers, body: JSONWriter.compact(body))
  }

  static func response(_ problem: Problem, path: String, requestID: String) -> Response {
    var headers = common(requestID)
    headers.append(ResponseHeader("Content-Type", "application/problem+json"))
    if !problem.allow.isEmpty {
      headers.append(ResponseHeader("Allow", problem.allow.joined(separator: ", ")))
    }
    if let seconds = problem.retryAfter {
      headers.append(ResponseHeader("Retry-After", String(seconds)))
    }
    if let challenge = challenge(problem) {
      headers.append(ResponseHeader("WWW-Authenticate", challenge))
    }
    return Response(
      status: problem.code.status, headers: headers,
      body: JSONWriter.compact(body(problem, path: path, requestID: requestID)))
  }

  static func text(_ type: String, _ body: [UInt8], requestID: String) -> Response {
    Response(
      status: 200, headers: common(requestID) + [ResponseHeader("Content-Type", type)],
      body: body)
  }

  static func common(_ requestID: String) -> [ResponseHeader] {
    [
      ResponseHeader("X-Request-Id", requestID), ResponseHeader("Cache-Control", "no-store"),
      ResponseHeader("X-Content-Type-Options", "nosniff"),
    ]
  }

  private static func body(_ problem: Problem, path: String, requestID: String) -> JSONValue {
    var body: JSONObject = [
      "type": .string("urn:latchkey:problem:" + problem.code.rawValue),
      "title": .string(problem.code.title),
      "status": .integer(Int64(problem.code.status)),
      "detail": .string(problem.detail),
      "instance": .string(path),
      "code": .string(problem.code.rawValue),
      "request_id": .string(requestID),
    ]
    if !problem.findings.isEmpty { body["errors"] = .array(problem.findings.map(finding)) }
    return .object(body.merging(problem.members))
  }

  private static func finding(_ finding: Problem.Finding) -> JSONValue {
    if let parameter = finding.parameter {
      return ["parameter": .string(parameter), "detail": .string(finding.detail)]
    }
    return ["pointer": .string(finding.pointer ?? ""), "detail": .string(finding.detail)]
  }

  /// RFC 6750: no error attribute where no credential was presented.
  private static func challenge(_ problem: Problem) -> String? {
    let realm = "Bearer realm=\"latchkey\""
    switch problem.code {
    case .unauthorized:
      return problem.invalidToken ? realm + ", error=\"invalid_token\"" : realm
    case .insufficientScope:
      return realm + ", error=\"insufficient_scope\""
        + (problem.scope.map { ", scope=\"\($0.rawValue)\"" } ?? "")
    default: return nil
    }
  }
}
