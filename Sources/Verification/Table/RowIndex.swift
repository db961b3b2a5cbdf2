// A hash index from 64-bit hashes to row numbers: open addressing, linear probing, slots that are
// written by one thread and read by any. It never moves an entry: growing makes a new index.
import Synchronization

/// The reader's half. The first word of the memory is the number of slots; a slot holds a tag (31
/// bits of the hash) in its high word and a row number in its low word, 0 where it is empty.
struct RowIndex: @unchecked Sendable {
  // Unchecked: the slots are atomics; whoever publishes the index decides when to free it.
  private static let header = 64
  fileprivate static let tombstone: UInt64 = 1 << 63
  let memory: UnsafeMutableRawPointer

  init(memory: UnsafeMutableRawPointer) { self.memory = memory }

  init(capacity: Int) {
    memory = Memory.map(byteCount: Self.header + capacity * 8)
    memory.storeBytes(of: capacity, as: Int.self)
  }

  func destroy() { Memory.unmap(memory, byteCount: Self.header + capacity * 8) }

  @inline(__always)
  var capacity: Int { memory.load(as: Int.self) }

  @inline(__always)
  fileprivate var slots: UnsafeMutablePointer<Atomic<UInt64>> {
    (memory + Self.header).assumingMemoryBound(to: Atomic<UInt64>.self)
  }

  @inline(__always)
  fileprivate func start(_ hash: UInt64) -> Int {
    Int(truncatingIfNeeded: ((hash >> 32) &* UInt64(truncatingIfNeeded: capacity)) >> 32)
  }

  @inline(__always)
  fileprivate static func tag(_ hash: UInt64) -> UInt64 { (hash & 0x7FFF_FFFF) << 32 }

  /// The first row with this hash for which `matches` is true.
  @inline(__always)
  func find(_ hash: UInt64, _ matches: (UInt32) -> Bool) -> UInt32? {
    let tag = Self.tag(hash)
    let capacity = capacity
    let slots = slots
    var at = start(hash)
    while true {
      let slot = slots[at].load(ordering: .acquiring)
      if slot == 0 { return nil }
      if slot & 0xFFFF_FFFF_0000_0000 == tag {
        let row = UInt32(truncatingIfNeeded: slot)
        if matches(row) { return row }
      }
      at += 1
      if at == capacity { at = 0 }
    }
  }
}

/// The writer's half: an index and how full it is.
struct IndexWriter {
  private(set) var index = RowIndex(capacity: 1024)
  /// Entries and tombstones.
  private var used = 0
  private(set) var live = 0

  var isCrowded: Bool { used * 4 >= index.capacity * 3 }

  mutating func insert(_ hash: UInt64, row: UInt32) {
    let at = probe(hash) { $0 == 0 || $0 == RowIndex.tombstone }
    if index.slots[at].load(ordering: .relaxed) == 0 { used += 1 }
    live += 1
    index.slots[at].store(RowIndex.tag(hash) | UInt64(row), ordering: .releasing)
  }

  /// Puts `new` (nil: nothing) in the place of `old`, in one store. `old` must be there.
  mutating func replace(_ hash: UInt64, old: UInt32, new: UInt32?) {
    let expected = RowIndex.tag(hash) | UInt64(old)
    let at = probe(hash) { $0 == expected }
    let slot = new.map { RowIndex.tag(hash) | UInt64($0) } ?? RowIndex.tombstone
    if new == nil { live -= 1 }
    index.slots[at].store(slot, ordering: .releasing)
  }

  /// An index without tombstones and with room for `entries`; gives back the old one.
  /// - Parameter hash: recomputes the hash of a row.
  mutating func resize(entries: Int, _ hash: (UInt32) -> UInt64) -> RowIndex {
    let old = index
    index = RowIndex(capacity: max(entries, live) * 3 / 2 + 1024)
    used = 0
    live = 0
    for at in 0..<old.capacity {
      let slot = old.slots[at].load(ordering: .relaxed)
      guard slot != 0, slot != RowIndex.tombstone else { continue }
      let row = UInt32(truncatingIfNeeded: slot)
      insert(hash(row), row: row)
    }
    return old
  }

  private func probe(_ hash: UInt64, _ wanted: (UInt64) -> Bool) -> Int {
    var at = index.start(hash)
    while !wanted(index.slots[at].load(ordering: .relaxed)) {
      at += 1
      if at == index.capacity { at = 0 }
    }
    return at
  }
}
