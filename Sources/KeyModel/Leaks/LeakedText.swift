// What a scanner found, and which secrets may be meant by it: patterns match more than the secret
// alone, since calls carry it in many forms.

package enum LeakedText {
  /// Longer texts hold no secret of ours.
  package static let maximumBytes = 2048

  /// The texts that may be a secret, likeliest first, none twice: as found; without RFC 8959's
  /// `secret-token:`; without the name of a scheme before it; out of `id:secret`, also in base64,
  /// as Basic credentials carry it.
  package static func candidates(_ found: String) -> [String] {
    guard found.utf8.count <= maximumBytes else { return [] }
    var texts: [String] = []
    func add(_ text: some StringProtocol) {
      let text = trimmed(String(text))
      if !text.isEmpty, !texts.contains(text) { texts.append(text) }
    }
    add(found)
    let whole = trimmed(found)
    if whole.hasPrefix(wrapper) { add(whole.dropFirst(wrapper.utf8.count)) }
    let bare = texts.last.map { $0.split(separator: " ").last.map(String.init) ?? $0 } ?? ""
    add(bare)
    if let decoded = AnyBase64.decode(bare).flatMap({ String(validating: $0, as: UTF8.self) }) {
      add(afterColon(decoded))
    }
    add(afterColon(bare))
    return texts
  }

  private static let wrapper = "secret-token:"

  /// Empty where there is no colon.
  private static func afterColon(_ text: String) -> Substring {
    guard let colon = text.firstIndex(of: ":") else { return "" }
    return text[text.index(after: colon)...]
  }

  private static func trimmed(_ text: String) -> String {
    let around: Set<Character> = [" ", "\t", "\r", "\n", "\r\n", "\"", "'", "`"]
    var text = text[...]
    while let first = text.first, around.contains(first) { text = text.dropFirst() }
    while let last = text.last, around.contains(last) { text = text.dropLast() }
    return String(text)
  }
}
