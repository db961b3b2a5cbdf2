// Random bytes, SHA-256, HMAC-SHA-256 and BLAKE2b as libsodium has them. No policy here: which
// hash is used for what is decided by the files above this folder.
internal import CSodium

enum RandomBytes {
  static func system(_ buffer: UnsafeMutableRawBufferPointer) {
    precondition(Sodium.ready)
    guard let base = buffer.baseAddress else { return }
    randombytes_buf(base, buffer.count)
  }

  static func deterministic(_ buffer: UnsafeMutableRawBufferPointer, seed: (UInt64, UInt64)) {
    precondition(Sodium.ready)
    guard let base = buffer.baseAddress else { return }
    var words = (seed.0, seed.1, UInt64(0), UInt64(0))
    withUnsafeBytes(of: &words) { bytes in
      randombytes_buf_deterministic(
        base, buffer.count, bytes.bytePointer)
    }
  }
}

package enum SHA256 {
  package static let byteCount = 32

  /// `out` must hold 32 bytes. No allocation.
  package static func digest(
    of bytes: UnsafeRawBufferPointer, into out: UnsafeMutableRawBufferPointer
  ) {
    precondition(out.count >= byteCount && Sodium.ready)
    crypto_hash_sha256(out.bytePointer, bytes.bytePointer, UInt64(bytes.count))
  }

  package static func digest(of bytes: [UInt8]) -> [UInt8] {
    var out = [UInt8](repeating: 0, count: byteCount)
    bytes.withUnsafeBytes { input in out.withUnsafeMutableBytes { digest(of: input, into: $0) } }
    return out
  }
}

/// An HMAC-SHA-256 key with both pads already absorbed; copy it, update, finish. A plain value:
/// no allocation, no reference count.
package struct HMACSHA256: Sendable {
  package static let byteCount = 32
  private var state = crypto_auth_hmacsha256_state()

  package init(key: UnsafeRawBufferPointer) {
    precondition(Sodium.ready)
    crypto_auth_hmacsha256_init(&state, key.bytePointer, key.count)
  }

  package init(key: [UInt8]) { self = key.withUnsafeBytes { HMACSHA256(key: $0) } }

  package mutating func update(_ bytes: UnsafeRawBufferPointer) {
    crypto_auth_hmacsha256_update(&state, bytes.bytePointer, UInt64(bytes.count))
  }

  /// `out` must hold 32 bytes. The value is spent afterwards: finish a copy.
  package mutating func finish(into out: UnsafeMutableRawBufferPointer) {
    precondition(out.count >= Self.byteCount)
    crypto_auth_hmacsha256_final(&state, out.bytePointer)
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

package enum BLAKE2b {
  /// 1 to 64 bytes of BLAKE2b, keyed where `key` is not empty (at most 64 bytes).
  package static func digest(of bytes: [UInt8], key: [UInt8] = [], count: Int = 32) -> [UInt8] {
    bytes.withUnsafeBytes { input in
      key.withUnsafeBytes { digest(of: input, key: $0, count: count) }
    }
  }

  package static func digest(
    of bytes: UnsafeRawBufferPointer, key: UnsafeRawBufferPointer, count: Int = 32
  ) -> [UInt8] {
    precondition((1...64).contains(count) && key.count <= 64 && Sodium.ready)
    var out = [UInt8](repeating: 0, count: count)
    let code = crypto_generichash(
      &out, count, bytes.bytePointer, UInt64(bytes.count),
      key.isEmpty ? nil : key.bytePointer, key.count)
    precondition(code == 0)
    return out
  }
}

/// C wants an address even for no bytes at all; nothing is read from or written to this one.
private nonisolated(unsafe) let nowhere = UnsafeMutablePointer<UInt8>.allocate(capacity: 1)

extension UnsafeRawBufferPointer {
  var bytePointer: UnsafePointer<UInt8> {
    baseAddress?.assumingMemoryBound(to: UInt8.self) ?? UnsafePointer(nowhere)
  }
}

extension UnsafeMutableRawBufferPointer {
  var bytePointer: UnsafeMutablePointer<UInt8> {
    baseAddress?.assumingMemoryBound(to: UInt8.self) ?? nowhere
  }
}
