// Texts that calls copy into their heads again and again, laid out once: taking one counts no
// reference. Must not change after it was made.

/// What it gives is valid until `free`, which its one owner calls at its own end.
struct FixedTexts {
  private let texts: UnsafeMutableBufferPointer<UnsafeRawBufferPointer>

  init(_ list: [[UInt8]]) {
    texts = .allocate(capacity: list.count)
    for (index, bytes) in list.enumerated() {
      let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
      copy.copyBytes(from: bytes)
      texts.initializeElement(at: index, to: UnsafeRawBufferPointer(copy))
    }
  }

  func free() {
    for text in texts { text.deallocate() }
    texts.deallocate()
  }

  var count: Int { texts.count }
  subscript(index: Int) -> UnsafeRawBufferPointer { texts[index] }
}
