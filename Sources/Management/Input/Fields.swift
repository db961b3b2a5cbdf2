// Reads the members of a request body one by one and gathers everything that is wrong with them,
// so that one answer names all of it. It must not know what the members mean.
package import KeyModel

/// What a patch says about one field.
package enum Patch<Value: Sendable>: Sendable {
  case keep
  /// The member is `null`.
  case clear
  case set(Value)

  package func applied(to old: Value?) -> Value? {
    switch self {
    case .keep: old
    case .clear: nil
    case .set(let value): value
    }
  }
}

package struct Fields {
  private let object: JSONObject
  package private(set) var findings: [Problem.Finding] = []
  /// Every name that was asked for, in order: what the body may have.
  package private(set) var names: [String] = []

  package init(_ object: JSONObject) { self.object = object }

  package mutating func report(_ name: String, _ detail: String) {
    findings.append(Problem.Finding(pointer: JSONPointer([name]).description, detail))
  }

  package mutating func report(_ finding: Problem.Finding) { findings.append(finding) }

  /// Nil where the member is absent.
  package mutating func value(_ name: String) -> JSONValue? {
    names.append(name)
    return object[name]
  }

  /// Absent or null gives `keep` or `clear`; `read` gives nil where it does not like the value,
  /// having reported why.
  package mutating func change<Value>(
    _ name: String, _ read: (inout Fields, JSONValue) -> Value?
  ) -> Patch<Value> {
    guard let value = value(name) else { return .keep }
    if value == .null { return .clear }
    guard let good = read(&self, value) else { return .keep }
    return .set(good)
  }

  /// Null counts as absent.
  package mutating func optional<Value>(
    _ name: String, _ read: (inout Fields, JSONValue) -> Value?
  ) -> Value? {
    guard let value = value(name), value != .null else { return nil }
    return read(&self, value)
  }

  package mutating func required<Value>(
    _ name: String, _ read: (inout Fields, JSONValue) -> Value?
  ) -> Value? {
    guard let value = value(name), value != .null else {
      report(name, "is required")
      return nil
    }
    return read(&self, value)
  }

  /// For a patch of a field that cannot be empty: absent gives nil, null is a finding.
  package mutating func replacement<Value>(
    _ name: String, _ read: (inout Fields, JSONValue) -> Value?
  ) -> Value? {
    guard let value = value(name) else { return nil }
    guard value != .null else {
      report(name, "cannot be null")
      return nil
    }
    return read(&self, value)
  }

  /// Throws everything found, members that nobody asked for included.
  package mutating func finish() throws(Problem) {
    for member in object.members where !names.contains(member.name) {
      report(member.name, "is not a field of this request")
    }
    guard findings.isEmpty else { throw .invalid(findings) }
  }
}
