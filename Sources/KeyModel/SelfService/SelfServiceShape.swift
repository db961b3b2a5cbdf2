// What the placeholders of `self_service` stand for. How a template is filled in is JSONTemplate's.

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
    return JSONTemplate.fill(template) { name in
      switch name {
      case "keys": .array(keys.map { key in item(answer.item ?? .null, key) })
      case "count": .integer(Int64(keys.count))
      case "next_cursor": next.map(JSONValue.string) ?? .null
      default: value(name, of: first)
      }
    }
  }

  private func item(_ template: JSONValue, _ key: JSONObject) -> JSONValue {
    JSONTemplate.fill(template) { value($0, of: key) }
  }

  private func value(_ name: String, of key: JSONObject) -> JSONValue {
    guard name == "id" else { return key[name] ?? .null }
    guard let text = key["public_id"]?.string else { return key["id"] ?? .null }
    if hasIntegerIDs, let number = Int64(text) { return .integer(number) }
    return .string(text)
  }
}
