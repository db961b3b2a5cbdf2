// Fills the templates of `self_service` in. A text that is nothing but one placeholder becomes the
// value itself (a number, a list, null); inside a longer text the value is written out.

package struct SelfServiceShape: Sendable {
  private let hasIntegerIDs: Bool

  package init(_ policy: Policy) {
    hasIntegerIDs = policy.publicID == .integer(before: "", after: "")
  }

  /// The body of an answer about these key objects: one for `create` and `delete`.
  /// - Parameter next: cursor of a list's next page; nil: there is none.
  package func body(
    _ answer: SelfService.Answer, keys: [JSONObject], next: String? = nil
  ) -> JSONValue? {
    guard let template = answer.body else { return nil }
    let first = keys.first ?? JSONObject()
    return Self.fill(template) { name in
      switch name {
      case "keys": .array(keys.map { key in item(answer.item ?? .null, key) })
      case "count": .integer(Int64(keys.count))
      case "next_cursor": next.map(JSONValue.string) ?? .null
      default: value(name, of: first)
      }
    }
  }

  private func item(_ template: JSONValue, _ key: JSONObject) -> JSONValue {
    Self.fill(template) { value($0, of: key) }
  }

  private func value(_ name: String, of key: JSONObject) -> JSONValue {
    guard name == "id" else { return key[name] ?? .null }
    guard let text = key["public_id"]?.string else { return key["id"] ?? .null }
    if hasIntegerIDs, let number = Int64(text) { return .integer(number) }
    return .string(text)
  }

  /// - Parameter value: of a placeholder, by its name.
  package static func fill(_ template: JSONValue, _ value: (String) -> JSONValue) -> JSONValue {
    switch template {
    case .string(let text): fill(text, value)
    case .array(let elements): .array(elements.map { fill($0, value) })
    case .object(let object):
      .object(
        object.members.reduce(into: JSONObject()) { $0[$1.name] = fill($1.value, value) })
    default: template
    }
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
