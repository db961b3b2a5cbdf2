// Finds keys in text that goes on record: a path, a user agent or a header's value that somebody
// put a key into.
import KeyModel

extension ProjectView {
  /// Bytes of the shortest word that could be a key: a shorter text holds none.
  package var shortestSecret: Int {
    let issued = min(matcher.shortest, Self.shortestOperatorKey)
    return hasImports ? min(issued, ImportRules.shortestSecret) : issued
  }

  /// Its prefix, and as much again as tells any other key.
  private static let shortestOperatorKey = 18
}

extension Verifier {
  /// The first word of the text, from `start` on, that is or holds a live or past key of the
  /// project, or begins like one, percent-encoded or not. Words end where a path's segments and
  /// parameters do.
  package func firstSecret(
    in text: UnsafeRawBufferPointer, from start: Int, of project: ProjectView
  ) -> Range<Int>? {
    firstWord(of: text, from: start, project) { word, isEncoded in
      holdsSecret(word, of: project) || isEncoded && holdsEncodedSecret(word, of: project)
    }
  }

  /// - Parameter isFound: hears of a word, and whether something in it may be percent-encoded.
  @inline(__always)
  private func firstWord(
    of text: UnsafeRawBufferPointer, from start: Int, _ project: ProjectView,
    where isFound: (UnsafeRawBufferPointer, Bool) -> Bool
  ) -> Range<Int>? {
    let shortest = project.shortestSecret
    var at = start
    while text.count - at >= shortest {
      let begin = at
      var isEncoded = false
      while at < text.count, !Self.endsWord(text[at]) {
        if text[at] == UInt8(ascii: "%") { isEncoded = true }
        at += 1
      }
      if at - begin >= shortest,
        isFound(UnsafeRawBufferPointer(rebasing: text[begin..<at]), isEncoded)
      {
        return begin..<at
      }
      at += 1
    }
    return nil
  }

  /// Once: what an upstream would have to decode twice is no key to it.
  private func holdsEncodedSecret(
    _ word: UnsafeRawBufferPointer, of project: ProjectView
  ) -> Bool {
    withUnsafeTemporaryAllocation(byteCount: word.count, alignment: 1) { buffer in
      let count = Percent.decode(word, into: buffer)
      let plain = UnsafeRawBufferPointer(rebasing: buffer[..<count])
      // An imported key may have what else ends a word.
      if isSecret(plain, of: project) { return true }
      return firstWord(of: plain, from: 0, project) { word, _ in
        holdsSecret(word, of: project)
      } != nil
    }
  }

  private func holdsSecret(_ word: UnsafeRawBufferPointer, of project: ProjectView) -> Bool {
    if isSecret(word, of: project) { return true }
    // What other characters than tokens have surround, as before a file's extension.
    let shortest = project.shortestSecret
    // The largest alphabet of bodies; it has what is usual in prefixes, too.
    let tokens = ByteSet.base64url
    var at = 0
    while word.count - at >= shortest {
      let begin = at
      while at < word.count, tokens.contains(word[at]) { at += 1 }
      if at - begin >= shortest, at - begin < word.count,
        isSecret(UnsafeRawBufferPointer(rebasing: word[begin..<at]), of: project)
      {
        return true
      }
      at += 1
    }
    return false
  }

  private func isSecret(_ word: UnsafeRawBufferPointer, of project: ProjectView) -> Bool {
    project.matcher.resembles(word) || project.matcher.matchesEnd(of: word)
      || TokenFormat.operatorKey.hasPrefix(word) || isKey(word, of: project)
  }

  @inline(__always)
  private static func endsWord(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "/"), UInt8(ascii: ";"), UInt8(ascii: "="), UInt8(ascii: "&"),
      UInt8(ascii: ","), UInt8(ascii: ":"), UInt8(ascii: "("), UInt8(ascii: ")"),
      UInt8(ascii: "'"), UInt8(ascii: "\""), UInt8(ascii: " "):
      true
    default: false
    }
  }
}
