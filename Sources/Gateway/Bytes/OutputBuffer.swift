// A growing byte buffer that is used again for every answer, so that making one allocates nothing
// once it has grown. It knows how values look in heads and JSON; it must not know what they mean.
import KeyModel

/// Confined to one worker's thread. What `bytes` gives is valid until the next change.
final class OutputBuffer {
  private var base: UnsafeMutablePointer<UInt8>
  private var capacity: Int
  private(set) var count = 0
  /// Of the class; here it is found without asking whether it was made.
  private let pairs = OutputBuffer.pairs
  /// The newest time that was appended and its text: most are the end of the day, again and again.
  private var latestTime: Timestamp?
  private let latestTimeText: UnsafeMutablePointer<UInt8>
  private var latestTimeCount = 0

  init(capacity: Int = 2048) {
    latestTimeText = .allocate(capacity: RFC3339.longest)
    self.capacity = max(64, capacity)
    base = .allocate(capacity: self.capacity)
  }

  deinit {
    base.deallocate()
    latestTimeText.deallocate()
  }

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

  @inline(__always)
  func append(_ byte: UInt8) {
    reserve(1)
    base[count] = byte
    count += 1
  }

  /// Here, where the length is known, copying a literal is a few moves.
  @inline(__always)
  func append(_ text: StaticString) {
    let length = text.utf8CodeUnitCount
    reserve(length)
    UnsafeMutableRawPointer(base + count).copyMemory(from: text.utf8Start, byteCount: length)
    count &+= length
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
    var bound: UInt64 = 10
    while rest >= bound {
      bound &*= 10
      digits &+= 1
    }
    fill(atMost: digits) { out in
      let text = UnsafeMutableRawPointer(out)
      var place = digits
      while place > 1 {
        place &-= 2
        let two = Self.twoDigits.utf8Start + 2 &* Int(truncatingIfNeeded: rest % 100)
        text.storeBytes(
          of: UnsafeRawPointer(two).loadUnaligned(as: UInt16.self), toByteOffset: place,
          as: UInt16.self)
        rest /= 100
      }
      if place == 1 { out[0] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: rest) }
      return digits
    }
  }

  /// 00, 01 … 99.
  private static let twoDigits: StaticString = """
    00010203040506070809101112131415161718192021222324252627282930313233343536373839\
    40414243444546474849505152535455565758596061626364656667686970717273747576777879\
    8081828384858687888990919293949596979899
    """

  /// RFC 3339.
  func append(_ time: Timestamp) {
    if latestTime != time {
      latestTimeCount = RFC3339.write(time, to: latestTimeText)
      latestTime = time
    }
    append(UnsafeRawBufferPointer(start: latestTimeText, count: latestTimeCount))
  }

  /// The text form of an id, the same as its `description`, without making a String.
  @inline(__always)
  func append<Tag>(_ id: ID<Tag>) {
    append(Tag.prefix)
    append(base32: id.bits)
  }

  /// With the underscore before it.
  private func append(base32 bits: UInt128) {
    fill(atMost: 27) { out in
      out[0] = UInt8(ascii: "_")
      return 1 &+ write(base32: bits, to: UnsafeMutableRawPointer(out + 1))
    }
  }

  @inline(__always)
  private func write(base32 bits: UInt128, to out: UnsafeMutableRawPointer) -> Int {
    var rest = bits
    // Two words of 60 bits, six pairs each, and the ten bits above them.
    for word in 0..<2 {
      var low = UInt64(truncatingIfNeeded: rest)
      for pair in 0..<6 {
        out.storeBytes(
          of: pairs[Int(low & 1023)], toByteOffset: 24 - 12 * word - 2 * pair, as: UInt16.self)
        low >>= 10
      }
      rest >>= 60
    }
    out.storeBytes(of: pairs[Int(truncatingIfNeeded: rest)], as: UInt16.self)
    return 26
  }

  /// Both digits of every number below 1024, as they stand in memory.
  nonisolated(unsafe) private static let pairs: UnsafePointer<UInt16> = {
    // Unsafe: written here, before anybody has it, and never again.
    let alphabet = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)
    let made = UnsafeMutablePointer<UInt16>.allocate(capacity: 1024)
    for number in 0..<1024 {
      let digits = UInt16(alphabet[number >> 5]) | UInt16(alphabet[number & 31]) << 8
      (made + number).initialize(to: UInt16(littleEndian: digits))
    }
    return UnsafePointer(made)
  }()

  /// Appends what `write` writes: as many bytes as it says, no more than it was promised.
  @inline(__always)
  func fill(atMost room: Int, _ write: (UnsafeMutablePointer<UInt8>) -> Int) {
    reserve(room)
    count &+= write(base + count)
  }

  @inline(__always)
  private func reserve(_ more: Int) {
    if count + more > capacity { grow(by: more) }
  }

  @inline(never)
  private func grow(by more: Int) {
    let larger = max(capacity * 2, count + more)
    let new = UnsafeMutablePointer<UInt8>.allocate(capacity: larger)
    new.update(from: base, count: count)
    base.deallocate()
    base = new
    capacity = larger
  }
}
