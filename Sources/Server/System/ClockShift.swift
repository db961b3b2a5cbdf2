// For tests of the built binary alone: moves the wall clock by what stands in a file that the test
// writes to while the server runs, so that days pass in seconds and clocks step. Without the
// variable there is no such thing. Elapsed time is never touched.
internal import Glibc
internal import Synchronization

package final class ClockShift: @unchecked Sendable {
  // Unchecked: one atomic word in a mapping that lives as long as this object.
  static let variable = "LATCHKEY_TEST_CLOCK"
  private static let size = MemoryLayout<Int64>.size
  private let word: UnsafeMutableRawPointer

  /// Nil where the variable is not set, or names no file of at least 8 bytes.
  init?(_ variables: [String: String]) {
    guard let path = variables[Self.variable] else { return nil }
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var facts = stat()
    guard fstat(descriptor, &facts) == 0, facts.st_size >= Self.size,
      let mapped = mmap(nil, Self.size, PROT_READ, MAP_SHARED, descriptor, 0),
      mapped != MAP_FAILED
    else { return nil }
    word = mapped
  }

  deinit { munmap(word, Self.size) }

  /// What is added to the wall clock; the file's first 8 bytes, in the machine's byte order.
  package var microseconds: Int64 {
    word.assumingMemoryBound(to: Atomic<Int64>.self).pointee.load(ordering: .relaxed)
  }

  /// Says loudly that time is not what it seems; refuses a variable that leads nowhere.
  static func announce(_ surroundings: Surroundings) throws(ToolError) {
    guard surroundings.variables[variable] != nil else { return }
    guard surroundings.clockShift != nil else {
      throw ToolError(.config, "\(variable) must name a file of 8 bytes; it is for tests only")
    }
    Log(surroundings).warning("\(variable) moves the clock of this server: for tests only")
  }
}
