// Comparing names in borrowed bytes without making Strings of them.
import HTTPServer

enum ByteText {
  /// RFC 9110 §5.1: names of fields match whatever their case. `lowercase` is in lower case.
  @inline(__always)
  static func equal(_ name: UnsafeRawBufferPointer, ignoringCase lowercase: StaticString) -> Bool {
    guard name.count == lowercase.utf8CodeUnitCount, let start = name.baseAddress else {
      return name.count == lowercase.utf8CodeUnitCount
    }
    return WordText.equal(start, ignoringCase: lowercase.utf8Start, lowercase.utf8CodeUnitCount)
  }

  static func equal(_ name: UnsafeRawBufferPointer, ignoringCase lowercase: [UInt8]) -> Bool {
    lowercase.withUnsafeBytes { lowercase in
      guard name.count == lowercase.count, let start = name.baseAddress,
        let expected = lowercase.baseAddress
      else { return name.count == lowercase.count }
      return WordText.equal(start, ignoringCase: expected, name.count)
    }
  }

  static func equal(
    _ left: UnsafeRawBufferPointer, ignoringCase right: UnsafeRawBufferPointer
  ) -> Bool {
    guard left.count == right.count else { return false }
    for at in 0..<left.count where lower(left[at]) != lower(right[at]) { return false }
    return true
  }

  @inline(__always)
  static func equal(_ bytes: UnsafeRawBufferPointer, _ text: StaticString) -> Bool {
    guard bytes.count == text.utf8CodeUnitCount, let start = bytes.baseAddress else {
      return bytes.count == text.utf8CodeUnitCount
    }
    return WordText.equal(start, text.utf8Start, text.utf8CodeUnitCount)
  }

  static func equal(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Bool {
    guard left.count == right.count, let start = left.baseAddress, let other = right.baseAddress
    else { return left.count == right.count }
    return WordText.equal(start, other, left.count)
  }

  @inline(__always)
  static func lower(_ byte: UInt8) -> UInt8 {
    byte &- UInt8(ascii: "A") < 26 ? byte | 0x20 : byte
  }

  /// Lower case, and every byte that is neither letter nor digit as `-`: what the most lenient
  /// upstream may make of a name (CGI folds `_`, others fold `.` and the rest of the tchars).
  @inline(__always)
  static func folded(_ byte: UInt8) -> UInt8 {
    let letter = lower(byte)
    if letter &- UInt8(ascii: "a") < 26 || letter &- UInt8(ascii: "0") < 10 { return letter }
    return UInt8(ascii: "-")
  }

  static func equal(folded name: UnsafeRawBufferPointer, _ dashed: StaticString) -> Bool {
    name.count == dashed.utf8CodeUnitCount && hasPrefix(folded: name, dashed)
  }

  static func equal(folded name: UnsafeRawBufferPointer, _ dashed: [UInt8]) -> Bool {
    guard name.count == dashed.count else { return false }
    for at in 0..<name.count where folded(name[at]) != dashed[at] { return false }
    return true
  }

  static func hasPrefix(folded name: UnsafeRawBufferPointer, _ dashed: StaticString) -> Bool {
    let count = dashed.utf8CodeUnitCount
    guard name.count >= count else { return false }
    for at in 0..<count where folded(name[at]) != dashed.utf8Start[at] { return false }
    return true
  }

  /// The first byte from `start` on that no JSON string holds as it stands, or the end.
  static func plainEnd(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
    guard let base = bytes.baseAddress else { return start }
    var at = start
    while at &+ 8 <= bytes.count {
      let marks = marks((base + at).loadUnaligned(as: UInt64.self).littleEndian)
      if marks != 0 { return at &+ marks.trailingZeroBitCount >> 3 }
      at &+= 8
    }
    while at < bytes.count {
      let byte = (base + at).load(as: UInt8.self)
      if byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { break }
      at &+= 1
    }
    return at
  }

  /// The high bit of each byte that is a quote, a backslash or a control character. A borrow can
  /// only disturb bytes above the first hit, so the lowest mark is exact.
  private static func marks(_ word: UInt64) -> UInt64 {
    let quote = word ^ 0x2222_2222_2222_2222
    let backslash = word ^ 0x5C5C_5C5C_5C5C_5C5C
    let ones: UInt64 = 0x0101_0101_0101_0101
    return
      ((quote &- ones) & ~quote | (backslash &- ones) & ~backslash
      | (word &- 0x2020_2020_2020_2020) & ~word) & 0x8080_8080_8080_8080
  }

  /// RFC 9110 §5.6.2: what names and methods are made of.
  static func isToken(_ bytes: UnsafeRawBufferPointer) -> Bool {
    bytes.count > 0 && bytes.allSatisfy(isTokenByte)
  }

  private static func isTokenByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"):
      true
    case UInt8(ascii: "!"), UInt8(ascii: "#"), UInt8(ascii: "$"), UInt8(ascii: "%"),
      UInt8(ascii: "&"), UInt8(ascii: "'"), UInt8(ascii: "*"), UInt8(ascii: "+"),
      UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "^"), UInt8(ascii: "_"),
      UInt8(ascii: "`"), UInt8(ascii: "|"), UInt8(ascii: "~"):
      true
    default: false
    }
  }

  /// A Host without its port, which begins at the first colon outside of brackets, and without the
  /// dot that ends a fully qualified name.
  static func hostName(_ host: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
    let start = host.lastIndex(of: UInt8(ascii: "]")) ?? 0
    var end = host[start...].firstIndex(of: UInt8(ascii: ":")) ?? host.count
    if end > 1, host[end - 1] == UInt8(ascii: ".") { end -= 1 }
    return UnsafeRawBufferPointer(rebasing: host[..<end])
  }

  /// Path and query of a target, split at the first question mark.
  static func split(
    target: UnsafeRawBufferPointer
  ) -> (path: UnsafeRawBufferPointer, query: UnsafeRawBufferPointer?) {
    guard let mark = target.firstIndex(of: UInt8(ascii: "?")) else { return (target, nil) }
    return (
      UnsafeRawBufferPointer(rebasing: target[..<mark]),
      UnsafeRawBufferPointer(rebasing: target[(mark + 1)...])
    )
  }

  static func trimmed(_ bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
    func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
    guard let first = bytes.firstIndex(where: { !isSpace($0) }),
      let last = bytes.lastIndex(where: { !isSpace($0) })
    else { return UnsafeRawBufferPointer(start: nil, count: 0) }
    return UnsafeRawBufferPointer(rebasing: bytes[first...last])
  }
}
