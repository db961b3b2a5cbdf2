// A JSON document as a value. Reading text is JSONReader's job, writing is JSONWriter's.

/// One JSON value. Objects keep the order of their members and never hold a name twice.
package enum JSONValue: Hashable, Sendable {
  case null
  case bool(Bool)
  /// A number written without fraction or exponent that fits 64 bits.
  case integer(Int64)
  case decimal(Double)
  case string(String)
  case array([JSONValue])
  case object(JSONObject)
}

package struct JSONObject: Hashable, Sendable {
  package struct Member: Hashable, Sendable {
    package var name: String
    package var value: JSONValue
    package init(_ name: String, _ value: JSONValue) {
      self.name = name
      self.value = value
    }
  }

  package private(set) var members: [Member]

  package init() { members = [] }

  /// Later members win over earlier ones of the same name.
  package init(_ members: [(String, JSONValue)]) {
    self.members = []
    for (name, value) in members { self[name] = value }
  }

  /// Nil where there is no such member; assigning nil removes it.
  package subscript(name: String) -> JSONValue? {
    get { members.first { $0.name == name }?.value }
    set {
      let at = members.firstIndex { $0.name == name }
      switch (at, newValue) {
      case (let at?, let value?): members[at].value = value
      case (let at?, nil): members.remove(at: at)
      case (nil, let value?): members.append(Member(name, value))
      case (nil, nil): break
      }
    }
  }

  /// Adds a member that the caller knows to be new: no search for its name.
  package mutating func append(new name: String, _ value: JSONValue) {
    members.append(Member(name, value))
  }

  /// The members of `other` win.
  package func merging(_ other: JSONObject) -> JSONObject {
    var result = self
    for member in other.members { result[member.name] = member.value }
    return result
  }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
  /// The names are written in the source and differ from each other.
  package init(dictionaryLiteral elements: (String, JSONValue)...) { self.init(literal: elements) }

  fileprivate init(literal elements: [(String, JSONValue)]) {
    members = elements.map { Member($0.0, $0.1) }
  }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral,
  ExpressibleByIntegerLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral,
  ExpressibleByNilLiteral
{
  package init(stringLiteral value: String) { self = .string(value) }
  package init(booleanLiteral value: Bool) { self = .bool(value) }
  package init(integerLiteral value: Int64) { self = .integer(value) }
  package init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
  package init(dictionaryLiteral elements: (String, JSONValue)...) {
    self = .object(JSONObject(literal: elements))
  }
  package init(nilLiteral: ()) { self = .null }
}

extension JSONValue {
  package var string: String? { if case .string(let value) = self { value } else { nil } }
  package var integer: Int64? { if case .integer(let value) = self { value } else { nil } }
  package var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
  package var array: [JSONValue]? { if case .array(let value) = self { value } else { nil } }
  package var object: JSONObject? { if case .object(let value) = self { value } else { nil } }
  package subscript(name: String) -> JSONValue? { object?[name] }
}
