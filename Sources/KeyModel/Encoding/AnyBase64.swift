// Base 64 as other systems write it: the standard or the URL-safe alphabet, with padding or
// without. Only for values that come from elsewhere; what we write ourselves is Base64URL.

package enum AnyBase64 {
  /// Nil where the text mixes the alphabets, is padded wrongly, or has bits left over.
  package static func decode(_ text: String) -> [UInt8]? {
    let digits = unpadded(Array(text.utf8))
    guard let digits, digits.count % 4 != 1 else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(digits.count * 3 / 4)
    var (bits, count): (UInt32, UInt32) = (0, 0)
    var (isStandard, isURLSafe) = (false, false)
    for digit in digits {
      guard let value = value(of: digit) else { return nil }
      if digit == UInt8(ascii: "+") || digit == UInt8(ascii: "/") { isStandard = true }
      if digit == UInt8(ascii: "-") || digit == UInt8(ascii: "_") { isURLSafe = true }
      bits = bits << 6 | value
      count += 6
      if count >= 8 {
        count -= 8
        bytes.append(UInt8(truncatingIfNeeded: bits >> count))
        bits &= (1 << count) - 1
      }
    }
    return bits == 0 && !(isStandard && isURLSafe) ? bytes : nil
  }

  private static func unpadded(_ text: [UInt8]) -> ArraySlice<UInt8>? {
    let padding = text.reversed().prefix { $0 == UInt8(ascii: "=") }.count
    if padding == 0 { return text[...] }
    return padding <= 2 && text.count % 4 == 0 ? text.dropLast(padding) : nil
  }

  private static func value(of digit: UInt8) -> UInt32? {
    switch digit {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(digit - UInt8(ascii: "A"))
    case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(digit - UInt8(ascii: "a") + 26)
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(digit - UInt8(ascii: "0") + 52)
    case UInt8(ascii: "+"), UInt8(ascii: "-"): 62
    case UInt8(ascii: "/"), UInt8(ascii: "_"): 63
    default: nil
    }
  }
}
