// RFC 6901: the place of a value inside a document.

package struct JSONPointer: Hashable, Sendable, CustomStringConvertible {
  /// Unescaped member names and array indices, outermost first.
  package var tokens: [String]

  package init(_ tokens: [String] = []) { self.tokens = tokens }

  /// Nil where the text is neither empty nor begins with a slash, or a `~` is not `~0` or `~1`.
  package init?(_ text: String) {
    guard !text.isEmpty else {
      self.init()
      return
    }
    guard text.utf8.first == UInt8(ascii: "/") else { return nil }
    var tokens: [String] = []
    for part in text.dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
      guard let token = Self.unescape(part) else { return nil }
      tokens.append(token)
    }
    self.init(tokens)
  }

  package func appending(_ name: String) -> JSONPointer { JSONPointer(tokens + [name]) }
  package func appending(_ index: Int) -> JSONPointer { JSONPointer(tokens + [String(index)]) }

  /// Empty for the whole document.
  package var description: String { tokens.map { "/" + Self.escape($0) }.joined() }

  static func escape(_ token: String) -> String {
    var escaped = ""
    for scalar in token.unicodeScalars {
      switch scalar {
      case "~": escaped += "~0"
      case "/": escaped += "~1"
      default: escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped
  }

  private static func unescape(_ token: Substring) -> String? {
    var plain = String.UnicodeScalarView()
    var rest = token.unicodeScalars[...]
    while let scalar = rest.popFirst() {
      guard scalar == "~" else {
        plain.append(scalar)
        continue
      }
      switch rest.popFirst() {
      case "0": plain.append("~")
      case "1": plain.append("/")
      default: return nil
      }
    }
    return String(plain)
  }
}

extension JSONValue {
  /// Nil where nothing stands at the pointer.
  package subscript(pointer: JSONPointer) -> JSONValue? {
    pointer.tokens.reduce(self) { (value: JSONValue?, token: String) -> JSONValue? in
      switch value {
      case .object(let object): return object[token]
      case .array(let elements):
        guard let index = Int(token), String(index) == token, elements.indices.contains(index)
        else { return nil }
        return elements[index]
      default: return nil
      }
    }
  }
}
