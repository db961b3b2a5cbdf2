// A set of ASCII bytes that is asked without memory accesses.

package struct ByteSet: Sendable, Hashable {
  private var low: UInt64 = 0
  private var high: UInt64 = 0

  /// Bytes beyond ASCII cannot be members.
  package init(_ text: String) {
    for byte in text.utf8 {
      if byte < 64 { low |= 1 << UInt64(byte) } else { high |= 1 << UInt64(byte & 63) }
    }
  }

  @inline(__always)
  package func contains(_ byte: UInt8) -> Bool {
    guard byte < 128 else { return false }
    return (byte < 64 ? low : high) >> UInt64(byte & 63) & 1 == 1
  }

  package func holds(_ text: String) -> Bool { text.utf8.allSatisfy(contains) }

  package static let digits = "0123456789"
  package static let lowerCase = "abcdefghijklmnopqrstuvwxyz"
  package static let upperCase = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
  package static let base62 = ByteSet(digits + upperCase + lowerCase)
  package static let base64url = ByteSet(digits + upperCase + lowerCase + "-_")
  package static let lowerHex = ByteSet("0123456789abcdef")
  /// RFC 9110 `tchar`: header names and authentication schemes.
  package static let headerName = ByteSet(digits + upperCase + lowerCase + "!#$%&'*+-.^_`|~")
  /// RFC 3986 `unreserved`.
  package static let unreserved = ByteSet(digits + upperCase + lowerCase + "-._~")
}
