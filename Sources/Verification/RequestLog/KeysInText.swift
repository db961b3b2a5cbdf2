// Finds keys in text that goes on record: a path or a header's value that somebody put a key into.
import KeyModel

extension ProjectView {
  /// Bytes of the shortest word that could be a key: a shorter text holds none.
  package var shortestSecret: Int { matcher.shortest }
}

extension Verifier {
  /// The first word of the text, from `start` on, that is a live or past key of the project or
  /// begins like one. Words end where a path's segments and parameters do.
  package func firstSecret(
    in text: UnsafeRawBufferPointer, from start: Int, of project: ProjectView
  ) -> Range<Int>? {
    let shortest = project.shortestSecret
    var at = start
    while text.count - at >= shortest {
      let begin = at
      while at < text.count, !Self.endsWord(text[at]) { at += 1 }
      if at - begin >= shortest {
        let word = UnsafeRawBufferPointer(rebasing: text[begin..<at])
        if project.matcher.resembles(word) || isKey(word, of: project) { return begin..<at }
      }
      at += 1
    }
    return nil
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
