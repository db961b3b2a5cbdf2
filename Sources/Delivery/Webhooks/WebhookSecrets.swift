// What a webhook signs with and is known by, and its forms: sealed in one piece, shown in texts.
package import Crypto
internal import KeyModel

package struct WebhookSecrets: Sendable {
  /// The key of the standard's `v1` signatures: 32 bytes.
  let key: Secret
  /// The key of its `v1a` signatures.
  let signer: Ed25519Key
  private let seed: Secret
  private let rawToken: Secret
  /// Sent as it is where the policy says so: 86 characters.
  package let token: Secret

  private static let keyBytes = 32
  private static let tokenBytes = 64
  private static let totalBytes = keyBytes + Ed25519Key.seedBytes + tokenBytes

  package init(entropy: any Entropy) {
    self.init(
      key: entropy.bytes(Self.keyBytes), seed: entropy.bytes(Ed25519Key.seedBytes),
      token: entropy.bytes(Self.tokenBytes))
  }

  /// - Parameter whole: as `sealable` gave it; nil where it cannot be that.
  package init?(_ whole: Secret) {
    guard whole.count == Self.totalBytes else { return nil }
    let bytes = whole.withBytes { Array($0) }
    self.init(
      key: Array(bytes.prefix(Self.keyBytes)),
      seed: Array(bytes[Self.keyBytes..<(Self.keyBytes + Ed25519Key.seedBytes)]),
      token: Array(bytes.suffix(Self.tokenBytes)))
  }

  private init(key: [UInt8], seed: [UInt8], token: [UInt8]) {
    self.key = Secret(key)
    self.seed = Secret(seed)
    signer = seed.withUnsafeBytes { Ed25519Key(seed: $0) }
    rawToken = Secret(token)
    self.token = Secret(Base64URL.encode(token))
  }

  package var sealable: Secret {
    Secret([key, seed, rawToken].flatMap { $0.withBytes { Array($0) } })
  }

  /// `whsec_…`, as receivers' libraries want it.
  package var secret: Secret { Secret("whsec_" + Base64.encode(key.withBytes { Array($0) })) }

  /// `whpk_…`, for whoever verifies without holding a secret.
  package var publicKey: String { "whpk_" + Base64.encode(signer.publicKey) }
}
