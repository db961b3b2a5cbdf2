// Random bytes and BLAKE2b as libsodium has them. No policy here: which hash is used for what is
// decided by the files above this folder.
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
