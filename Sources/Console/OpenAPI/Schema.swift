// Small words to write JSON Schemas with.
internal import KeyModel

enum Schema {
  static let string: JSONValue = ["type": "string"]
  static let integer: JSONValue = ["type": "integer"]
  static let boolean: JSONValue = ["type": "boolean"]
  static let time: JSONValue = ["type": "string", "format": "date-time"]
  static let anyObject: JSONValue = ["type": "object"]

  /// Without control characters; where it may be empty it may also have several lines.
  static func text(_ max: Int64, min: Int64 = 1) -> JSONValue {
    [
      "type": "string", "minLength": .integer(min), "maxLength": .integer(max),
      "pattern": min == 0
        ? #"^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]*$"#
        : #"^[^\u0000-\u001f\u007f-\u009f]*$"#,
    ]
  }

  static func id(_ prefix: String) -> JSONValue {
    ["type": "string", "pattern": .string("^\(prefix)_[0-9a-hjkmnp-tv-z]{26}$")]
  }

  static func choice(_ values: [String]) -> JSONValue {
    ["type": "string", "enum": .array(values.map { .string($0) })]
  }

  static func list(_ items: JSONValue, max: Int64? = nil) -> JSONValue {
    var schema: JSONObject = ["type": "array", "items": items]
    if let max { schema["maxItems"] = .integer(max) }
    return .object(schema)
  }

  static func ref(_ name: String) -> JSONValue {
    ["$ref": .string("#/components/schemas/\(name)")]
  }

  static func nullable(_ schema: JSONValue) -> JSONValue {
    ["anyOf": [schema, ["type": "null"]]]
  }

  /// An object of a request: nothing but these members.
  static func input(_ members: JSONObject, required: [String] = []) -> JSONValue {
    var schema: JSONObject = [
      "type": "object", "properties": .object(members), "additionalProperties": false,
    ]
    if !required.isEmpty { schema["required"] = .array(required.map { .string($0) }) }
    return .object(schema)
  }

  /// An object of an answer: all of these members, and later versions may have more.
  static func output(_ members: JSONObject, optional: [String] = []) -> JSONValue {
    let required = members.members.map(\.name).filter { !optional.contains($0) }
    return [
      "type": "object", "properties": .object(members),
      "required": .array(required.map { .string($0) }),
    ]
  }

  static func page(of name: String) -> JSONValue {
    output(["data": list(ref(name)), "next_cursor": nullable(string)])
  }

  static func extended(_ name: String, _ members: JSONObject, optional: [String] = []) -> JSONValue
  {
    ["allOf": [ref(name), output(members, optional: optional)]]
  }
}
