// How bytes of others are put into JSON, base64 and addresses into heads.
import HTTPServer

extension OutputBuffer {
  /// A JSON string with its quotes. Bytes that are not UTF-8 are the caller's to keep out.
  func append(json bytes: UnsafeRawBufferPointer) {
    append(UInt8(ascii: "\""))
    appendEscaped(bytes)
    append(UInt8(ascii: "\""))
  }

  func append(json text: String) {
    var text = text
    text.withUTF8 { append(json: UnsafeRawBufferPointer($0)) }
  }

  /// The inside of a JSON string.
  func appendEscaped(_ bytes: UnsafeRawBufferPointer) {
    var plain = 0
    for at in bytes.indices {
      let byte = bytes[at]
      guard byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") else {
        continue
      }
      append(UnsafeRawBufferPointer(rebasing: bytes[plain..<at]))
      plain = at + 1
      append(UInt8(ascii: "\\"))
      if byte < 0x20 {
        append("u00")
        append(hexadecimal: byte)
      } else {
        append(byte)
      }
    }
    append(UnsafeRawBufferPointer(rebasing: bytes[plain...]))
  }

  func append(hexadecimal byte: UInt8) {
    let digits: StaticString = "0123456789abcdef"
    append(digits.utf8Start[Int(byte >> 4)])
    append(digits.utf8Start[Int(byte & 15)])
  }

  /// RFC 4648 §5 without padding.
  func append(base64url bytes: UnsafeRawBufferPointer) {
    let alphabet: StaticString =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    var at = 0
    while at < bytes.count {
      let left = bytes.count - at
      let second = left > 1 ? bytes[at + 1] : 0
      let third = left > 2 ? bytes[at + 2] : 0
      let group = UInt32(bytes[at]) << 16 | UInt32(second) << 8 | UInt32(third)
      for digit in 0..<min(4, left + 1) {
        append(alphabet.utf8Start[Int(group >> (18 - 6 * UInt32(digit))) & 63])
      }
      at += 3
    }
  }

  func append(_ address: IPAddress) {
    guard address.high == 0, address.low >> 32 == 0xFFFF else { return append(text: address.text) }
    for shift in stride(from: 24, through: 0, by: -8) {
      append(decimal: Int64(address.low >> UInt64(shift) & 255))
      if shift > 0 { append(UInt8(ascii: ".")) }
    }
  }
}
