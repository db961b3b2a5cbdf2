// The value of an Idempotency-Key field: quoted as RFC 9651 has it, or bare.

package enum IdempotencyText {
  package static let rule = "must be 1 to 255 visible ASCII characters"

  /// 1 to 255 visible ASCII characters without their quotes; nil where it is anything else.
  package static func parse(_ value: String) -> String? {
    guard let key = unquoted(value), (1...255).contains(key.utf8.count),
      key.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
    else { return nil }
    return key
  }

  private static func unquoted(_ value: String) -> String? {
    guard value.hasPrefix("\"") else { return value.contains("\"") ? nil : value }
    guard value.count >= 2, value.hasSuffix("\"") else { return nil }
    let inside = value.dropFirst().dropLast()
    return inside.contains("\"") || inside.contains("\\") ? nil : String(inside)
  }
}
