// Documents with placeholders, as policies have them for answers and event bodies. A text that is
// nothing but one placeholder becomes the value itself (a number, a list, null); inside a longer
// text the value is written out.

package enum JSONTemplate {
  /// The name of a member whose value is an object that takes the member's place.
  package static let spread = "..."

  /// - Parameter value: of a placeholder, by its name.
  package static func fill(_ template: JSONValue, _ value: (String) -> JSONValue) -> JSONValue {
    switch template {
    case .string(let text): fill(text, value)
    case .array(let elements): .array(elements.map { fill($0, value) })
    case .object(let object): .object(fill(object, value))
    default: template
    }
  }

  /// What the template names itself wins over what is spread.
  private static func fill(_ object: JSONObject, _ value: (String) -> JSONValue) -> JSONObject {
    var result = JSONObject()
    for member in object.members {
      let filled = fill(member.value, value)
      if member.name == spread, let inner = filled.object {
        for one in inner.members where object[one.name] == nil { result[one.name] = one.value }
      } else {
        result[member.name] = filled
      }
    }
    return result
  }

  private static func fill(_ text: String, _ value: (String) -> JSONValue) -> JSONValue {
    let parts = PlaceholderText.parts(of: text)
    if parts.count == 1, let name = parts[0].placeholderName { return value(name) }
    return .string(
      parts.map { part in
        switch part {
        case .text(let text): text
        case .placeholder(let name): plain(value(name))
        }
      }.joined())
  }

  private static func plain(_ value: JSONValue) -> String {
    switch value {
    case .string(let text): text
    case .integer(let number): String(number)
    case .null: ""
    default: JSONWriter.compactText(value)
    }
  }
}
