// What an endpoint's answer means. An acknowledgement is exact: whoever only echoes what it gets,
// or answers anything else, has not said that it holds the key.

package enum CycleAnswer: Hashable, Sendable {
  case acknowledged
  /// A complete answer that is no acknowledgement.
  case refused(CycleReason)
  /// 410: the endpoint is gone, and says so.
  case gone
  /// The request may have arrived, and what came back is no complete answer.
  case uncertain(CycleReason)
  /// Not a byte of the request left.
  case unreached(CycleReason)

  package var reason: CycleReason? {
    switch self {
    case .acknowledged: nil
    case .gone: .status(410)
    case .refused(let reason), .uncertain(let reason), .unreached(let reason): reason
    }
  }
}

/// What was sent and is wanted back.
package struct CycleQuestion: Sendable {
  package static let maximumBody = 4096

  private let requestID: String
  private let key: [UInt8]
  /// 32 bytes, HMAC-SHA256 of the requestId under the key; nil where the policy wants none.
  private let proof: [UInt8]?

  package init(requestID: String, key: [UInt8], proof: [UInt8]?) {
    self.requestID = requestID
    self.key = key
    self.proof = proof
  }

  /// Of a complete HTTP answer.
  /// - Parameter fields: its header.
  package func judge(
    status: Int, fields: [(name: String, value: String)] = [], body: [UInt8]
  ) -> CycleAnswer {
    // Whatever the status: an endpoint that hands the key on to its own callers is found out here.
    if reflects(body) || fields.contains(where: { reflects($0.name) || reflects($0.value) }) {
      return .refused(.keyReflected)
    }
    if status == 410 { return .gone }
    if (300..<400).contains(status) { return .refused(.redirected) }
    guard (200..<300).contains(status) else { return .refused(.status(status)) }
    if body.isEmpty { return .refused(.emptyBody) }
    if body.count > Self.maximumBody { return .refused(.bodyTooLarge) }
    if body.elementsEqual(requestID.utf8) {
      return proof == nil ? .acknowledged : .refused(.proofMissing)
    }
    guard let value = try? JSONReader.read(body) else { return .refused(.notAnEcho) }
    return judge(value)
  }

  private func judge(_ value: JSONValue) -> CycleAnswer {
    let object: JSONObject? = if case .object(let members) = value { members } else { nil }
    guard let echo = (object?["requestId"] ?? value).string else { return .refused(.notAnEcho) }
    guard echo.utf8.elementsEqual(requestID.utf8) else { return .refused(.wrongRequestID) }
    guard let proof else { return .acknowledged }
    guard let text = object?["proof"]?.string else { return .refused(.proofMissing) }
    let given = text.utf8.count == 64 ? Hex.decode(text) : AnyBase64.decode(text)
    return given == proof ? .acknowledged : .refused(.proofWrong)
  }

  // MARK: The key in the answer

  private func reflects(_ field: String) -> Bool { reflects(Array(field.utf8)) }

  /// The key as it is, percent-encoded, escaped in JSON, in base 64 or in hexadecimal digits.
  private func reflects(_ body: [UInt8]) -> Bool {
    guard !key.isEmpty else { return false }
    if holds(body, key) || holds(Self.unescaped(body), key) { return true }
    let encoded = Base64URL.encode(key)
    let standard = encoded.map { Self.standardDigit($0) }
    if holds(body, encoded) || holds(body, standard) { return true }
    return holds(body.map(Self.lowerCase), Array(Hex.encode(key).utf8))
  }

  private func holds(_ text: [UInt8], _ part: [UInt8]) -> Bool {
    guard let first = part.first, text.count >= part.count else { return false }
    for at in 0...(text.count - part.count)
    where text[at] == first && text[at..<(at + part.count)].elementsEqual(part) { return true }
    return false
  }

  /// `%2D`, `\u002d` and `\/` as the characters they stand for.
  private static func unescaped(_ text: [UInt8]) -> [UInt8] {
    var plain: [UInt8] = []
    plain.reserveCapacity(text.count)
    var at = 0
    while at < text.count {
      if text[at] == UInt8(ascii: "%"), let byte = number(text, at + 1, 2) {
        plain.append(byte)
        at += 3
      } else if text[at] == UInt8(ascii: "\\"), at + 1 < text.count {
        if text[at + 1] == UInt8(ascii: "u"), let byte = number(text, at + 4, 2) {
          plain.append(byte)
          at += 6
        } else {
          plain.append(text[at + 1])
          at += 2
        }
      } else {
        plain.append(text[at])
        at += 1
      }
    }
    return plain
  }

  private static func number(_ text: [UInt8], _ at: Int, _ digits: Int) -> UInt8? {
    guard at + digits <= text.count else { return nil }
    return UInt8(String(decoding: text[at..<(at + digits)], as: UTF8.self), radix: 16)
  }

  private static func standardDigit(_ byte: UInt8) -> UInt8 {
    switch byte {
    case UInt8(ascii: "-"): UInt8(ascii: "+")
    case UInt8(ascii: "_"): UInt8(ascii: "/")
    default: byte
    }
  }

  private static func lowerCase(_ byte: UInt8) -> UInt8 {
    (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
  }
}
