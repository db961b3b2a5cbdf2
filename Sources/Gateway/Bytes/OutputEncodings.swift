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
    fill(atMost: bytes.count / 3 * 4 + 12) { out in
      var (at, written) = (0, 0)
      while at &+ 8 <= bytes.count {
        let eight = bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self)
        Self.put(UInt64(bigEndian: eight) >> 16, out + written)
        at &+= 6
        written &+= 8
      }
      while at < bytes.count {
        let rest = UnsafeRawBufferPointer(rebasing: bytes[at..<min(at + 6, bytes.count)])
        let bits = rest.reduce(0) { $0 << 8 | UInt64($1) }
        Self.put(bits << UInt64(48 - 8 * rest.count), out + written)
        at += 6
        written += (4 * rest.count + 2) / 3
      }
      return written
    }
  }

  /// The eight digits of 48 bits, all at once.
  @inline(__always)
  private static func put(_ bits: UInt64, _ out: UnsafeMutablePointer<UInt8>) {
    var six = (bits & 0xFFFF_FF00_0000) << 8 | bits & 0xFF_FFFF
    six = (six & 0x00FF_F000_00FF_F000) << 4 | six & 0x0000_0FFF_0000_0FFF
    six = (six & 0x0FC0_0FC0_0FC0_0FC0) << 2 | six & 0x003F_003F_003F_003F
    // Now each byte is a number below 64. A to Z, a to z, 0 to 9, - and _ are five pieces of ASCII.
    let each: UInt64 = 0x0101_0101_0101_0101
    let small = six &+ each &* 65 &+ above(25) &* 6 &+ above(62) &* 49
    let digits = small &- (above(51) &* 75 &+ above(61) &* 13)
    UnsafeMutableRawPointer(out).storeBytes(of: digits.bigEndian, as: UInt64.self)

    /// 1 in each byte whose number is above `last`.
    func above(_ last: UInt64) -> UInt64 { (six &+ each &* (127 &- last)) >> 7 & each }
  }

  func append(_ address: IPAddress) {
    guard address.high == 0, address.low >> 32 == 0xFFFF else { return append(text: address.text) }
    for shift in stride(from: 24, through: 0, by: -8) {
      append(decimal: Int64(address.low >> UInt64(shift) & 255))
      if shift > 0 { append(UInt8(ascii: ".")) }
    }
  }
}
