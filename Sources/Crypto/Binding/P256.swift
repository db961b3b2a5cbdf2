// ECDSA on P-256 with SHA-256, as secret scanners sign what they report; libsodium has no such
// curve, so OpenSSL verifies. Nothing is ever signed here.
internal import COpenSSL

package struct P256PublicKey: Sendable {
  private let key: Key

  /// Nil where the text is not one PEM of a public key on this curve.
  package init?(pem: String) {
    guard let key = Key(pem) else { return nil }
    self.key = key
  }

  /// - Parameter signature: DER.
  package func isValid(_ signature: [UInt8], of message: [UInt8]) -> Bool {
    defer { ERR_clear_error() }
    guard let context = EVP_MD_CTX_new() else { return false }
    defer { EVP_MD_CTX_free(context) }
    guard EVP_DigestVerifyInit(context, nil, EVP_sha256(), nil, key.raw) == 1 else { return false }
    return EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
  }

  private final class Key: @unchecked Sendable {
    // Sendable: made in `init`, only read after that.
    let raw: OpaquePointer

    init?(_ pem: String) {
      defer { ERR_clear_error() }
      var pem = pem
      let read = pem.withUTF8 { bytes -> OpaquePointer? in
        guard let memory = BIO_new_mem_buf(bytes.baseAddress, Int32(clamping: bytes.count)) else {
          return nil
        }
        defer { BIO_free(memory) }
        return PEM_read_bio_PUBKEY(memory, nil, nil, nil)
      }
      guard let read else { return nil }
      guard Self.curve(of: read) == "prime256v1" else {
        EVP_PKEY_free(read)
        return nil
      }
      raw = read
    }

    deinit { EVP_PKEY_free(raw) }

    private static func curve(of key: OpaquePointer) -> String? {
      var name = [CChar](repeating: 0, count: 64)
      var length = 0
      guard EVP_PKEY_get_group_name(key, &name, name.count, &length) == 1 else { return nil }
      return String(decoding: name.prefix(length).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
  }
}
