// Epoch-based reclamation: readers announce that they are looking, the one writer frees what it
// unlinked only when nobody who might have seen it is still looking. Readers never wait. Where the
// kernel offers it, the barrier between an announcement and the look that follows is the writer's
// to make, on all threads at once: then a reader pays two plain stores.
import CSystem
import Synchronization

/// The readers' announcements; each has a cache line of its own.
final class Epochs: @unchecked Sendable {
  // Unchecked: the slots are atomics in memory that lives as long as this object.
  static let readersMax = 256
  private static let stride = 128
  private let slots: UnsafeMutableRawPointer
  private let current = Atomic<UInt64>(1)
  private let readers = Atomic<Int>(0)
  private let writerMakesBarriers = latchkey_barrier_register() == 0

  init() {
    let size = Self.readersMax * Self.stride
    slots = .allocate(byteCount: size, alignment: Self.stride)
    slots.initializeMemory(as: UInt8.self, repeating: 0, count: size)
  }

  deinit { slots.deallocate() }

  private func slot(_ reader: Int) -> UnsafeMutablePointer<Atomic<UInt64>> {
    (slots + reader * Self.stride).assumingMemoryBound(to: Atomic<UInt64>.self)
  }

  /// A new reader's number. A process has one per worker, far fewer than `readersMax`.
  func register() -> Int {
    let reader = readers.wrappingAdd(1, ordering: .relaxed).oldValue
    precondition(reader < Self.readersMax, "more readers than the record table has room for")
    return reader
  }

  @inline(__always)
  func enter(_ reader: Int) {
    let epoch = current.load(ordering: .relaxed)
    if writerMakesBarriers {
      slot(reader).pointee.store(epoch, ordering: .releasing)
    } else {
      slot(reader).pointee.store(epoch, ordering: .sequentiallyConsistent)
    }
  }

  @inline(__always)
  func leave(_ reader: Int) {
    slot(reader).pointee.store(0, ordering: .releasing)
  }

  /// Writer: ends the present epoch and gives its number, to stamp what was unlinked during it.
  func advance() -> UInt64 {
    current.wrappingAdd(1, ordering: .sequentiallyConsistent).oldValue
  }

  /// Writer: everything stamped below this may be freed.
  func oldestVisible() -> UInt64 {
    if writerMakesBarriers {
      precondition(latchkey_barrier() == 0, "the kernel took back membarrier")
    }
    var oldest = current.load(ordering: .sequentiallyConsistent)
    for reader in 0..<min(readers.load(ordering: .relaxed), Self.readersMax) {
      let epoch = slot(reader).pointee.load(ordering: .sequentiallyConsistent)
      if epoch != 0 { oldest = min(oldest, epoch) }
    }
    return oldest
  }
}

/// Things unlinked and not yet free; writer only.
struct Retirements: @unchecked Sendable {
  // Unchecked: raw memory changes hands with the one writer.
  enum Retired {
    case detail(UInt32)
    case account(UInt32)
    case memory(UnsafeMutableRawPointer)
    case segment(Segment)
  }

  private var waiting: [(epoch: UInt64, retired: Retired)] = []
  private var head = 0
  private var sealed = 0

  var isEmpty: Bool { waiting.isEmpty }

  mutating func add(_ retired: Retired) { waiting.append((.max, retired)) }

  /// Stamps what was added since the last seal with the epoch that ends now.
  mutating func seal(_ advance: () -> UInt64) {
    guard sealed < waiting.count else { return }
    let epoch = advance()
    while sealed < waiting.count {
      waiting[sealed].epoch = epoch
      sealed += 1
    }
  }

  /// Takes one thing whose epoch is over.
  mutating func next(below epoch: UInt64) -> Retired? {
    guard head < waiting.count, waiting[head].epoch < epoch else { return nil }
    let retired = waiting[head].retired
    head += 1
    if head == waiting.count {
      waiting.removeAll(keepingCapacity: waiting.capacity < 4096)
      head = 0
      sealed = 0
    }
    return retired
  }
}
