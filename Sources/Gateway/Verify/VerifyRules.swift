// The parts of the verify call that need no connection: what is refused before the body is read,
// and what the body's fields mean as a call.
import HTTPServer
import KeyModel
import Verification

enum OperatorToken {
  static let header = Array("authorization".utf8)

  /// The `lk_op_…` of the only Authorization field; nil where there is none such.
  static func read(_ fields: some HeadFields) -> UnsafeRawBufferPointer? {
    guard let value = fields.only("authorization"), value.count > 7,
      ByteText.equal(UnsafeRawBufferPointer(rebasing: value[..<7]), ignoringCase: "bearer ")
    else { return nil }
    let token = ByteText.trimmed(UnsafeRawBufferPointer(rebasing: value[7...]))
    let prefix: StaticString = "lk_op_"
    guard token.count > prefix.utf8CodeUnitCount,
      ByteText.equal(
        UnsafeRawBufferPointer(rebasing: token[..<prefix.utf8CodeUnitCount]), prefix)
    else { return nil }
    return token
  }
}

enum VerifyRules {
  static let tooLarge = GatewayProblem(
    .payloadTooLarge, "The body is larger than \(VerifyHandler.maximumBody) bytes.")

  static let forbidden = GatewayProblem(
    .insufficientScope, "The operator key lacks the scope verify.",
    lines: """
      WWW-Authenticate: Bearer realm="latchkey", error="insufficient_scope", scope="verify"\r\n
      """)

  static func unauthorized(sent: Bool) -> GatewayProblem {
    sent
      ? GatewayProblem(
        .unauthorized, "The operator key is malformed, unknown or revoked.",
        lines: "WWW-Authenticate: Bearer realm=\"latchkey\", error=\"invalid_token\"\r\n")
      : GatewayProblem(
        .unauthorized, "Send an operator key as Authorization: Bearer lk_op_….",
        lines: "WWW-Authenticate: Bearer realm=\"latchkey\"\r\n")
  }

  /// - Parameter length: nil where the body is chunked.
  static func refusal(_ fields: some HeadFields, length: Int?) -> GatewayProblem? {
    guard let type = fields.only("content-type"), isJSON(type) else {
      return GatewayProblem(.unsupportedMediaType, "Send the body as application/json.")
    }
    if let coding = fields.only("content-encoding"),
      !ByteText.equal(coding, ignoringCase: "identity")
    {
      return GatewayProblem(.unsupportedMediaType, "Send the body without a content coding.")
    }
    return length.map { $0 > VerifyHandler.maximumBody } == true ? tooLarge : nil
  }

  /// `application/json`, parameters aside.
  static func isJSON(_ type: UnsafeRawBufferPointer) -> Bool {
    if ByteText.equal(type, ignoringCase: "application/json") { return true }
    let end = type.firstIndex(of: UInt8(ascii: ";")) ?? type.count
    let essence = ByteText.trimmed(UnsafeRawBufferPointer(rebasing: type[..<end]))
    return ByteText.equal(essence, ignoringCase: "application/json")
  }

  static func call(_ request: VerifyRequest, _ fields: FieldList, now: Timestamp) -> Call {
    let nothing = UnsafeRawBufferPointer(start: nil, count: 0)
    let (path, query) = request.path.map { ByteText.split(target: $0) } ?? (nothing, nil)
    let host = request.host ?? fields.only("host") ?? nothing
    return Call(
      method: request.method ?? nothing, path: path, query: query,
      host: ByteText.hostName(host), now: now)
  }
}
