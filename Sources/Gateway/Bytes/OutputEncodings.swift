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
    while true {
      let at = ByteText.plainEnd(bytes, from: plain)
      append(UnsafeRawBufferPointer(rebasing: bytes[plain..<at]))
      guard at < bytes.count else { return }
      let byte = bytes[at]
      plain = at + 1
      append(UInt8(ascii: "\\"))
      if byte < 0x20 {
        append("u00")
        append(hexadecimal: byte)
      } else {
        append(byte)
      }
    }
  }

  func append(hexadecimal byte: UInt8) {
    withUnsafeBytes(of: byte) { append(hexadecimal: $0) }
  }

  func append(hexadecimal bytes: UnsafeRawBufferPointer) {
    let alphabet: StaticString = "0123456789abcdef"
    let digits = alphabet.utf8Start
    fill(atMost: bytes.count * 2) { out in
      for at in 0..<bytes.count {
        out[2 &* at] = digits[Int(bytes[at] >> 4)]
        out[2 &* at &+ 1] = digits[Int(bytes[at] & 15)]
      }
      return bytes.count * 2
    }
  }

  /// RFC 4648 §5 without padding.
  func append(base64url bytes: UnsafeRawBufferPointer) {
    let alphabet: StaticString =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    let digits = alphabet.utf8Start
    let rest = bytes.count % 3
    fill(atMost: bytes.count / 3 * 4 + 4) { out in
      var written = 0
      var at = 0
      while at &+ 3 <= bytes.count {
        let group = Int(bytes[at]) << 16 | Int(bytes[at &+ 1]) << 8 | Int(bytes[at &+ 2])
        out[written] = digits[group >> 18]
        out[written &+ 1] = digits[group >> 12 & 63]
        out[written &+ 2] = digits[group >> 6 & 63]
        out[written &+ 3] = digits[group & 63]
        at &+= 3
        written &+= 4
      }
      guard rest > 0 else { return written }
      let group = Int(bytes[at]) << 16 | (rest == 2 ? Int(bytes[at &+ 1]) << 8 : 0)
      out[written] = digits[group >> 18]
      out[written &+ 1] = digits[group >> 12 & 63]
      if rest == 2 { out[written &+ 2] = digits[group >> 6 & 63] }
      return written &+ rest &+ 1
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
