// Base 64 with the URL-safe alphabet and no padding (RFC 4648 §5).

package enum Base64URL {
  package static let digits: [UInt8] = Array(
    (ByteSet.upperCase + ByteSet.lowerCase + ByteSet.digits + "-_").utf8)

  package static func width(ofBytes bytes: Int) -> Int { (bytes * 4 + 2) / 3 }

  package static func encode(_ bytes: some Collection<UInt8>) -> [UInt8] {
    var text: [UInt8] = []
    text.reserveCapacity(width(ofBytes: bytes.count))
    var bits: UInt32 = 0
    var count: UInt32 = 0
    for byte in bytes {
      bits = bits << 8 | UInt32(byte)
      count += 8
      while count >= 6 {
        count -= 6
        text.append(digits[Int(bits >> count & 63)])
      }
    }
    if count > 0 { text.append(digits[Int(bits << (6 - count) & 63)]) }
    return text
  }
}
