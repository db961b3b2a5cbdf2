// The 32-byte value by which a token is found. Not secret in itself (it takes the pepper to make
// one), yet it is compared in constant time by whoever decides on a call.

/// 32 bytes, held inline so that a table of them needs no pointers.
@usableFromInline package struct Lookup: Hashable, Sendable {
  @usableFromInline package var words: (UInt64, UInt64, UInt64, UInt64)

  @usableFromInline package static let byteCount = 32

  /// Nil unless exactly 32 bytes are given.
  @usableFromInline package init?(bytes: some Collection<UInt8>) {
    guard bytes.count == Self.byteCount else { return nil }
    var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
    withUnsafeMutableBytes(of: &words) { $0.copyBytes(from: bytes) }
    self.words = words
  }

  @usableFromInline package init(words: (UInt64, UInt64, UInt64, UInt64)) { self.words = words }

  @usableFromInline package var bytes: [UInt8] { withUnsafeBytes(of: words) { Array($0) } }

  /// Takes the same time wherever the first difference is.
  @usableFromInline package static func == (left: Self, right: Self) -> Bool {
    let a = left.words.0 ^ right.words.0
    let b = left.words.1 ^ right.words.1
    let c = left.words.2 ^ right.words.2
    let d = left.words.3 ^ right.words.3
    return (a | b | c | d) == 0
  }

  @usableFromInline package func hash(into hasher: inout Hasher) { hasher.combine(words.0) }
}
