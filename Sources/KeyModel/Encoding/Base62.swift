// Base 62 with the digits 0-9A-Za-z: numbers of a fixed width, most significant digit first.

package enum Base62 {
  package static let digits: [UInt8] = Array(
    (ByteSet.digits + ByteSet.upperCase + ByteSet.lowerCase).utf8)

  /// The fewest digits that hold every number of `bytes` bytes.
  package static func width(ofBytes bytes: Int) -> Int {
    // log2(62) = 5.954196…; the fraction is exact enough for the 64 bytes a policy may ask for.
    (bytes * 8 * 1_000_000 + 5_954_195) / 5_954_196
  }

  /// The bytes as one big-endian number, left-padded with `0` to `width(ofBytes:)` digits. Equally
  /// likely bytes give equally likely texts: no two numbers share one.
  package static func encode(_ bytes: some Collection<UInt8>) -> [UInt8] {
    // Eight bytes to a word, the first of which may be short: fewer divisions.
    var number: [UInt64] = []
    for (index, byte) in bytes.enumerated() {
      if (bytes.count - index) % 8 == 0 || index == 0 { number.append(0) }
      number[number.count - 1] = number[number.count - 1] << 8 | UInt64(byte)
    }
    var text = [UInt8](repeating: 0, count: width(ofBytes: bytes.count))
    var end = text.count
    while end > 0 {
      var rest = divide(&number)
      let start = max(0, end - digitsAtOnce)
      for index in (start..<end).reversed() {
        text[index] = digits[Int(rest % 62)]
        rest /= 62
      }
      end = start
    }
    return text
  }

  /// Digits that one division gives: as many as fit 64 bits.
  private static let digitsAtOnce = 10

  /// Divides by 62 to the power of `digitsAtOnce` in place and gives the remainder.
  private static func divide(_ number: inout [UInt64]) -> UInt64 {
    let divisor: UInt64 = 839_299_365_868_340_224
    var remainder: UInt64 = 0
    for index in number.indices {
      (number[index], remainder) = divisor.dividingFullWidth((remainder, number[index]))
    }
    return remainder
  }

  /// Six digits, enough for every UInt32.
  package static func encode(_ value: UInt32) -> [UInt8] {
    var text = [UInt8](repeating: 0, count: 6)
    var rest = Int(value)
    for index in text.indices.reversed() {
      text[index] = digits[rest % 62]
      rest /= 62
    }
    return text
  }

  /// What the digit stands for, or 62 and more where the byte is no digit. No memory is read.
  @inline(__always)
  static func value(of digit: UInt8) -> UInt32 {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(digit &- UInt8(ascii: "0"))
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(digit &- UInt8(ascii: "A")) &+ 10
    case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(digit &- UInt8(ascii: "a")) &+ 36
    default: 62
    }
  }
}
