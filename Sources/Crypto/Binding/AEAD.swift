// XChaCha20-Poly1305 as libsodium has it: key 32, nonce 24, tag 16 bytes. Random nonces are its
// documented safe use. What stands around the ciphertext is the caller's.
internal import CSodium

enum AEAD {
  static let keyBytes = 32
  static let nonceBytes = 24
  static let tagBytes = 16

  /// Ciphertext and tag.
  static func seal(
    _ plain: UnsafeRawBufferPointer, key: UnsafeRawBufferPointer, nonce: [UInt8], data: [UInt8]
  ) -> [UInt8] {
    precondition(key.count == keyBytes && nonce.count == nonceBytes && Sodium.ready)
    var out = [UInt8](repeating: 0, count: plain.count + tagBytes)
    let code = crypto_aead_xchacha20poly1305_ietf_encrypt(
      &out, nil, plain.bytePointer, UInt64(plain.count), data, UInt64(data.count), nil, nonce,
      key.bytePointer)
    precondition(code == 0)
    return out
  }

  /// Nil where anything was changed. The plain bytes exist only inside `body`.
  static func open<R>(
    _ sealed: ArraySlice<UInt8>, key: UnsafeRawBufferPointer, nonce: [UInt8], data: [UInt8],
    _ body: (UnsafeRawBufferPointer) -> R
  ) -> R? {
    precondition(key.count == keyBytes && Sodium.ready)
    guard sealed.count >= tagBytes, nonce.count == nonceBytes else { return nil }
    let count = sealed.count - tagBytes
    let plain = UnsafeMutableRawBufferPointer.allocate(byteCount: max(count, 1), alignment: 1)
    defer {
      Sodium.zero(plain)
      plain.deallocate()
    }
    let code = sealed.withUnsafeBytes { input in
      crypto_aead_xchacha20poly1305_ietf_decrypt(
        plain.bytePointer, nil, nil, input.bytePointer, UInt64(input.count), data,
        UInt64(data.count), nonce, key.bytePointer)
    }
    return code == 0 ? body(UnsafeRawBufferPointer(rebasing: plain[..<count])) : nil
  }
}
