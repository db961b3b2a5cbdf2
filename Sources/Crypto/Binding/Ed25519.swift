// Ed25519 signatures as libsodium makes them (RFC 8032).
internal import CSodium

/// A signing key. Copies share one memory, which is wiped with the last of them.
package struct Ed25519Key: Sendable {
  package static let seedBytes = 32
  /// Seed and public key, as libsodium wants them.
  private let expanded: Secret
  package let publicKey: [UInt8]

  /// - Parameter seed: 32 random bytes.
  package init(seed: UnsafeRawBufferPointer) {
    precondition(seed.count == Self.seedBytes && Sodium.ready)
    var open = [UInt8](repeating: 0, count: 32)
    var secret = [UInt8](repeating: 0, count: 64)
    crypto_sign_seed_keypair(&open, &secret, seed.bytePointer)
    expanded = Secret(secret)
    secret.withUnsafeMutableBytes { Sodium.zero($0) }
    publicKey = open
  }

  /// 64 bytes.
  package func sign(_ message: [UInt8]) -> [UInt8] {
    var signature = [UInt8](repeating: 0, count: 64)
    expanded.withBytes { key in
      _ = crypto_sign_detached(
        &signature, nil, message, UInt64(message.count), key.bytePointer)
    }
    return signature
  }

  package static func isValid(
    _ signature: [UInt8], of message: [UInt8], publicKey: [UInt8]
  ) -> Bool {
    guard signature.count == 64, publicKey.count == 32, Sodium.ready else { return false }
    return crypto_sign_verify_detached(
      signature, message, UInt64(message.count), publicKey) == 0
  }
}
