// Byte classes and comparisons of RFC 9110 and 9112, written so that a head is read at about one
// step per byte. Must not allocate.

@usableFromInline typealias BytePointer = UnsafePointer<UInt8>

enum Byte {
  static let tab: UInt8 = 0x09
  static let lineFeed: UInt8 = 0x0a
  static let carriageReturn: UInt8 = 0x0d
  static let space: UInt8 = 0x20
  static let hash: UInt8 = 0x23
  static let asterisk: UInt8 = 0x2a
  static let comma: UInt8 = 0x2c
  static let dot: UInt8 = 0x2e
  static let slash: UInt8 = 0x2f
  static let colon: UInt8 = 0x3a
  static let semicolon: UInt8 = 0x3b
  static let question: UInt8 = 0x3f
  static let delete: UInt8 = 0x7f

  @inline(__always)
  static func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }

  /// `tchar`: letters, digits and !#$%&'*+-.^_`|~ as two 64-bit maps.
  @inline(__always)
  static func isToken(_ byte: UInt8) -> Bool {
    let map: UInt64 = byte < 64 ? 0x03ff_6cfa_0000_0000 : 0x57ff_ffff_c7ff_fffe
    return byte < 128 && map >> UInt64(byte & 63) & 1 != 0
  }

  @inline(__always)
  static func lowercase(_ byte: UInt8) -> UInt8 {
    byte &- 0x41 < 26 ? byte | 0x20 : byte
  }

  @inline(__always)
  static func isBlank(_ byte: UInt8) -> Bool { byte == space || byte == tab }

  /// May stand in a field value or a reason: everything but control characters.
  @inline(__always)
  static func isText(_ byte: UInt8) -> Bool {
    (byte >= 0x20 && byte != delete) || byte == tab
  }

  static func hexValue(_ byte: UInt8) -> UInt8? {
    if isDigit(byte) { return byte - 0x30 }
    let letter = byte | 0x20
    return letter &- 0x61 < 6 ? letter - 0x61 + 10 : nil
  }

  /// The first byte in `start..<end` that is not text, or `end`. Eight bytes a step: a borrow can
  /// only disturb bytes above the first hit, so the lowest mark is exact.
  static func endOfText(_ base: BytePointer, _ start: Int, _ end: Int) -> Int {
    var index = start
    while index &+ 8 <= end {
      let word = UnsafeRawPointer(base + index).loadUnaligned(as: UInt64.self).littleEndian
      let delete = word ^ 0x7f7f_7f7f_7f7f_7f7f
      let marks =
        ((word &- 0x2020_2020_2020_2020) & ~word | (delete &- 0x0101_0101_0101_0101) & ~delete)
        & 0x8080_8080_8080_8080
      if marks == 0 {
        index &+= 8
        continue
      }
      index &+= marks.trailingZeroBitCount >> 3
      if base[index] != tab { return index }
      index &+= 1
    }
    while index < end, isText(base[index]) { index &+= 1 }
    return index
  }

  /// Whether `count` bytes are `lowercase`, whatever the case of their letters.
  @inline(__always)
  static func equal(_ base: BytePointer, _ count: Int, _ lowercase: StaticString) -> Bool {
    guard count == lowercase.utf8CodeUnitCount else { return false }
    return equal(base, lowercase.utf8Start, count)
  }

  /// The same for the name of a field that was read: eight bytes a step. Bytes of a token that
  /// differ by 0x20 are the two cases of a letter, or `^` and `~`, which no name that is looked for
  /// has.
  @inline(__always)
  static func equalName(_ base: BytePointer, _ lowercase: BytePointer, _ count: Int) -> Bool {
    guard count >= 8 else { return equal(base, lowercase, count) }
    let cases: UInt64 = 0x2020_2020_2020_2020
    var index = 0
    while true {
      let word = UnsafeRawPointer(base + index).loadUnaligned(as: UInt64.self)
      let wanted = UnsafeRawPointer(lowercase + index).loadUnaligned(as: UInt64.self)
      guard word | cases == wanted | cases else { return false }
      if index &+ 8 >= count { return true }
      index = min(index &+ 8, count &- 8)
    }
  }

  @inline(__always)
  static func equal(_ base: BytePointer, _ lowercase: BytePointer, _ count: Int) -> Bool {
    for index in 0..<count where Self.lowercase(base[index]) != lowercase[index] { return false }
    return true
  }
}
