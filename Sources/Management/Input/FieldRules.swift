// The kinds of values that request fields hold, each with its one rule. Lengths are in Unicode
// scalars. It must not know which field it reads: the name is an argument.
package import KeyModel

package enum FieldRule {
  package typealias Read<Value> = (inout Fields, JSONValue) -> Value?

  /// One line of text: 1 to `max` characters, not all blank, no control characters.
  package static func line(_ name: String, max: Int = 128) -> Read<String> {
    { fields, value in
      guard let text = string(&fields, name, value) else { return nil }
      guard !text.isEmpty else { return wrong(&fields, name, "must not be empty") }
      guard text.unicodeScalars.contains(where: { !$0.properties.isWhitespace }) else {
        return wrong(&fields, name, "must not be blank")
      }
      return checked(&fields, name, text, max: max, newlines: false)
    }
  }

  /// Text that may be empty and may have several lines.
  package static func text(
    _ name: String, max: Int = 1024, newlines: Bool = true
  ) -> Read<String> {
    { fields, value in
      guard let text = string(&fields, name, value) else { return nil }
      return checked(&fields, name, text, max: max, newlines: newlines)
    }
  }

  package static func oneOf<Value: Sendable>(
    _ name: String, _ values: [(String, Value)]
  ) -> Read<Value> {
    { fields, value in
      guard let text = string(&fields, name, value) else { return nil }
      if let match = values.first(where: { $0.0 == text }) { return match.1 }
      let names = values.map(\.0).joined(separator: ", ")
      return wrong(&fields, name, "must be one of: \(names)")
    }
  }

  package static func flag(_ name: String) -> Read<Bool> {
    { fields, value in
      guard case .bool(let flag) = value else {
        return wrong(&fields, name, "must be true or false")
      }
      return flag
    }
  }

  package static func integer(_ name: String, _ range: ClosedRange<Int64>) -> Read<Int64> {
    { fields, value in
      guard case .integer(let number) = value else {
        return wrong(&fields, name, "must be an integer")
      }
      guard range.contains(number) else {
        return wrong(
          &fields, name, "must be between \(range.lowerBound) and \(range.upperBound)")
      }
      return number
    }
  }

  /// A list of at most `max` lines, none twice.
  package static func lines(_ name: String, max: Int, each length: Int = 128) -> Read<[String]> {
    { fields, value in
      guard let items = list(&fields, name, value, max: max) else { return nil }
      var result: [String] = []
      for (index, item) in items.enumerated() {
        let place = "\(name)/\(index)"
        guard let text = item.string else {
          fields.report(pointer: place, "must be a string")
          continue
        }
        guard (1...length).contains(text.unicodeScalars.count), !hasControl(text) else {
          fields.report(
            pointer: place, "must have 1 to \(length) characters, no control characters")
          continue
        }
        guard !result.contains(text) else {
          fields.report(pointer: place, "stands twice")
          continue
        }
        result.append(text)
      }
      return result
    }
  }

  package static func object(_ name: String) -> Read<JSONValue> {
    { fields, value in
      guard case .object = value else { return wrong(&fields, name, "must be an object") }
      return value
    }
  }

  package static func id<Tag: IDTag>(_ name: String, _: Tag.Type) -> Read<ID<Tag>> {
    { fields, value in
      guard let text = string(&fields, name, value) else { return nil }
      if let id = ID<Tag>(text) { return id }
      return wrong(&fields, name, "must be an id that begins with \(Tag.prefix)_")
    }
  }

  package static func list(
    _ fields: inout Fields, _ name: String, _ value: JSONValue, max: Int
  ) -> [JSONValue]? {
    guard case .array(let items) = value else { return wrong(&fields, name, "must be a list") }
    guard items.count <= max else {
      return wrong(&fields, name, "must have at most \(max) items")
    }
    return items
  }

  package static func wrong<Value>(
    _ fields: inout Fields, _ name: String, _ detail: String
  ) -> Value? {
    fields.report(name, detail)
    return nil
  }

  private static func string(
    _ fields: inout Fields, _ name: String, _ value: JSONValue
  ) -> String? {
    guard case .string(let text) = value else { return wrong(&fields, name, "must be a string") }
    return text
  }

  private static func checked(
    _ fields: inout Fields, _ name: String, _ text: String, max: Int, newlines: Bool
  ) -> String? {
    guard text.unicodeScalars.count <= max else {
      return wrong(&fields, name, "must have at most \(max) characters")
    }
    guard !hasControl(text, newlines: newlines) else {
      return wrong(&fields, name, "must not have control characters")
    }
    return text
  }

  static func hasControl(_ text: String, newlines: Bool = false) -> Bool {
    text.unicodeScalars.contains { scalar in
      if newlines, scalar == "\n" || scalar == "\t" || scalar == "\r" { return false }
      return scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
    }
  }
}

extension Fields {
  /// `pointer` without its leading slash, already escaped.
  package mutating func report(pointer: String, _ detail: String) {
    report(Problem.Finding(pointer: "/" + pointer, detail))
  }
}
