// The forms of a policy's tokens laid out flat, for whoever asks on every call: no reference is
// counted and nothing is allocated. The rules themselves are TokenForms'.

/// Answers whether a token is well-formed in every respect. One per thread that asks.
package final class TokenMatcher {
  private struct FlatForm {
    var prefix: UnsafeMutablePointer<UInt8>
    var prefixCount: Int
    var shortest: Int
    var longest: Int
    /// 256 entries: 0 where the byte belongs to the body's alphabet, else 1.
    var strangers: UnsafeMutablePointer<UInt8>
    var hasChecksum: Bool
  }

  private let forms: UnsafeMutableBufferPointer<FlatForm>
  /// Bytes of the shortest word that `resembles` a token or `matches`.
  package let shortest: Int
  /// Bytes of whatever `matches`, over all forms.
  package let lengths: ClosedRange<Int>
  /// Characters of a body that, after a prefix, make a word look like a token.
  private static let tellingCharacters = 12

  package init(_ forms: TokenForms) {
    self.forms = .allocate(capacity: forms.forms.count)
    shortest =
      forms.forms.map { form in
        let prefix = form.format.prefix.utf8.count
        let whole = form.format.lengths.lowerBound
        return prefix == 0 ? whole : min(whole, prefix + Self.tellingCharacters)
      }.min() ?? .max
    let lengths = forms.forms.map(\.format.lengths)
    self.lengths = (lengths.map(\.lowerBound).min() ?? 0)...(lengths.map(\.upperBound).max() ?? 0)
    for (index, form) in forms.forms.enumerated() {
      let format = form.format
      let prefix = Array(format.prefix.utf8)
      let flat = FlatForm(
        prefix: .allocate(capacity: max(1, prefix.count)), prefixCount: prefix.count,
        shortest: format.lengths.lowerBound, longest: format.lengths.upperBound,
        strangers: .allocate(capacity: 256), hasChecksum: format.form.checksum)
      flat.prefix.initialize(from: prefix, count: prefix.count)
      for byte in 0..<256 {
        flat.strangers[byte] = format.alphabet.contains(UInt8(byte)) ? 0 : 1
      }
      self.forms.initializeElement(at: index, to: flat)
    }
  }

  deinit {
    for form in forms {
      form.prefix.deallocate()
      form.strangers.deallocate()
    }
    forms.deallocate()
  }

  /// The same answer as `TokenForms.recognize(token) != nil`.
  package func matches(_ token: UnsafeRawBufferPointer) -> Bool {
    guard let bytes = token.baseAddress else { return false }
    for index in 0..<forms.count {
      let form = forms[index]
      if token.count >= form.prefixCount, Self.hasPrefix(bytes, form) {
        return Self.isWellFormed(bytes, token.count, form)
      }
    }
    return false
  }

  /// True for what begins like a token with a prefix, whole or not: a secret with a typing error is
  /// no less a secret.
  package func resembles(_ word: UnsafeRawBufferPointer) -> Bool {
    guard let bytes = word.baseAddress else { return false }
    for form in forms where form.prefixCount > 0 {
      let end = form.prefixCount + Self.tellingCharacters
      guard word.count >= end, Self.hasPrefix(bytes, form) else { continue }
      var strange: UInt8 = 0
      for at in form.prefixCount..<end { strange |= form.strangers[Int(word[at])] }
      if strange == 0 { return true }
    }
    return false
  }

  /// True for a word that ends with a whole token with a prefix, whatever stands before it.
  package func matchesEnd(of word: UnsafeRawBufferPointer) -> Bool {
    guard let bytes = word.baseAddress else { return false }
    for form in forms where form.prefixCount > 0 {
      var count = form.shortest
      while count <= min(form.longest, word.count) {
        let end = bytes + (word.count - count)
        if Self.hasPrefix(end, form), Self.isWellFormed(end, count, form) { return true }
        count += 1
      }
    }
    return false
  }

  @inline(__always)
  private static func hasPrefix(_ bytes: UnsafeRawPointer, _ form: FlatForm) -> Bool {
    var at = 0
    while at < form.prefixCount {
      if bytes.load(fromByteOffset: at, as: UInt8.self) != form.prefix[at] { return false }
      at &+= 1
    }
    return true
  }

  @inline(__always)
  private static func isWellFormed(
    _ bytes: UnsafeRawPointer, _ count: Int, _ form: FlatForm
  ) -> Bool {
    guard count >= form.shortest, count <= form.longest else { return false }
    let end = count &- (form.hasChecksum ? TokenFormat.checksumLength : 0)
    @inline(__always)
    func stranger(_ at: Int) -> UInt8 {
      form.strangers[Int(bytes.load(fromByteOffset: at, as: UInt8.self))]
    }
    var strange: UInt8 = 0
    var at = form.prefixCount
    while at &+ 4 <= end {
      strange |= stranger(at) | stranger(at &+ 1) | stranger(at &+ 2) | stranger(at &+ 3)
      at &+= 4
    }
    while at < end {
      strange |= stranger(at)
      at &+= 1
    }
    guard strange == 0 else { return false }
    return !form.hasChecksum
      || TokenFormat.checksumMatches(UnsafeRawBufferPointer(start: bytes, count: count), from: end)
  }
}
