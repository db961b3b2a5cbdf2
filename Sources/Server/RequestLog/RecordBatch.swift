// What the writer's thread works with: records of all rings in one piece, a bell that others ring
// for it, and the signal of its end.
internal import CSystem
internal import Glibc
internal import Synchronization

/// Of one thread. Grows as needed and gives memory back after a rush.
final class RecordBatch {
  private var memory = UnsafeMutableRawPointer.allocate(
    byteCount: RecordBatch.restingBytes, alignment: 16)
  private var capacity = RecordBatch.restingBytes
  private(set) var count = 0
  private static let restingBytes = 1 << 20

  deinit { memory.deallocate() }

  var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: memory, count: count) }

  func append(_ run: UnsafeRawBufferPointer) {
    guard let from = run.baseAddress, run.count > 0 else { return }
    if count + run.count > capacity { resize(max(capacity * 2, count + run.count)) }
    (memory + count).copyMemory(from: from, byteCount: run.count)
    count += run.count
  }

  func empty() {
    count = 0
    if capacity > 4 * Self.restingBytes { resize(Self.restingBytes) }
  }

  private func resize(_ size: Int) {
    let larger = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 16)
    if count > 0 { larger.copyMemory(from: memory, byteCount: count) }
    memory.deallocate()
    memory = larger
    capacity = size
  }
}

/// Wakes one waiting thread, from any other; ringing never waits.
final class Bell: Sendable {
  private let descriptor: Int32

  init() throws(ToolError) {
    descriptor = latchkey_eventfd()
    guard descriptor >= 0 else {
      throw ToolError(.failure, "no descriptor is left: \(String(cString: strerror(errno)))")
    }
  }

  deinit { close(descriptor) }

  func ring() {
    var one: UInt64 = 1
    _ = write(descriptor, &one, 8)
  }

  /// Returns when the bell was rung since the last wait, or after so long; true where it was rung.
  func wait(milliseconds: Int32) -> Bool {
    var question = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    guard poll(&question, 1, milliseconds) > 0 else { return false }
    var count: UInt64 = 0
    _ = read(descriptor, &count, 8)
    return true
  }
}

/// Said once, waited for by whoever wants to.
final class DoneSignal: Sendable {
  private let isDone = Atomic(false)

  func signal() { isDone.store(true, ordering: .releasing) }

  func wait() { while !isDone.load(ordering: .acquiring) { usleep(1000) } }
}
