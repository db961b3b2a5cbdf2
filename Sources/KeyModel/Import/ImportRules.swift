// What may come in as a key from elsewhere: how its hash is written, which secrets can be presented
// at all, and what a scheme needs beside the secret. It must not know whose key it is.

package enum ImportRules {
  /// How a hash is written as text.
  package enum HashEncoding: String, Sendable, CaseIterable { case hex, base64 }

  /// Shorter secrets can be guessed; looking up a hash does not slow a guesser down.
  package static let shortestSecret = 16
  /// The only algorithm there is a look-up for.
  package static let algorithm = "sha256"

  /// SHA-256 of no bytes: what a system makes of a column that was empty.
  private static let hashOfNothing = Lookup(
    bytes: Hex.decode("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855") ?? [])

  /// - Parameter encoding: nil: 64 characters are hexadecimal, 43 or 44 are base 64.
  package static func lookup(
    ofHash text: String, _ encoding: HashEncoding?
  ) throws(ImportCode) -> Lookup {
    let form = encoding ?? (text.utf8.count == 64 ? .hex : .base64)
    let bytes =
      switch form {
      case .hex: Hex.decode(text)
      case .base64: AnyBase64.decode(text)
      }
    guard let bytes, let lookup = Lookup(bytes: bytes) else { throw .malformedHash }
    if lookup == hashOfNothing { throw .weakSecret }
    return lookup
  }

  /// A secret travels in a header field: visible ASCII, no blanks, and not longer than any token.
  package static func check(secret: some Collection<UInt8>) throws(ImportCode) {
    guard secret.count <= TokenFormat.maximumLength,
      secret.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
    else { throw .validationFailed }
    guard secret.count >= shortestSecret, Set(secret).count > 4 else { throw .weakSecret }
  }

  /// 1 to 128 visible ASCII characters without colon, which would end a Basic credential's id.
  package static func isIdentifier(_ text: String) -> Bool {
    (1...128).contains(text.utf8.count)
      && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: ":") }
  }

  /// At most the last four characters.
  package static func isHint(_ text: String) -> Bool {
    (1...4).contains(text.utf8.count) && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
  }
}

extension PublicIDForm {
  /// The number in an id of the counting form; nil for every other text. Ids that are made later
  /// must be greater.
  package func number(in publicID: String) -> Int64? {
    guard case .integer(let before, let after) = self, publicID.hasPrefix(before),
      publicID.hasSuffix(after), publicID.utf8.count > before.utf8.count + after.utf8.count
    else { return nil }
    let digits = publicID.dropFirst(before.count).dropLast(after.count)
    guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    return Int64(digits)
  }
}

extension CredentialScheme {
  /// A call names the key by its public id beside the secret.
  package var presentsPublicID: Bool { self == .basic }
}
