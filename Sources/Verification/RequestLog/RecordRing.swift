// Request records on their way from one worker to the thread that stores them. One producer, one
// consumer, no lock, no allocation: where it is full the record is dropped and counted, since no
// call may ever wait for its record. It does not know what a record looks like.
import Synchronization

/// Records lie one after the other, whole, in the order in which they were written. A record that
/// would not fit behind the last one begins at the front again, behind nothing.
package final class RecordRing: @unchecked Sendable {
  // Unchecked: `memory` below `written` is the consumer's, the rest the producer's; the atomics say
  // where one ends and the other begins.

  /// About as many as a worker makes at its fastest in three times the consumer's longest pause.
  package static let defaultCapacity = 4 << 20

  package let capacity: Int
  private let memory: UnsafeMutableRawPointer
  /// Producer's and consumer's words, each in a cache line of its own.
  private let words: UnsafeMutableRawPointer
  private let wake: @Sendable () -> Void

  private static let stride = 128
  private enum Word: Int {
    /// Up to where the producer has written, as an offset.
    case written
    /// Where the records of the lap before end; counts only while `written` is below `read`.
    case lapEnd
    /// Up to where the consumer has read.
    case read
    case dropped
    /// 1 once the consumer was called, until it comes.
    case called
  }

  /// - Parameters:
  ///   - capacity: bytes; what is written at once must be far smaller.
  ///   - wake: called by the producer when the ring is half full, once until the next `drain`. It
  ///     must be quick and must not wait.
  package init(
    capacity: Int = RecordRing.defaultCapacity, wake: @escaping @Sendable () -> Void = {}
  ) {
    self.capacity = capacity
    self.wake = wake
    memory = .allocate(byteCount: capacity, alignment: 64)
    words = .allocate(byteCount: 5 * Self.stride, alignment: Self.stride)
    words.initializeMemory(as: UInt8.self, repeating: 0, count: 5 * Self.stride)
  }

  deinit {
    memory.deallocate()
    words.deallocate()
  }

  @inline(__always)
  private func word(_ word: Word) -> UnsafeMutablePointer<Atomic<Int>> {
    (words + word.rawValue * Self.stride).assumingMemoryBound(to: Atomic<Int>.self)
  }

  /// Records that found no room so far. From any thread.
  package var dropped: Int { word(.dropped).pointee.load(ordering: .relaxed) }

  /// Bytes that wait for the consumer. From any thread: what it was a moment ago.
  package var used: Int {
    let written = word(.written).pointee.load(ordering: .relaxed)
    let used = written - word(.read).pointee.load(ordering: .relaxed)
    return used < 0 ? used + capacity : used
  }

  // MARK: The producer

  /// Lets `body` fill exactly `count` bytes. False where there is no room: then `body` is not
  /// called and the record counts as dropped.
  @inline(__always)
  @discardableResult
  package func write(
    _ count: Int, _ body: (UnsafeMutableRawBufferPointer) -> Void
  ) -> Bool {
    let written = word(.written).pointee.load(ordering: .relaxed)
    let read = word(.read).pointee.load(ordering: .acquiring)
    guard let start = place(count, written: written, read: read) else {
      word(.dropped).pointee.add(1, ordering: .relaxed)
      return false
    }
    body(UnsafeMutableRawBufferPointer(start: memory + start, count: count))
    if start != written { word(.lapEnd).pointee.store(written, ordering: .relaxed) }
    word(.written).pointee.store(start + count, ordering: .releasing)
    let used = start + count - read
    if (used < 0 ? used + capacity : used) * 2 > capacity { callConsumer() }
    return true
  }

  /// Where `count` bytes may go: never so that a full ring looks like an empty one.
  @inline(__always)
  private func place(_ count: Int, written: Int, read: Int) -> Int? {
    if written < read { return written + count < read ? written : nil }
    if capacity - written >= count { return written }
    return count < read ? 0 : nil
  }

  @inline(never)
  private func callConsumer() {
    if word(.called).pointee.exchange(1, ordering: .relaxed) == 0 { wake() }
  }

  // MARK: The consumer

  /// Gives all that was written before this call, in one or two runs of whole records, and frees
  /// it. What `body` throws frees nothing of its run: it comes again with the next call.
  package func drain(_ body: (UnsafeRawBufferPointer) throws -> Void) rethrows {
    word(.called).pointee.store(0, ordering: .relaxed)
    let written = word(.written).pointee.load(ordering: .acquiring)
    var read = word(.read).pointee.load(ordering: .relaxed)
    if written < read {
      let end = word(.lapEnd).pointee.load(ordering: .relaxed)
      if read < end {
        try body(UnsafeRawBufferPointer(start: memory + read, count: end - read))
      }
      read = 0
      word(.read).pointee.store(0, ordering: .releasing)
    }
    guard read < written else { return }
    try body(UnsafeRawBufferPointer(start: memory + read, count: written - read))
    word(.read).pointee.store(written, ordering: .releasing)
  }
}
