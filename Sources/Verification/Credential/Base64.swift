// Strict base64 (RFC 4648 §4) for Basic credentials: padding required, no spaces, no other
// alphabet. Each such call pays for it, so a group of four is looked up in a table and judged once.

enum Base64 {
  /// Not a digit; set in no digit's value.
  private static let invalid: UInt32 = 1 << 31

  private static let values: [UInt32] = {
    var values = [UInt32](repeating: invalid, count: 256)
    let digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    for (value, digit) in digits.utf8.enumerated() { values[Int(digit)] = UInt32(value) }
    return values
  }()

  /// The number of bytes written; nil where the text is not base64 or does not fit.
  static func decode(
    _ text: UnsafeRawBufferPointer, into buffer: UnsafeMutableRawBufferPointer
  ) -> Int? {
    guard text.count % 4 == 0, !text.isEmpty, text.count / 4 * 3 <= buffer.count else { return nil }
    return values.withUnsafeBufferPointer { values in
      let last = text.count - 4
      var written = 0
      for start in stride(from: 0, to: last, by: 4) {
        let group = group(text, start, values)
        if group & invalid != 0 { return nil }
        buffer[written] = UInt8(truncatingIfNeeded: group >> 16)
        buffer[written + 1] = UInt8(truncatingIfNeeded: group >> 8)
        buffer[written + 2] = UInt8(truncatingIfNeeded: group)
        written += 3
      }
      return end(text, last, values).map { group, count in
        for offset in 0..<count {
          buffer[written + offset] = UInt8(truncatingIfNeeded: group >> UInt32(16 - 8 * offset))
        }
        return written + count
      }
    }
  }

  @inline(__always)
  private static func group(
    _ text: UnsafeRawBufferPointer, _ at: Int, _ values: UnsafeBufferPointer<UInt32>
  ) -> UInt32 {
    let (first, second) = (values[Int(text[at])], values[Int(text[at + 1])])
    let (third, fourth) = (values[Int(text[at + 2])], values[Int(text[at + 3])])
    return first << 18 | second << 12 | third << 6 | fourth
      | (first | second | third | fourth) & invalid
  }

  /// The last group, which may be padded, and how many bytes it holds; nil where it is none, or
  /// where bits are set that belong to no byte.
  private static func end(
    _ text: UnsafeRawBufferPointer, _ at: Int, _ values: UnsafeBufferPointer<UInt32>
  ) -> (group: UInt32, count: Int)? {
    let padding = text[at + 3] != UInt8(ascii: "=") ? 0 : text[at + 2] != UInt8(ascii: "=") ? 1 : 2
    var bits: UInt32 = 0
    for offset in 0..<(4 - padding) {
      let value = values[Int(text[at + offset])]
      if value == invalid { return nil }
      bits = bits << 6 | value
    }
    bits <<= UInt32(6 * padding)
    if padding > 0, bits & (padding == 1 ? 0xFF : 0xFFFF) != 0 { return nil }
    return (bits, 3 - padding)
  }
}
