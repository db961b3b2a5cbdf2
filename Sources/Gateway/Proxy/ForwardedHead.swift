// Writes the head that goes to the upstream: the client's call without its credential, its
// connection's own fields and everything it says about who it is, and with what we know instead.
import HTTPServer
import KeyModel
import Verification

/// The call as it came in; all bytes are the client's.
struct InboundCall {
  var method: UnsafeRawBufferPointer
  var target: UnsafeRawBufferPointer
  /// Nil where the body is chunked.
  var contentLength: Int?
  var isTLS: Bool
  /// The peer's own address and, where it is a trusted proxy that told one, the client's.
  var peer: IPAddress
  var client: IPAddress
  var requestID: RequestID

  /// The engine believes X-Forwarded-For of configured proxies only; it then names another client.
  var isForwarded: Bool { client != peer }
}

enum ForwardedHead {
  static func write(
    _ call: InboundCall, fields: some HeadFields, plan: ProjectPlan, upstream: UpstreamPlan,
    identity: Identity, to out: OutputBuffer
  ) {
    out.reset()
    out.append(call.method)
    out.append(UInt8(ascii: " "))
    out.append(upstream.prefix)
    out.append(call.target)
    out.append(" HTTP/1.1\r\nHost: ")
    out.append(upstream.authority)
    out.append("\r\n")
    appendFields(fields, without: plan.credentialHeaders, to: out)
    TraceContext.append(fields, requestID: call.requestID, to: out)
    appendFraming(call, fields, to: out)
    appendForwarded(call, fields, to: out)
    IdentityHeaders.append(identity, environment: plan.environment(of: identity), to: out)
    out.append("X-Request-Id: ")
    out.append(call.requestID)
    out.append("\r\n\r\n")
  }

  static func appendFields(
    _ fields: some HeadFields, without credentialHeaders: FixedTexts, to out: OutputBuffer
  ) {
    let connection = ConnectionOptions(fields)
    for index in 0..<fields.count {
      let name = fields.name(index)
      if FieldFate.isDropped(name) || connection.name(name, in: fields) { continue }
      if isOne(of: credentialHeaders, name) { continue }
      append(name, fields.value(index), to: out)
    }
  }

  private static func isOne(of names: FixedTexts, _ name: UnsafeRawBufferPointer) -> Bool {
    for index in 0..<names.count where ByteText.equal(name, ignoringCase: names[index]) {
      return true
    }
    return false
  }

  private static func append(
    _ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer, to out: OutputBuffer
  ) {
    out.append(name)
    out.append(": ")
    out.append(value)
    out.append("\r\n")
  }

  private static func appendFraming(
    _ call: InboundCall, _ fields: some HeadFields, to out: OutputBuffer
  ) {
    guard let length = call.contentLength else {
      return out.append("Transfer-Encoding: chunked\r\n")
    }
    // A POST without a body says so; a GET without one says nothing.
    guard length > 0 || fields.only("content-length") != nil else { return }
    out.append("Content-Length: ")
    out.append(decimal: Int64(length))
    out.append("\r\n")
  }

  static func appendForwarded(
    _ call: InboundCall, _ fields: some HeadFields, to out: OutputBuffer
  ) {
    out.append("X-Forwarded-For: ")
    if call.isForwarded {
      for index in 0..<fields.count
      where ByteText.equal(fields.name(index), ignoringCase: "x-forwarded-for") {
        out.append(fields.value(index))
        out.append(", ")
      }
    }
    out.append(call.peer)
    out.append("\r\nX-Forwarded-Proto: ")
    out.append(protocolName(call, fields))
    let told = call.isForwarded ? fields.only("x-forwarded-host") : nil
    if let host = told ?? fields.only("host") {
      out.append("\r\nX-Forwarded-Host: ")
      out.append(host)
    }
    out.append("\r\n")
  }

  private static func protocolName(_ call: InboundCall, _ fields: some HeadFields) -> StaticString {
    if call.isForwarded, let told = fields.only("x-forwarded-proto") {
      if ByteText.equal(told, ignoringCase: "https") { return "https" }
      if ByteText.equal(told, ignoringCase: "http") { return "http" }
    }
    return call.isTLS ? "https" : "http"
  }

  /// The head of the upstream's answer as it goes to the client: complete lines.
  /// - Parameter limitLines: our own; where there are some, the upstream's of the same names do not
  ///   go on.
  static func writeAnswer(
    _ fields: some HeadFields, keepsLength: Bool, requestID: RequestID, _ ours: AnswerHeaders?,
    limitLines: UnsafeRawBufferPointer, to out: OutputBuffer
  ) {
    out.reset()
    let connection = ConnectionOptions(fields)
    for index in 0..<fields.count {
      let name = fields.name(index)
      if FieldFate.isDroppedFromAnswer(name) {
        guard keepsLength, ByteText.equal(name, ignoringCase: "content-length") else { continue }
      } else if connection.name(name, in: fields) || ours?.replaces(name) == true {
        continue
      } else if !limitLines.isEmpty, FieldFate.isLimit(name) {
        continue
      }
      append(name, fields.value(index), to: out)
    }
    out.append(limitLines)
    out.append("X-Request-Id: ")
    out.append(requestID)
    out.append("\r\n")
    ours?.append(requestID, to: out)
  }
}
