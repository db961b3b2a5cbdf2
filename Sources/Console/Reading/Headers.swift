// What the management API reads from request headers: the operator key and the idempotency key.
internal import KeyModel
internal import Management

enum Headers {
  /// The bearer token; nil where no bearer credential was presented.
  static func token(_ request: ConsoleRequest) throws(Problem) -> String? {
    let values = request.values("authorization")
    guard values.count <= 1 else {
      throw Problem(.malformedRequest, "There must be one Authorization header.")
    }
    guard let value = values.first?.trimmingBlanks else { return nil }
    let end = value.utf8.firstIndex(of: 0x20) ?? value.endIndex
    guard value[..<end].lowercased() == "bearer" else { return nil }
    guard end < value.endIndex else { throw .unauthorized(invalidToken: true) }
    return value[end...].trimmingBlanks
  }

  /// Of a scanner's report; nil where it is not signed, or in two ways.
  static func leakSignature(_ request: ConsoleRequest) -> LeakSignature? {
    let keys = request.values("github-public-key-identifier")
    let signatures = request.values("github-public-key-signature")
    guard keys.count == 1, signatures.count == 1 else { return nil }
    return LeakSignature(keyID: keys[0].trimmingBlanks, text: signatures[0].trimmingBlanks)
  }

  /// Quoted as RFC 9651 has it, or bare; 1 to 255 characters. Only POST has one.
  static func idempotency(
    _ request: ConsoleRequest, _ route: Route, _ body: JSONObject
  ) throws(Problem) -> IdempotencyKey? {
    let values = request.values("idempotency-key")
    guard route.method == .post, let value = values.first else { return nil }
    guard values.count == 1, let key = IdempotencyText.parse(value.trimmingBlanks) else {
      throw .invalid(parameter: "Idempotency-Key", IdempotencyText.rule)
    }
    return IdempotencyKey(
      key: key, route: "\(request.method) \(request.path)",
      body: JSONWriter.compact(.object(body)))
  }
}
