// Strict base64 (RFC 4648 §4) for Basic credentials: padding required, no spaces, no other
// alphabet.

enum Base64 {
  /// The number of bytes written; nil where the text is not base64 or does not fit.
  static func decode(
    _ text: UnsafeRawBufferPointer, into buffer: UnsafeMutableRawBufferPointer
  ) -> Int? {
    guard text.count % 4 == 0, !text.isEmpty, text.count / 4 * 3 <= buffer.count else { return nil }
    var written = 0
    for start in stride(from: 0, to: text.count, by: 4) {
      let padding = start + 4 == text.count ? paddingCount(text) : 0
      var group: UInt32 = 0
      for offset in 0..<4 {
        let digit: UInt32
        if offset >= 4 - padding {
          digit = 0
        } else {
          guard let value = value(of: text[start + offset]) else { return nil }
          digit = value
        }
        group = group << 6 | digit
      }
      if padding > 0, group & (padding == 1 ? 0xFF : 0xFFFF) != 0 { return nil }
      for offset in 0..<(3 - padding) {
        buffer[written] = UInt8(truncatingIfNeeded: group >> UInt32(16 - 8 * offset))
        written += 1
      }
    }
    return written
  }

  private static func paddingCount(_ text: UnsafeRawBufferPointer) -> Int {
    if text[text.count - 1] != UInt8(ascii: "=") { return 0 }
    return text[text.count - 2] == UInt8(ascii: "=") ? 2 : 1
  }

  private static func value(of byte: UInt8) -> UInt32? {
    switch byte {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(byte - UInt8(ascii: "A"))
    case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(byte - UInt8(ascii: "a") + 26)
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0") + 52)
    case UInt8(ascii: "+"): 62
    case UInt8(ascii: "/"): 63
    default: nil
    }
  }
}
