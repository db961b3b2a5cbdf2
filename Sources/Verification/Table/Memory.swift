// Zeroed memory straight from the kernel, in huge pages where it pays: a look-up touches random
// places, and with 4 KiB pages most of its time would go into page-table walks.
import CSystem
import Glibc

enum Memory {
  /// Asks for the cache line at `place` for who will need it a little later: with many keys each of
  /// their lines is far away, and several of them can be on their way at once.
  @inline(__always)
  static func expect(_ place: UnsafeRawPointer) { latchkey_prefetch(place) }

  static let hugePage = 2 << 20

  /// Zeroed; aligned to 2 MiB where at least that much is asked for.
  static func map(byteCount: Int) -> UnsafeMutableRawPointer {
    let alignment = byteCount >= hugePage ? hugePage : 0
    let total = byteCount + alignment
    guard
      let base = mmap(nil, total, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
      base != MAP_FAILED
    else { preconditionFailure("out of memory: \(byteCount) bytes for the record table") }
    guard alignment > 0 else { return base }
    let start = (UInt(bitPattern: base) + UInt(alignment - 1)) & ~UInt(alignment - 1)
    let head = Int(start - UInt(bitPattern: base))
    if head > 0 { munmap(base, head) }
    let pointer = base + head
    if alignment - head > 0 { munmap(pointer + byteCount, alignment - head) }
    madvise(pointer, byteCount, MADV_HUGEPAGE)
    return pointer
  }

  static func unmap(_ pointer: UnsafeMutableRawPointer, byteCount: Int) {
    munmap(pointer, byteCount)
  }

  /// Zeroed, for a table that is soon given up for another; aligned to its elements, at least to a
  /// cache line. Less than a huge page is the allocator's, which has such pieces at hand, where the
  /// kernel would charge a fault for each page; more is not touched before it is used.
  static func table<T>(of type: T.Type, _ count: Int) -> UnsafeMutablePointer<T> {
    let byteCount = count * MemoryLayout<T>.stride
    guard byteCount < hugePage else {
      return map(byteCount: byteCount).bindMemory(to: T.self, capacity: count)
    }
    let memory = UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: 64)
    memset(memory, 0, byteCount)
    return memory.bindMemory(to: T.self, capacity: count)
  }

  static func giveUp<T>(_ table: UnsafeMutablePointer<T>, _ count: Int) {
    let byteCount = count * MemoryLayout<T>.stride
    if byteCount < hugePage {
      UnsafeMutableRawPointer(table).deallocate()
    } else {
      unmap(table, byteCount: byteCount)
    }
  }
}
