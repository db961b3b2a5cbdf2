// Says where bytes stop being UTF-8 (RFC 3629). The standard library only says that they do.

package enum UTF8Validation {
  /// The offset of the first byte that does not belong to a well-formed sequence.
  package static func firstInvalid(_ bytes: UnsafeRawBufferPointer) -> Int? {
    var at = 0
    while at < bytes.count {
      // The last word of eight bytes or more ends where the text does.
      let next = min(at, bytes.count &- 8)
      if next >= 0 {
        let word = bytes.loadUnaligned(fromByteOffset: next, as: UInt64.self)
        if word & 0x8080_8080_8080_8080 == 0 {
          at = next &+ 8
          continue
        }
      }
      let length = sequenceLength(bytes, at: at)
      guard length > 0 else { return at }
      at += length
    }
    return nil
  }

  /// 0 where no well-formed sequence begins.
  private static func sequenceLength(_ bytes: UnsafeRawBufferPointer, at: Int) -> Int {
    let first = bytes[at]
    if first < 0x80 { return 1 }
    let (length, second) = expectation(first)
    guard length > 0, at + length <= bytes.count, second.contains(bytes[at + 1]) else { return 0 }
    for offset in 2..<max(2, length) where bytes[at + offset] & 0xC0 != 0x80 { return 0 }
    return length
  }

  /// How long a sequence is by its first byte and what its second byte may be: this is what keeps
  /// out overlong forms, surrogates and what lies beyond U+10FFFF.
  private static func expectation(_ first: UInt8) -> (length: Int, second: ClosedRange<UInt8>) {
    switch first {
    case 0xC2...0xDF: (2, 0x80...0xBF)
    case 0xE0: (3, 0xA0...0xBF)
    case 0xED: (3, 0x80...0x9F)
    case 0xE1...0xEF: (3, 0x80...0xBF)
    case 0xF0: (4, 0x90...0xBF)
    case 0xF1...0xF3: (4, 0x80...0xBF)
    case 0xF4: (4, 0x80...0x8F)
    default: (0, 0x80...0x80)
    }
  }
}
