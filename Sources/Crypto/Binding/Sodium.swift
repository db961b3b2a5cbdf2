// Starts libsodium once and holds its memory. Everything that calls C in this module sits in this
// folder; nothing here may know keys, records or files.
internal import CSodium

enum Sodium {
  /// Touch before the first call into libsodium; safe on any thread.
  static let ready: Bool = {
    let code = sodium_init()
    precondition(code >= 0, "libsodium could not be started")
    return true
  }()

  static func zero(_ memory: UnsafeMutableRawBufferPointer) {
    guard let base = memory.baseAddress else { return }
    sodium_memzero(base, memory.count)
  }
}

/// True where both hold the same bytes; takes the same time wherever they differ. Lengths are not
/// secret.
package func constantTimeEqual(
  _ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer
) -> Bool {
  guard left.count == right.count else { return false }
  guard let a = left.baseAddress, let b = right.baseAddress else { return true }
  return sodium_memcmp(a, b, left.count) == 0
}

package func constantTimeEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
  left.withUnsafeBytes { a in right.withUnsafeBytes { constantTimeEqual(a, $0) } }
}

/// Key bytes between guard pages, locked where the system allows it, read-only once filled, wiped
/// when the last holder lets go.
final class SecretBox: @unchecked Sendable {
  // Sendable: the memory is written in `init` only and is then protected against writing.
  private let memory: UnsafeMutableRawBufferPointer

  init(count: Int, _ fill: (UnsafeMutableRawBufferPointer) -> Void) {
    precondition(Sodium.ready)
    guard let base = sodium_malloc(count) else { preconditionFailure("out of memory for keys") }
    memory = UnsafeMutableRawBufferPointer(start: base, count: count)
    fill(memory)
    sodium_mprotect_readonly(base)
  }

  convenience init(_ bytes: [UInt8]) { self.init(count: bytes.count) { $0.copyBytes(from: bytes) } }

  deinit { sodium_free(memory.baseAddress) }

  var count: Int { memory.count }

  func withBytes<R, E: Error>(
    _ body: (UnsafeRawBufferPointer) throws(E) -> R
  ) throws(E) -> R {
    defer { withExtendedLifetime(self) {} }
    return try body(UnsafeRawBufferPointer(memory))
  }
}
