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

  /// The first byte in `start..<end` that is no `tchar`, or `end`.
  @inline(__always)
  static func endOfToken(_ base: BytePointer, _ start: Int, _ end: Int) -> Int {
    var index = endOfWord(base, start, end)
    while index < end, isToken(base[index]) { index = endOfWord(base, index &+ 1, end) }
    return index
  }

  /// The first byte in `start..<end` that is neither letter nor digit nor dash, or `end`. Eight
  /// bytes a step.
  @inline(__always)
  static func endOfWord(_ base: BytePointer, _ start: Int, _ end: Int) -> Int {
    var index = start
    while index &+ 8 <= end {
      let others = unusual(
        UnsafeRawPointer(base + index).loadUnaligned(as: UInt64.self).littleEndian)
      if others != 0 { return index &+ others.trailingZeroBitCount >> 3 }
      index &+= 8
    }
    while index < end, isWord(base[index]) { index &+= 1 }
    return index
  }

  @inline(__always)
  private static func isWord(_ byte: UInt8) -> Bool {
    (byte | 0x20) &- 0x61 < 26 || isDigit(byte) || byte == 0x2d
  }

  /// The high bit of each byte that is neither letter nor digit nor dash. Seven-bit sums do not
  /// carry into the next byte.
  @inline(__always)
  private static func unusual(_ word: UInt64) -> UInt64 {
    let low = word & 0x7f7f_7f7f_7f7f_7f7f
    let lower = low | 0x2020_2020_2020_2020
    let letters = (lower &+ 0x1f1f_1f1f_1f1f_1f1f) & ~(lower &+ 0x0505_0505_0505_0505)
    let digits = (low &+ 0x5050_5050_5050_5050) & ~(low &+ 0x4646_4646_4646_4646)
    let dashes = ~((low ^ 0x2d2d_2d2d_2d2d_2d2d) &+ 0x7f7f_7f7f_7f7f_7f7f)
    return (~(letters | digits | dashes) | word) & 0x8080_8080_8080_8080
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
    count == lowercase.utf8CodeUnitCount
      && WordText.equal(base, ignoringCase: lowercase.utf8Start, lowercase.utf8CodeUnitCount)
  }

  @inline(__always)
  static func equal(_ base: BytePointer, _ lowercase: BytePointer, _ count: Int) -> Bool {
    WordText.equal(base, ignoringCase: lowercase, count)
  }
}
