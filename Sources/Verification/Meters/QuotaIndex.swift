// Finds a subject's cell without a lock: open addressing over pointers to cells. Cells never move
// and are never given up while the process runs; one writer at a time puts new ones in.
import KeyModel
import Synchronization

/// Only `find` may be called beside the writer.
final class QuotaIndex: @unchecked Sendable {
  // Unchecked: slots and the table in force are atomics, the rest is the writer's.
  private typealias Slot = Atomic<UInt>

  /// The table's own head: how many slots follow it.
  private struct Table: @unchecked Sendable {
    // Unchecked: a pointer to memory that lives as long as the index.
    static let headBytes = 64
    let memory: UnsafeMutableRawPointer

    init(memory: UnsafeMutableRawPointer) { self.memory = memory }

    init(slots: Int) {
      memory = Memory.map(byteCount: Self.headBytes + slots * MemoryLayout<Slot>.stride)
      memory.storeBytes(of: slots - 1, as: Int.self)
    }

    @inline(__always) var mask: Int { memory.load(as: Int.self) }
    @inline(__always) var slots: UnsafeMutablePointer<Slot> {
      (memory + Self.headBytes).assumingMemoryBound(to: Slot.self)
    }

    func destroy() {
      Memory.unmap(memory, byteCount: Self.headBytes + (mask + 1) * MemoryLayout<Slot>.stride)
    }
  }

  private static let cellsPerSlab = 1024
  private let current: Atomic<UInt>
  private var tables: [Table]
  private var slabs: [UnsafeMutableRawPointer] = []
  private(set) var count = 0

  init() {
    let first = Table(slots: 1024)
    tables = [first]
    current = Atomic(UInt(bitPattern: first.memory))
  }

  deinit {
    for table in tables { table.destroy() }
    for slab in slabs {
      Memory.unmap(slab, byteCount: Self.cellsPerSlab * QuotaCell.byteCount)
    }
  }

  @inline(__always)
  private static func start(_ id: UInt128) -> Int {
    // The low 80 bits of an id are random.
    Int(truncatingIfNeeded: id ^ id >> 40)
  }

  /// The subject will probably be looked for soon.
  @inline(__always)
  func expect(_ id: UInt128) {
    guard let memory = UnsafeMutableRawPointer(bitPattern: current.load(ordering: .acquiring))
    else { return }
    let table = Table(memory: memory)
    Memory.expect(table.slots + (Self.start(id) & table.mask))
  }

  @inline(__always)
  func find(_ id: UInt128) -> QuotaCell? {
    guard
      let memory = UnsafeMutableRawPointer(bitPattern: current.load(ordering: .acquiring))
    else { return nil }
    let table = Table(memory: memory)
    let (mask, slots) = (table.mask, table.slots)
    var at = Self.start(id) & mask
    while let found = UnsafeMutableRawPointer(
      bitPattern: slots[at].load(ordering: .acquiring))
    {
      let cell = QuotaCell(found)
      if cell.id == id { return cell }
      at = (at + 1) & mask
    }
    return nil
  }

  // MARK: Writer

  func insert(_ subject: QuotaSubject) -> QuotaCell {
    if (count + 1) * 2 > tables[tables.count - 1].mask + 1 { grow() }
    if count % Self.cellsPerSlab == 0 {
      slabs.append(Memory.map(byteCount: Self.cellsPerSlab * QuotaCell.byteCount))
    }
    let place = slabs[slabs.count - 1] + count % Self.cellsPerSlab * QuotaCell.byteCount
    let cell = QuotaCell(at: place, subject)
    count += 1
    Self.put(cell, in: tables[tables.count - 1])
    return cell
  }

  var all: some Sequence<QuotaCell> {
    (0..<count).lazy.map { [slabs] number in
      let slab = slabs[number / Self.cellsPerSlab]
      return QuotaCell(slab + number % Self.cellsPerSlab * QuotaCell.byteCount)
    }
  }

  private static func put(_ cell: QuotaCell, in table: Table) {
    var at = start(cell.id) & table.mask
    while table.slots[at].load(ordering: .relaxed) != 0 { at = (at + 1) & table.mask }
    table.slots[at].store(UInt(bitPattern: cell.memory), ordering: .releasing)
  }

  /// The tables before stay, since somebody may be reading them: together they are smaller than
  /// the new one.
  private func grow() {
    let table = Table(slots: (tables[tables.count - 1].mask + 1) * 2)
    for cell in all { Self.put(cell, in: table) }
    tables.append(table)
    current.store(UInt(bitPattern: table.memory), ordering: .releasing)
  }
}
