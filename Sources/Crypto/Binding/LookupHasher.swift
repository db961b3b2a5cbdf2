// Look-up values of tokens: keyed BLAKE2b-256, one compression for a token of up to 128 bytes.
// This is on the hot path: no allocation, no lock, no reference count.
internal import CSodium
package import KeyModel

/// Makes look-up values under one pepper; a plain value, safe on any thread.
package struct LookupHasher: @unchecked Sendable {
  // Sendable: the memory is written in `init` only. It is never given back: a hasher lives as
  // long as its process, and an owner would put a shared reference count on every call.
  private let key: UnsafePointer<UInt8>
  private let prefix: UnsafePointer<latchkey_keyed_prefix>
  private let hasPrefix: Bool

  /// What `KeyVersion.pepperID` holds for values made by this one.
  package let pepperID: Int64

  /// - Parameter pepper: 32 bytes.
  package init(pepperID: Int64, pepper: [UInt8]) {
    precondition(pepper.count == 32, "a pepper has 32 bytes")
    self = pepper.withUnsafeBytes { LookupHasher(pepperID: pepperID, pepper: $0) }
  }

  init(pepperID: Int64, pepper: UnsafeRawBufferPointer) {
    precondition(pepper.count == 32 && Sodium.ready)
    let prefixSize = MemoryLayout<latchkey_keyed_prefix>.size
    // libsodium puts the end at a page's end, so a size of 128 keeps the words aligned.
    guard let base = sodium_malloc(prefixSize + 32) else { preconditionFailure("out of memory") }
    let key = (base + prefixSize).assumingMemoryBound(to: UInt8.self)
    let prefix = base.assumingMemoryBound(to: latchkey_keyed_prefix.self)
    UnsafeMutableRawBufferPointer(start: key, count: 32).copyMemory(from: pepper)
    hasPrefix = latchkey_keyed_prepare(prefix, key) == 0
    sodium_mprotect_readonly(base)
    self.key = UnsafePointer(key)
    self.prefix = UnsafePointer(prefix)
    self.pepperID = pepperID
  }

  package func lookup(of token: UnsafeRawBufferPointer) -> Lookup {
    var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
    let code = withUnsafeMutableBytes(of: &words) { out in
      // An empty message would end in the key block itself, which the prefix has behind it.
      hasPrefix && token.count > 0
        ? latchkey_keyed_hash(prefix, token.bytePointer, token.count, out.bytePointer)
        : crypto_generichash(
          out.bytePointer, 32, token.bytePointer, UInt64(token.count), key, 32)
    }
    precondition(code == 0)
    return Lookup(words: words)
  }

  package func lookup(of token: Secret) -> Lookup { token.withBytes { lookup(of: $0) } }

  /// For keys imported from elsewhere.
  package static func sha256(of token: UnsafeRawBufferPointer) -> Lookup {
    var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
    withUnsafeMutableBytes(of: &words) { SHA256.digest(of: token, into: $0) }
    return Lookup(words: words)
  }
}
