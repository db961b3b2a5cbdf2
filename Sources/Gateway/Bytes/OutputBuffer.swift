// A growing byte buffer that is used again for every answer, so that making one allocates nothing
// once it has grown. It knows how values look in heads and JSON; it must not know what they mean.
import KeyModel

/// Confined to one worker's thread. What `bytes` gives is valid until the next change.
final class OutputBuffer {
  private var base: UnsafeMutablePointer<UInt8>
  private var capacity: Int
  private(set) var count = 0

  init(capacity: Int = 2048) {
    self.capacity = max(64, capacity)
    base = .allocate(capacity: self.capacity)
  }

  deinit { base.deallocate() }

  var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: count) }

  /// For who changes the content in place, as unescaping does.
  var mutableBytes: UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(start: base, count: count)
  }

  func reset() { count = 0 }

  /// Drops what was appended after `count` bytes.
  func truncate(to count: Int) { self.count = min(self.count, count) }

  func slice(from start: Int) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: base + start, count: count - start)
  }

  func append(_ byte: UInt8) {
    reserve(1)
    base[count] = byte
    count += 1
  }

  func append(_ text: StaticString) {
    append(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  func append(_ bytes: UnsafeRawBufferPointer) {
    guard let source = bytes.baseAddress, bytes.count > 0 else { return }
    reserve(bytes.count)
    UnsafeMutableRawPointer(base + count).copyMemory(from: source, byteCount: bytes.count)
    count += bytes.count
  }

  func append(_ bytes: [UInt8]) { bytes.withUnsafeBytes { append($0) } }

  func append(text: String) {
    var text = text
    text.withUTF8 { append(UnsafeRawBufferPointer($0)) }
  }

  func append(decimal value: Int64) {
    if value < 0 { append(UInt8(ascii: "-")) }
    var rest = value.magnitude
    var digits = 1
    var bound = rest / 10
    while bound > 0 {
      bound /= 10
      digits += 1
    }
    reserve(digits)
    for place in stride(from: digits - 1, through: 0, by: -1) {
      base[count + place] = UInt8(ascii: "0") + UInt8(rest % 10)
      rest /= 10
    }
    count += digits
  }

  /// The text form of an id, the same as its `description`, without making a String.
  func append<Tag>(_ id: ID<Tag>) {
    append(text: Tag.prefix)
    append(UInt8(ascii: "_"))
    append(base32: id.bits)
  }

  private func append(base32 bits: UInt128) {
    let alphabet: StaticString = "0123456789abcdefghjkmnpqrstvwxyz"
    reserve(26)
    var high = UInt64(truncatingIfNeeded: bits >> 65)
    var low = UInt64(truncatingIfNeeded: bits) & (1 << 60 - 1)
    let middle = Int(truncatingIfNeeded: bits >> 60) & 31
    for place in stride(from: 25, to: 13, by: -1) {
      base[count + place] = alphabet.utf8Start[Int(low & 31)]
      low >>= 5
    }
    base[count + 13] = alphabet.utf8Start[middle]
    for place in stride(from: 12, through: 0, by: -1) {
      base[count + place] = alphabet.utf8Start[Int(high & 31)]
      high >>= 5
    }
    count += 26
  }

  private func reserve(_ more: Int) {
    guard count + more > capacity else { return }
    let larger = max(capacity * 2, count + more)
    let new = UnsafeMutablePointer<UInt8>.allocate(capacity: larger)
    new.update(from: base, count: count)
    base.deallocate()
    base = new
    capacity = larger
  }
}
