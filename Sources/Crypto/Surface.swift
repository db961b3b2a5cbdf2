// DRAFT of Crypto's surface; the real files replace it declaration by declaration.
package import KeyModel

/// Bytes that must not be printed, logged or encoded by accident.
package struct Secret: Sendable, CustomStringConvertible {
  package init(_ bytes: [UInt8]) { fatalError() }
  package init(_ text: String) { fatalError() }
  package func withBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
    fatalError()
  }
  /// The one way to the text, named so that it is found by searching.
  package func revealText() -> String { fatalError() }
  package var description: String { "[redacted]" }
}

package protocol Entropy: Sendable {
  func fill(_ buffer: UnsafeMutableRawBufferPointer)
}

package struct SystemEntropy: Entropy {
  package init() {}
  package func fill(_ buffer: UnsafeMutableRawBufferPointer) { fatalError() }
}

/// Makes look-up values; safe on any thread; no allocation.
package struct LookupHasher: Sendable {
  package init(pepperID: Int64, pepper: [UInt8]) { fatalError() }
  package func lookup(of token: UnsafeRawBufferPointer) -> Lookup { fatalError() }
  package static func sha256(of token: UnsafeRawBufferPointer) -> Lookup { fatalError() }
}
