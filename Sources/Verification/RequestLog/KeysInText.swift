// Finds a project's keys in text that goes on record: a path, a user agent or a header's value that
// somebody put a key into. What a word looks like is TokenMatcher's to say.
import KeyModel

extension ProjectView {
  /// Bytes of the shortest word that could be a key: a shorter text holds none.
  package var shortestSecret: Int { matcher.shortestSecret(imports: hasImports) }
}

extension Verifier {
  /// The first word of the text, from `start` on, that is or holds a live or past key of the
  /// project, or begins like one, percent-encoded or not.
  package func firstSecret(
    in text: UnsafeRawBufferPointer, from start: Int, of project: ProjectView
  ) -> Range<Int>? {
    project.matcher.firstSecret(in: text, from: start, shortest: project.shortestSecret) {
      isKey($0, of: project)
    }
  }
}
