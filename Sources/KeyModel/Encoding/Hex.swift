// Hexadecimal digits, lower case on output, either case on input.

package enum Hex {
  package static let digits: [UInt8] = Array("0123456789abcdef".utf8)

  /// Nil where the byte is no hexadecimal digit.
  @inline(__always)
  package static func value(of digit: UInt8) -> UInt8? {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
    default: nil
    }
  }

  package static func encode(_ bytes: UnsafeRawBufferPointer) -> String {
    String(unsafeUninitializedCapacity: bytes.count * 2) { text in
      for at in 0..<bytes.count {
        text[at * 2] = digit(bytes[at] >> 4)
        text[at * 2 + 1] = digit(bytes[at] & 15)
      }
      return bytes.count * 2
    }
  }

  package static func encode(_ bytes: some Collection<UInt8>) -> String {
    Array(bytes).withUnsafeBytes { encode($0) }
  }

  private static func digit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
  }

  /// Nil where the text has an odd length or holds anything but hexadecimal digits.
  package static func decode(_ text: String) -> [UInt8]? {
    var text = text
    return text.withUTF8 { text in
      guard text.count.isMultiple(of: 2) else { return nil }
      var bytes: [UInt8] = []
      bytes.reserveCapacity(text.count / 2)
      for at in stride(from: 0, to: text.count, by: 2) {
        guard let high = value(of: text[at]), let low = value(of: text[at + 1]) else {
          return nil
        }
        bytes.append(high << 4 | low)
      }
      return bytes
    }
  }
}
