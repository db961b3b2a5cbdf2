// Finds tokens in text that goes on record: a path, a header's value, the place of a leak that
// somebody put a key into. Allocates nothing; whether a word is a key is the caller's to say.

extension TokenMatcher {
  /// Bytes of the shortest word that could be a key: a shorter text holds none.
  /// - Parameter imports: keys of any form were taken over from elsewhere.
  package func shortestSecret(imports: Bool) -> Int {
    let issued = min(shortest, Self.shortestOperatorKey)
    return imports ? min(issued, ImportRules.shortestSecret) : issued
  }

  /// Its prefix, and as much again as tells any other key.
  private static let shortestOperatorKey = 18

  /// The first word of the text, from `start` on, that is or holds a key or begins like a token,
  /// percent-encoded or not. Words end where a path's segments and parameters do.
  /// - Parameters:
  ///   - shortest: as `shortestSecret` says it.
  ///   - isKey: whether a text that need not look like one is a key.
  package func firstSecret(
    in text: UnsafeRawBufferPointer, from start: Int, shortest: Int,
    isKey: (UnsafeRawBufferPointer) throws -> Bool
  ) rethrows -> Range<Int>? {
    try firstWord(of: text, from: start, shortest) { word, isEncoded in
      try holdsSecret(word, shortest, isKey)
        || isEncoded && holdsEncodedSecret(word, shortest, isKey)
    }
  }

  /// - Parameter isFound: hears of a word, and whether something in it may be percent-encoded.
  @inline(__always)
  private func firstWord(
    of text: UnsafeRawBufferPointer, from start: Int, _ shortest: Int,
    where isFound: (UnsafeRawBufferPointer, Bool) throws -> Bool
  ) rethrows -> Range<Int>? {
    var at = start
    while text.count - at >= shortest {
      let begin = at
      var isEncoded = false
      while at < text.count, !Self.endsWord(text[at]) {
        if text[at] == UInt8(ascii: "%") { isEncoded = true }
        at += 1
      }
      if at - begin >= shortest,
        try isFound(UnsafeRawBufferPointer(rebasing: text[begin..<at]), isEncoded)
      {
        return begin..<at
      }
      at += 1
    }
    return nil
  }

  /// Once: what an upstream would have to decode twice is no key to it.
  private func holdsEncodedSecret(
    _ word: UnsafeRawBufferPointer, _ shortest: Int,
    _ isKey: (UnsafeRawBufferPointer) throws -> Bool
  ) rethrows -> Bool {
    try withUnsafeTemporaryAllocation(byteCount: word.count, alignment: 1) { buffer in
      let count = Percent.decode(word, into: buffer)
      let plain = UnsafeRawBufferPointer(rebasing: buffer[..<count])
      // An imported key may have what else ends a word.
      if try isSecret(plain, isKey) { return true }
      return try firstWord(of: plain, from: 0, shortest) { word, _ in
        try holdsSecret(word, shortest, isKey)
      } != nil
    }
  }

  private func holdsSecret(
    _ word: UnsafeRawBufferPointer, _ shortest: Int,
    _ isKey: (UnsafeRawBufferPointer) throws -> Bool
  ) rethrows -> Bool {
    if try isSecret(word, isKey) { return true }
    // What other characters than tokens have surround, as before a file's extension. The largest
    // alphabet of bodies; it has what is usual in prefixes, too.
    let tokens = ByteSet.base64url
    var at = 0
    while word.count - at >= shortest {
      let begin = at
      while at < word.count, tokens.contains(word[at]) { at += 1 }
      if at - begin >= shortest, at - begin < word.count,
        try isSecret(UnsafeRawBufferPointer(rebasing: word[begin..<at]), isKey)
      {
        return true
      }
      at += 1
    }
    return false
  }

  private func isSecret(
    _ word: UnsafeRawBufferPointer, _ isKey: (UnsafeRawBufferPointer) throws -> Bool
  ) rethrows -> Bool {
    try resembles(word) || matchesEnd(of: word) || TokenFormat.operatorKey.hasPrefix(word)
      || isKey(word)
  }

  @inline(__always)
  static func endsWord(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "/"), UInt8(ascii: ";"), UInt8(ascii: "="), UInt8(ascii: "&"),
      UInt8(ascii: ","), UInt8(ascii: ":"), UInt8(ascii: "("), UInt8(ascii: ")"),
      UInt8(ascii: "'"), UInt8(ascii: "\""), UInt8(ascii: " "):
      true
    default: false
    }
  }
}
