// Texts with placeholders: `{` + lower-case letters, digits and underscores + `}`. Any other brace
// is only a brace.

package enum PlaceholderText {
  package enum Part: Hashable, Sendable {
    case text(String)
    /// The name without its braces.
    case placeholder(String)

    package var placeholderName: String? {
      if case .placeholder(let name) = self { name } else { nil }
    }
  }

  private static let nameBytes = ByteSet(ByteSet.lowerCase + ByteSet.digits + "_")

  package static func parts(of text: String) -> [Part] {
    var parts: [Part] = []
    var plain = ""
    var rest = Substring(text)
    while let first = rest.first {
      if let name = placeholderName(rest) {
        if !plain.isEmpty { parts.append(.text(plain)) }
        plain = ""
        parts.append(.placeholder(name))
        rest = rest.dropFirst(name.count + 2)
      } else {
        plain.append(first)
        rest = rest.dropFirst()
      }
    }
    if !plain.isEmpty { parts.append(.text(plain)) }
    return parts
  }

  /// The name of the placeholder that the text begins with.
  private static func placeholderName(_ text: Substring) -> String? {
    guard text.first == "{" else { return nil }
    let name = text.dropFirst().prefix { $0.utf8.allSatisfy(nameBytes.contains) }
    guard !name.isEmpty, text.dropFirst(1 + name.count).first == "}" else { return nil }
    return String(name)
  }
}
