// SHA-256 and HMAC-SHA-256 as OpenSSL has them, because it uses the processor's instructions for
// them where there are any and libsodium does not: forward-auth signs every answer. No policy here.
internal import COpenSSL

package enum SHA256 {
  package static let byteCount = 32

  /// `out` must hold 32 bytes. No allocation.
  package static func digest(
    of bytes: UnsafeRawBufferPointer, into out: UnsafeMutableRawBufferPointer
  ) {
    precondition(out.count >= byteCount)
    var state = SHA256_CTX()
    latchkey_sha256_begin(&state)
    latchkey_sha256_add(&state, bytes.baseAddress, bytes.count)
    latchkey_sha256_end(&state, out.bytePointer)
  }

  package static func digest(of bytes: [UInt8]) -> [UInt8] {
    var out = [UInt8](repeating: 0, count: byteCount)
    bytes.withUnsafeBytes { input in out.withUnsafeMutableBytes { digest(of: input, into: $0) } }
    return out
  }
}

/// An HMAC-SHA-256 key (RFC 2104) with both pads already absorbed; copy it, update, finish. A plain
/// value: no allocation, no reference count.
package struct HMACSHA256: Sendable {
  package static let byteCount = 32
  private static let blockBytes = 64
  private var inner: SHA256_CTX
  private var outer: SHA256_CTX

  package init(key: UnsafeRawBufferPointer) {
    inner = SHA256_CTX()
    outer = SHA256_CTX()
    latchkey_sha256_begin(&inner)
    latchkey_sha256_begin(&outer)
    withUnsafeTemporaryAllocation(byteCount: Self.blockBytes, alignment: 8) { pad in
      pad.initializeMemory(as: UInt8.self, repeating: 0)
      if key.count > Self.blockBytes {
        SHA256.digest(of: key, into: pad)
      } else {
        pad.copyMemory(from: key)
      }
      for at in pad.indices { pad[at] ^= 0x36 }
      latchkey_sha256_add(&inner, pad.baseAddress, pad.count)
      for at in pad.indices { pad[at] ^= 0x36 ^ 0x5C }
      latchkey_sha256_add(&outer, pad.baseAddress, pad.count)
      Sodium.zero(pad)
    }
  }

  package init(key: [UInt8]) { self = key.withUnsafeBytes { HMACSHA256(key: $0) } }

  package mutating func update(_ bytes: UnsafeRawBufferPointer) {
    latchkey_sha256_add(&inner, bytes.baseAddress, bytes.count)
  }

  /// `out` must hold 32 bytes. The value is spent afterwards: finish a copy.
  package mutating func finish(into out: UnsafeMutableRawBufferPointer) {
    precondition(out.count >= Self.byteCount)
    latchkey_sha256_end(&inner, out.bytePointer)
    latchkey_sha256_add(&outer, out.baseAddress, Self.byteCount)
    latchkey_sha256_end(&outer, out.bytePointer)
  }

  /// One message, leaving this value ready for the next.
  package func authenticate(
    _ bytes: UnsafeRawBufferPointer, into out: UnsafeMutableRawBufferPointer
  ) {
    var copy = self
    copy.update(bytes)
    copy.finish(into: out)
  }

  package func authenticate(_ bytes: [UInt8]) -> [UInt8] {
    var out = [UInt8](repeating: 0, count: Self.byteCount)
    bytes.withUnsafeBytes { input in
      out.withUnsafeMutableBytes { authenticate(input, into: $0) }
    }
    return out
  }
}
