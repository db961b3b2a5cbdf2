// Compares short texts eight bytes at a time. Where one of them is a literal, the compiler knows
// its words and how many there are. Must not know what a text means.

@usableFromInline package enum WordText {
  /// Whether the `count` bytes that begin at each are the same. Nothing beyond them is read: the
  /// last word of eight bytes or more ends where the text does and overlaps the one before.
  @inlinable @inline(__always)
  package static func equal(_ left: UnsafeRawPointer, _ right: UnsafeRawPointer, _ count: Int)
    -> Bool
  {
    guard count >= 8 else { return short(left, count) == short(right, count) }
    var at = 0
    while true {
      guard word(left + at) == word(right + at) else { return false }
      if at &+ 8 >= count { return true }
      at = min(at &+ 8, count &- 8)
    }
  }

  /// The same, whatever the case of the letters. `lowercase` has no capitals.
  @inlinable @inline(__always)
  package static func equal(
    _ text: UnsafeRawPointer, ignoringCase lowercase: UnsafeRawPointer, _ count: Int
  ) -> Bool {
    guard count >= 8 else { return same(short(text, count), ignoringCase: short(lowercase, count)) }
    var at = 0
    while true {
      guard same(word(text + at), ignoringCase: word(lowercase + at)) else { return false }
      if at &+ 8 >= count { return true }
      at = min(at &+ 8, count &- 8)
    }
  }

  @inlinable @inline(__always)
  static func word(_ start: UnsafeRawPointer) -> UInt64 {
    start.loadUnaligned(as: UInt64.self)
  }

  /// Every byte of a text of less than eight, some of them twice; so it is the same word for the
  /// same text and, of texts of one length, for no other.
  @inlinable @inline(__always)
  static func short(_ start: UnsafeRawPointer, _ count: Int) -> UInt64 {
    if count >= 4 {
      let last = (start + (count &- 4)).loadUnaligned(as: UInt32.self)
      return UInt64(start.loadUnaligned(as: UInt32.self)) | UInt64(last) << 32
    }
    guard count > 0 else { return 0 }
    let (first, last) = (start.load(as: UInt8.self), (start + (count &- 1)).load(as: UInt8.self))
    let middle = (start + count / 2).load(as: UInt8.self)
    return UInt64(first) | UInt64(middle) << 8 | UInt64(last) << 16
  }

  @inlinable @inline(__always)
  static func same(_ word: UInt64, ignoringCase lowercase: UInt64) -> Bool {
    (word ^ lowercase) & ~(letters(lowercase) >> 2) == 0
  }

  /// The high bit of each byte that is a small letter. Seven-bit sums do not carry into the next
  /// byte.
  @inlinable @inline(__always)
  static func letters(_ word: UInt64) -> UInt64 {
    let low = word & 0x7F7F_7F7F_7F7F_7F7F
    let fromA = low &+ 0x1F1F_1F1F_1F1F_1F1F
    let beyondZ = low &+ 0x0505_0505_0505_0505
    return fromA & ~beyondZ & ~word & 0x8080_8080_8080_8080
  }
}
