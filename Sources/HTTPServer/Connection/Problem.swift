// The engine's own error answers, after RFC 9457. Must not repeat anything a client sent.

enum Problem {
  /// `detail` is one of our own texts and needs no escaping; `request` names the call, or is empty.
  static func response(
    _ status: Int, _ detail: StaticString, request: String, _ more: [ResponseHeader] = []
  ) -> Response {
    Response(
      status: status, headers: fields(request: request) + more,
      body: document(status, detail, request: request))
  }

  static func fields(request: String) -> [ResponseHeader] {
    let fields = [
      ResponseHeader("Content-Type", "application/problem+json"),
      ResponseHeader("Cache-Control", "no-store"),
      ResponseHeader("X-Content-Type-Options", "nosniff"),
    ]
    return request.isEmpty ? fields : fields + [ResponseHeader("X-Request-Id", request)]
  }

  static func document(_ status: Int, _ detail: StaticString, request: String) -> [UInt8] {
    let head = #"{"type":"about:blank","title":"\#(StatusLine.reason(status))","status":\#(status)"#
    let instance = request.isEmpty ? "" : "urn:latchkey:request:\(request)"
    let rest =
      #","detail":"\#(detail)","instance":"\#(instance)","code":"\#(code(status))""#
      + (request.isEmpty ? "" : #","request_id":"\#(request)""#)
    return Array((head + rest + "}\n").utf8)
  }

  /// Stable, as in the management API where that has one.
  private static func code(_ status: Int) -> StaticString {
    switch status {
    case 404: "not_found"
    case 405: "method_not_allowed"
    case 408: "request_timeout"
    case 413: "payload_too_large"
    case 414: "uri_too_long"
    case 417: "expectation_failed"
    case 431: "header_too_large"
    case 500: "internal_error"
    case 501: "not_implemented"
    case 503: "unavailable"
    case 505: "version_not_supported"
    default: "malformed_request"
    }
  }
}

extension Exchange {
  /// Answers with a problem document of the engine's; `detail` must need no escaping in JSON.
  package func respondProblem(
    _ status: Int, _ detail: StaticString, _ more: [ResponseHeader] = []
  ) {
    respond(Problem.response(status, detail, request: worker.nameRequest(), more))
  }
}
