// The form of one sort of token: `prefix + body [+ checksum]`. This file must not make randomness
// and must not look at what a token belongs to.

package struct TokenFormat: Sendable, Hashable {
  /// Characters of CRC-32 in base 62 that end a token with a checksum.
  package static let checksumLength = 6
  /// No token is longer, whatever its vendor's lengths grow to.
  package static let maximumLength = 512

  package let prefix: String
  package let form: SecretForm
  private let prefixBytes: [UInt8]
  let alphabet: ByteSet
  let lengths: ClosedRange<Int>

  package init(prefix: String, form: SecretForm) {
    self.prefix = prefix
    self.form = form
    prefixBytes = Array(prefix.utf8)
    alphabet =
      switch form.alphabet {
      case .base62: .base62
      case .base64url: .base64url
      case .hex: .lowerHex
      }
    let fixed = prefixBytes.count + (form.checksum ? Self.checksumLength : 0)
    let shortest = fixed + Self.bodyLength(form.acceptFromBytes ?? form.bytes, form.alphabet)
    let longest = fixed + Self.bodyLength(form.bytes, form.alphabet)
    // The vendor of this alphabet announces that its tokens may grow without notice.
    let grows = form.alphabet == .base64url
    lengths = shortest...max(shortest, grows ? Self.maximumLength : longest)
  }

  /// `lk_op_…`: the credential of an operator for the management API.
  package static let operatorKey = TokenFormat(prefix: "lk_op_", form: SecretForm())

  private static func bodyLength(_ bytes: Int, _ alphabet: SecretForm.Alphabet) -> Int {
    switch alphabet {
    case .base62: Base62.width(ofBytes: bytes)
    case .base64url: Base64URL.width(ofBytes: bytes)
    case .hex: bytes * 2
    }
  }

  /// How many random bytes `generate` takes.
  package var randomByteCount: Int { form.bytes }

  /// A new token. Different bytes give different tokens, so it is as hard to guess as they are.
  /// - Parameter random: exactly `randomByteCount` random bytes.
  package func generate(random: some Collection<UInt8>) -> [UInt8] {
    precondition(random.count == randomByteCount, "a token needs exactly its policy's bytes")
    var token = prefixBytes
    switch form.alphabet {
    case .base62: token += Base62.encode(random)
    case .base64url: token += Base64URL.encode(random)
    case .hex: token += Hex.encode(random).utf8
    }
    if form.checksum { token += Self.checksum(of: token) }
    return token
  }

  /// CRC-32 (IEEE) over all of `text`, the prefix included, as six base 62 digits.
  package static func checksum(of text: [UInt8]) -> [UInt8] {
    Base62.encode(text.withUnsafeBytes(CRC32.checksum))
  }

  @inline(__always)
  package func hasPrefix(_ token: UnsafeRawBufferPointer) -> Bool {
    guard token.count >= prefixBytes.count else { return false }
    for index in prefixBytes.indices where token[index] != prefixBytes[index] { return false }
    return true
  }

  /// Prefix, length, alphabet and checksum are those of this format. Allocates nothing.
  package func isWellFormed(_ token: UnsafeRawBufferPointer) -> Bool {
    guard lengths.contains(token.count), hasPrefix(token) else { return false }
    let end = token.count &- (form.checksum ? Self.checksumLength : 0)
    var at = prefixBytes.count
    while at < end {
      guard alphabet.contains(token[at]) else { return false }
      at &+= 1
    }
    return !form.checksum || Self.checksumMatches(token, from: end)
  }

  @inline(__always)
  static func checksumMatches(_ token: UnsafeRawBufferPointer, from end: Int) -> Bool {
    var value: UInt64 = 0
    for at in end..<token.count {
      let digit = Base62.value(of: token[at])
      guard digit < 62 else { return false }
      value = value &* 62 &+ UInt64(digit)
    }
    return value == UInt64(CRC32.checksum(UnsafeRawBufferPointer(rebasing: token[..<end])))
  }

  package func isWellFormed(_ token: some Collection<UInt8>) -> Bool {
    Array(token).withUnsafeBytes { isWellFormed($0) }
  }

  /// The last four characters: what may be stored and shown of a token.
  package static func hint(of token: [UInt8]) -> String {
    String(decoding: token.suffix(4), as: UTF8.self)
  }

  /// How a key is shown in lists: the prefix and the hint, nothing else of it.
  package func masked(hint: String) -> String { prefix + "…" + hint }
}
