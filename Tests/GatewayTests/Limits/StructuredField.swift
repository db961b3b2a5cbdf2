// A small parser of structured fields (RFC 9651), as strict as the text: lists of strings with
// parameters, and nothing more lenient.

struct StructuredItem: Equatable {
  enum Value: Equatable {
    case integer(Int64)
    case string(String)
    case bytes(String)
  }
  var name: String
  var parameters: [String: Value] = [:]

  func integer(_ key: String) -> Int64? {
    guard case .integer(let value) = parameters[key] else { return nil }
    return value
  }
}

struct StructuredField {
  private var rest: Substring

  /// Nil unless the text is a list of strings.
  static func list(_ text: String) -> [StructuredItem]? {
    var parser = StructuredField(rest: text[...])
    var items: [StructuredItem] = []
    while true {
      guard let item = parser.item() else { return nil }
      items.append(item)
      parser.skipSpace()
      if parser.rest.isEmpty { return items }
      guard parser.take(",") else { return nil }
      parser.skipSpace()
    }
  }

  private mutating func item() -> StructuredItem? {
    guard case .string(let name) = value() else { return nil }
    var item = StructuredItem(name: name)
    while take(";") {
      skipSpace()
      guard let key = key(), take("="), let value = value(), item.parameters[key] == nil else {
        return nil
      }
      item.parameters[key] = value
    }
    return item
  }

  private mutating func key() -> String? {
    guard let first = rest.first, first == "*" || ("a"..."z").contains(first) else { return nil }
    let key = rest.prefix {
      ("a"..."z").contains($0) || ("0"..."9").contains($0) || "_-.*".contains($0)
    }
    rest = rest.dropFirst(key.count)
    return String(key)
  }

  private mutating func value() -> StructuredItem.Value? {
    if take("\"") {
      let text = rest.prefix { $0 != "\"" && $0 != "\\" && $0.isASCII }
      rest = rest.dropFirst(text.count)
      return take("\"") ? .string(String(text)) : nil
    }
    if take(":") {
      let text = rest.prefix { $0 != ":" }
      rest = rest.dropFirst(text.count)
      let isBase64 = text.allSatisfy {
        $0.isASCII && ($0.isLetter || $0.isNumber || "+/=".contains($0))
      }
      return take(":") && isBase64 && text.count % 4 == 0 ? .bytes(String(text)) : nil
    }
    let digits = rest.prefix { ("0"..."9").contains($0) }
    guard (1...15).contains(digits.count) else { return nil }
    rest = rest.dropFirst(digits.count)
    return Int64(digits).map { .integer($0) }
  }

  private mutating func skipSpace() { rest = rest.drop { $0 == " " || $0 == "\t" } }

  private mutating func take(_ mark: Character) -> Bool {
    guard rest.first == mark else { return false }
    rest = rest.dropFirst()
    return true
  }
}
