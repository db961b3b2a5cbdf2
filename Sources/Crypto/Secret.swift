// A value that must not be printed, logged or encoded by accident. It must never conform to
// Encodable, and `revealText` is the only way to its text.

/// Bytes that print as `[redacted]` in every way Swift prints things; wiped when the last copy
/// goes.
package struct Secret: Sendable, CustomStringConvertible, CustomDebugStringConvertible,
  CustomReflectable, Equatable
{
  private let storage: Storage

  package init(_ bytes: [UInt8]) { storage = bytes.withUnsafeBytes { Storage($0) } }

  package init(_ text: String) {
    var text = text
    storage = text.withUTF8 { Storage(UnsafeRawBufferPointer($0)) }
  }

  package init(copying bytes: UnsafeRawBufferPointer) { storage = Storage(bytes) }

  package var count: Int { storage.memory.count }

  /// The pointer must not leave `body`.
  package func withBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
    defer { withExtendedLifetime(storage) {} }
    return try body(UnsafeRawBufferPointer(storage.memory))
  }

  /// The one way to the text, named so that it is found by searching. Bytes that are no UTF-8 come
  /// out as replacement characters.
  package func revealText() -> String { withBytes { String(decoding: $0, as: UTF8.self) } }

  package var description: String { "[redacted]" }
  package var debugDescription: String { "[redacted]" }
  package var customMirror: Mirror { Mirror(self, children: []) }

  /// Constant time for secrets of the same length.
  package static func == (left: Self, right: Self) -> Bool {
    left.withBytes { a in right.withBytes { constantTimeEqual(a, $0) } }
  }

  private final class Storage: @unchecked Sendable {
    // Sendable: written in `init` only.
    let memory: UnsafeMutableRawBufferPointer

    init(_ bytes: UnsafeRawBufferPointer) {
      memory = .allocate(byteCount: bytes.count, alignment: 1)
      memory.copyMemory(from: bytes)
    }

    deinit {
      Sodium.zero(memory)
      memory.deallocate()
    }
  }
}
