// Where the parts of a head lie in the connection's buffer, as offsets from the head's first byte,
// so that reading a head allocates nothing. Must not outlive the bytes it points into.

@usableFromInline struct FieldSpan {
  @usableFromInline var nameStart: UInt32 = 0
  @usableFromInline var nameLength: UInt32 = 0
  @usableFromInline var valueStart: UInt32 = 0
  @usableFromInline var valueLength: UInt32 = 0

  init() {}
}

struct Span32 {
  var start: UInt32 = 0
  var length: UInt32 = 0

  init() {}

  init(_ start: Int, _ end: Int) {
    self.start = UInt32(truncatingIfNeeded: start)
    self.length = UInt32(truncatingIfNeeded: end - start)
  }

  @inline(__always)
  func bytes(_ base: BytePointer) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: base + Int(start), count: Int(length))
  }
}

struct HeadFlags: OptionSet {
  let rawValue: UInt16
  static let http11 = HeadFlags(rawValue: 1)
  static let close = HeadFlags(rawValue: 2)
  static let keepAlive = HeadFlags(rawValue: 4)
  static let expectContinue = HeadFlags(rawValue: 8)
  static let chunked = HeadFlags(rawValue: 16)
  static let host = HeadFlags(rawValue: 32)
  static let transferEncoding = HeadFlags(rawValue: 128)
  static let absoluteForm = HeadFlags(rawValue: 256)
  static let headMethod = HeadFlags(rawValue: 512)
}

/// Facts of one head and how far it was read. Plain memory: freed by its pool.
@usableFromInline struct HeadIndex {
  @usableFromInline let fields: UnsafeMutablePointer<FieldSpan>
  let capacity: Int
  @usableFromInline var count = 0
  /// Start of the first line that is not read yet; the head's length once it is complete.
  var cursor = 0
  var readsFields = false
  var flags: HeadFlags = []
  var status = 0
  var method = Span32()
  var target = Span32()
  var pathLength: UInt32 = 0
  /// With its port, then without.
  var authority = Span32()
  var host = Span32()
  /// -1 where there was no such field.
  var contentLength = -1

  init(capacity: Int) {
    self.capacity = capacity
    fields = .allocate(capacity: capacity)
  }

  mutating func reset() {
    count = 0
    cursor = 0
    readsFields = false
    flags = []
    status = 0
    method = Span32()
    target = Span32()
    pathLength = 0
    authority = Span32()
    host = Span32()
    contentLength = -1
  }

  var keepsAlive: Bool {
    if flags.contains(.close) { return false }
    return flags.contains(.http11) || flags.contains(.keepAlive)
  }
}
