// Bytes that came in on one connection and are not used up: the current head, which stays where it
// is while somebody may look at it, what followed it, and a block for a body. Each piece of memory
// exists only while it holds something. Must not touch the socket.

struct InputBuffer {
  static let smallBytes = 1024

  /// Holds the head; bytes from `start` on are unread.
  private(set) var block: UnsafeMutablePointer<UInt8>?
  private var capacity = 0
  /// First byte of the current head.
  private(set) var headStart = 0
  var start = 0
  private(set) var end = 0

  /// Holds body bytes; unread ones first if there are any in `block`.
  private(set) var body: UnsafeMutablePointer<UInt8>?
  var bodyStart = 0
  private(set) var bodyEnd = 0

  var hasUnread: Bool { start < end || bodyStart < bodyEnd }
  var unreadInBlock: Int { end &- start }

  /// Free room behind what is in the head's block, growing it up to `limit` bytes of head.
  mutating func roomForHead(_ memory: Memory, _ limit: Int) -> UnsafeMutableBufferPointer<UInt8> {
    if block == nil {
      block = memory.heads.take()
      capacity = memory.heads.size
    } else if end == capacity {
      makeRoom(memory, limit)
    }
    return UnsafeMutableBufferPointer(start: block.map { $0 + end }, count: capacity &- end)
  }

  /// Free room behind a pinned head, for bytes that came early; empty where there is none.
  var roomBehind: UnsafeMutableBufferPointer<UInt8> {
    UnsafeMutableBufferPointer(start: block.map { $0 + end }, count: capacity &- end)
  }

  mutating func filled(_ count: Int) { end &+= count }

  mutating func roomForBody(_ memory: Memory) -> UnsafeMutableBufferPointer<UInt8> {
    if body == nil { body = memory.bodies.take() }
    (bodyStart, bodyEnd) = (0, 0)
    return UnsafeMutableBufferPointer(start: body, count: memory.bodies.size)
  }

  mutating func filledBody(_ count: Int) { bodyEnd = count }

  /// The next head begins at the first unread byte; nobody looks at the last one any more.
  mutating func nextHead(_ memory: Memory) {
    if bodyStart < bodyEnd, let body {
      releaseBlock(memory)
      block = body
      capacity = memory.bodies.size
      (start, end) = (bodyStart, bodyEnd)
      (self.body, bodyStart, bodyEnd) = (nil, 0, 0)
    }
    headStart = start
  }

  /// Gives back what holds nothing, and a large block that holds little.
  mutating func park(_ memory: Memory) {
    releaseEmptyBody(memory)
    let count = end &- headStart
    if count == 0 {
      releaseBlock(memory)
    } else if count < Self.smallBytes, capacity > Self.smallBytes {
      move(to: .allocate(capacity: Self.smallBytes), Self.smallBytes, memory)
    }
  }

  mutating func releaseEmptyBody(_ memory: Memory) {
    if bodyStart == bodyEnd, let body {
      memory.bodies.give(body)
      (self.body, bodyStart, bodyEnd) = (nil, 0, 0)
    }
  }

  mutating func release(_ memory: Memory) {
    bodyStart = bodyEnd
    releaseEmptyBody(memory)
    releaseBlock(memory)
  }

  private mutating func makeRoom(_ memory: Memory, _ limit: Int) {
    guard let block else { return }
    if headStart > 0 {
      let count = end &- headStart
      UnsafeMutableRawPointer(block).copyMemory(from: block + headStart, byteCount: count)
      start &-= headStart
      (headStart, end) = (0, count)
    } else if capacity < memory.heads.size {
      move(to: memory.heads.take(), memory.heads.size, memory)
    } else if capacity < limit {
      move(to: .allocate(capacity: limit), limit, memory)
    }
  }

  private mutating func move(
    to fresh: UnsafeMutablePointer<UInt8>, _ size: Int, _ memory: Memory
  ) {
    guard let block else { return }
    let count = end &- headStart
    UnsafeMutableRawPointer(fresh).copyMemory(from: block + headStart, byteCount: count)
    start &-= headStart
    (headStart, end) = (0, count)
    giveBlock(memory)
    (self.block, capacity) = (fresh, size)
  }

  private mutating func releaseBlock(_ memory: Memory) {
    giveBlock(memory)
    (block, capacity, headStart, start, end) = (nil, 0, 0, 0, 0)
  }

  private func giveBlock(_ memory: Memory) {
    guard let block else { return }
    if capacity == memory.heads.size {
      memory.heads.give(block)
    } else if capacity == memory.bodies.size {
      memory.bodies.give(block)
    } else {
      block.deallocate()
    }
  }
}
