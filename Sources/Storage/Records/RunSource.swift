// One run as a merge reads it: record by record in order, a block in memory at a time.
internal import KeyModel

/// Confined to its merge. Owns one buffer for the block it stands in.
struct RunSource {
  let run: Int64
  /// Of the record it stands on.
  private(set) var position = RecordPosition(owner: 0, id: 0)
  private var buffer: UnsafeMutableRawBufferPointer
  private var filled = 0
  private var offset = 0
  /// The next blocks.
  private var heads: ArraySlice<BlockHead> = []
  private var after = RecordPosition(owner: 0, id: 0)
  private static let fetch: Int64 = 16

  init(run: Int64) {
    self.run = run
    buffer = .allocate(byteCount: RunBuilder.blockBytes, alignment: 16)
  }

  func deallocate() { buffer.deallocate() }

  /// The one it stands on, after `load` or `advance` gave true; in the buffer.
  private(set) var record: PackedRecord?

  /// Goes on within the block; false at its end.
  @inline(__always)
  mutating func advance(past size: Int) -> Bool {
    offset += size
    return settle()
  }

  /// Reads the next block; false where there is none.
  mutating func load(_ tables: DayTables) throws(StoreError) -> Bool {
    while let head = try nextHead(tables) {
      var (buffer, filled) = (buffer, 0)
      _ = try tables.store.show(run: run, part: head.part) { bytes in
        if bytes.count > buffer.count {
          buffer.deallocate()
          buffer = .allocate(byteCount: bytes.count, alignment: 16)
        }
        buffer.copyMemory(from: bytes)
        filled = bytes.count
      }
      (self.buffer, self.filled, offset) = (buffer, filled, 0)
      if settle() { return true }
    }
    return false
  }

  private mutating func nextHead(_ tables: DayTables) throws(StoreError) -> BlockHead? {
    if heads.isEmpty { heads = try tables.heads(run: run, after: after, limit: Self.fetch)[...] }
    guard let head = heads.popFirst() else { return nil }
    after = head.first
    return head
  }

  @inline(__always)
  private mutating func settle() -> Bool {
    record = PackedRecord(UnsafeRawBufferPointer(rebasing: buffer[..<filled]), at: offset)
    guard let record else { return false }
    position = RecordPosition(owner: record.owner, id: record.id)
    return true
  }
}
