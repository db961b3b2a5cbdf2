// Bytes on their way out of one connection, in one piece of memory that exists only while there are
// any. Must not touch the socket: Channel does.

struct OutputBuffer {
  private(set) var base: UnsafeMutablePointer<UInt8>?
  private(set) var start = 0
  private(set) var end = 0
  private var capacity = 0

  var count: Int { end &- start }

  var bytes: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: base.map { $0 + start }, count: end &- start)
  }

  /// Room for `count` bytes; what is written there counts after `commit`.
  @inline(__always)
  mutating func reserve(_ count: Int, _ pool: BlockPool) -> UnsafeMutablePointer<UInt8> {
    if let base, end &+ count <= capacity { return base + end }
    return grow(count, pool)
  }

  @inline(__always)
  mutating func commit(_ count: Int) { end &+= count }

  mutating func append(_ bytes: UnsafeRawBufferPointer, _ pool: BlockPool) {
    guard let source = bytes.baseAddress, bytes.count > 0 else { return }
    UnsafeMutableRawPointer(reserve(bytes.count, pool))
      .copyMemory(from: source, byteCount: bytes.count)
    end &+= bytes.count
  }

  mutating func append(_ text: StaticString, _ pool: BlockPool) {
    append(
      UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount), pool)
  }

  mutating func consume(_ count: Int, _ pool: BlockPool) {
    start &+= count
    if start == end { release(pool) }
  }

  mutating func release(_ pool: BlockPool) {
    guard let base else { return }
    if capacity == pool.size { pool.give(base) } else { base.deallocate() }
    self.base = nil
    (start, end, capacity) = (0, 0, 0)
  }

  @inline(never)
  private mutating func grow(_ count: Int, _ pool: BlockPool) -> UnsafeMutablePointer<UInt8> {
    let used = end &- start
    let wanted = used &+ count
    if let base, wanted <= capacity, start >= capacity / 2 {
      UnsafeMutableRawPointer(base).copyMemory(from: base + start, byteCount: used)
      (start, end) = (0, used)
      return base + used
    }
    let size = wanted <= pool.size ? pool.size : max(wanted, capacity * 2)
    let fresh = size == pool.size ? pool.take() : .allocate(capacity: size)
    if let base {
      UnsafeMutableRawPointer(fresh).copyMemory(from: base + start, byteCount: used)
      if capacity == pool.size { pool.give(base) } else { base.deallocate() }
    }
    (base, start, end, capacity) = (fresh, 0, used, size)
    return fresh + used
  }
}
