// Percent-encoding (RFC 3986 §2.1) undone once. What is no encoding is kept as it stands: whether
// it may stand there is for whoever asks.

package enum Percent {
  /// Decodes what is percent-encoded and copies the rest; `buffer` holds as many bytes as `text`.
  /// - Returns: the number of bytes written.
  package static func decode(
    _ text: UnsafeRawBufferPointer, into buffer: UnsafeMutableRawBufferPointer
  ) -> Int {
    var at = 0
    var written = 0
    while at < text.count {
      let decoded = text[at] == UInt8(ascii: "%") ? decode(text, at: at) : nil
      buffer[written] = decoded ?? text[at]
      written += 1
      at += decoded == nil ? 1 : 3
    }
    return written
  }

  /// The same as an array.
  package static func decoded(_ text: UnsafeRawBufferPointer) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: text.count) { buffer, count in
      count = decode(text, into: UnsafeMutableRawBufferPointer(buffer))
    }
  }

  /// The byte that `%xx` at an index stands for; nil where the two digits are missing.
  package static func decode(_ text: UnsafeRawBufferPointer, at: Int) -> UInt8? {
    guard at + 2 < text.count, let high = Hex.value(of: text[at + 1]),
      let low = Hex.value(of: text[at + 2])
    else { return nil }
    return high << 4 | low
  }
}
