// A file of lines, written or read through one buffer. The only owner of its descriptor.
import Glibc

final class LineFile {
  private let descriptor: Int32
  private var buffer: [UInt8] = []
  private var start = 0
  private static let bufferSize = 256 * 1024

  init(descriptor: Int32) { self.descriptor = descriptor }

  /// A new file for this user alone; an old one of that name is an error.
  static func create(_ path: String) throws(DumpError) -> Int32 {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw .file(errno: errno) }
    return descriptor
  }

  static func existing(_ path: String) throws(DumpError) -> Int32 {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .file(errno: errno) }
    return descriptor
  }

  /// To the start again, for a transaction that runs again.
  func rewind(truncating: Bool) throws(DumpError) {
    buffer.removeAll(keepingCapacity: true)
    start = 0
    guard lseek(descriptor, 0, SEEK_SET) == 0 else { throw .file(errno: errno) }
    guard !truncating || ftruncate(descriptor, 0) == 0 else { throw .file(errno: errno) }
  }

  func write(_ line: [UInt8]) throws(DumpError) {
    buffer += line
    buffer.append(UInt8(ascii: "\n"))
    if buffer.count >= Self.bufferSize { try flush() }
  }

  private func flush() throws(DumpError) {
    var written = 0
    while written < buffer.count {
      let count = buffer.withUnsafeBytes {
        Glibc.write(descriptor, $0.baseAddress?.advanced(by: written), $0.count - written)
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw .file(errno: errno) }
      written += count
    }
    buffer.removeAll(keepingCapacity: true)
  }

  /// On the disk, not only in its cache.
  func finish() throws(DumpError) {
    try flush()
    guard fsync(descriptor) == 0 else { throw .file(errno: errno) }
  }

  /// Without its line feed; nil at the end. A last line without one is not a line.
  func read() throws(DumpError) -> [UInt8]? {
    while true {
      if let end = buffer[start...].firstIndex(of: UInt8(ascii: "\n")) {
        defer { start = end + 1 }
        return Array(buffer[start..<end])
      }
      if try !fill() { return nil }
    }
  }

  /// Whether bytes without a line feed are left, once `read` has come to the end.
  var hasRest: Bool { start < buffer.count }

  private func fill() throws(DumpError) -> Bool {
    buffer.removeFirst(start)
    start = 0
    let old = buffer.count
    buffer.append(contentsOf: repeatElement(0, count: Self.bufferSize))
    while true {
      let count = buffer.withUnsafeMutableBytes {
        Glibc.read(descriptor, $0.baseAddress?.advanced(by: old), Self.bufferSize)
      }
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw .file(errno: errno) }
      buffer.removeLast(Self.bufferSize - count)
      return count > 0
    }
  }

  deinit { close(descriptor) }
}
