// The request bodies about keys and operator keys. Rules that need the store or the policy are not
// here.
package import KeyModel

package struct NewKey: Sendable {
  /// May be nil where the policy has one environment.
  package var environment: String?
  /// Nil: the first of the policy's kinds.
  package var kind: KeyKind?
  package var name = ""
  package var description = ""
  package var access: Access?
  package var applicationID: ApplicationID?
  /// Empty: every route.
  package var routes: [RoutePattern] = []
  package var expiresAt: Timestamp?

  package init(environment: String? = nil) { self.environment = environment }

  package init(_ fields: inout Fields) throws(Problem) {
    self.init(reading: &fields)
    try fields.finish()
  }

  /// The members of a new key among others.
  init(reading fields: inout Fields) {
    environment = fields.optional("environment", FieldRule.line("environment"))
    kind = fields.optional(
      "kind", FieldRule.oneOf("kind", KeyKind.allCases.map { ($0.name, $0) }))
    name = fields.optional("name", FieldRule.text("name", max: 128, newlines: false)) ?? ""
    description = fields.optional("description", FieldRule.text("description")) ?? ""
    access = fields.optional("access", AccountRule.access("access"))
    applicationID = fields.optional(
      "application_id", FieldRule.id("application_id", ApplicationTag.self))
    routes = fields.optional("routes", KeyRule.routes("routes")) ?? []
    expiresAt = fields.optional("expires_at", KeyRule.time("expires_at"))
  }
}

package struct KeyPatch: Sendable {
  package var name: Patch<String> = .keep
  package var description: Patch<String> = .keep
  package var access: Access?
  package var routes: Patch<[RoutePattern]> = .keep
  package var expiresAt: Patch<Timestamp> = .keep

  package init() {}

  package init(_ fields: inout Fields) throws(Problem) {
    name = fields.change("name", FieldRule.text("name", max: 128, newlines: false))
    description = fields.change("description", FieldRule.text("description"))
    access = fields.replacement("access", AccountRule.access("access"))
    routes = fields.change("routes", KeyRule.routes("routes"))
    expiresAt = fields.change("expires_at", KeyRule.time("expires_at"))
    try fields.finish()
  }
}

package struct KeyRotation: Sendable {
  /// Nil: the policy's longest overlap, a day at most.
  package var overlapSeconds: Int64?

  package init(overlapSeconds: Int64? = nil) { self.overlapSeconds = overlapSeconds }

  package init(_ fields: inout Fields) throws(Problem) {
    overlapSeconds = fields.optional(
      "overlap_seconds", FieldRule.integer("overlap_seconds", 0...315_360_000))
    try fields.finish()
  }
}

/// A body that must hold nothing.
package struct NoFields: Sendable {
  package init() {}
  package init(_ fields: inout Fields) throws(Problem) { try fields.finish() }
}

package struct NewOperatorKey: Sendable {
  package var name = ""
  package var scopes: Set<Scope>
  /// Slug; nil: not bound.
  package var project: String?

  package init(scopes: Set<Scope>, project: String? = nil, name: String = "") {
    self.scopes = scopes
    self.project = project
    self.name = name
  }

  package init(_ fields: inout Fields) throws(Problem) {
    name = fields.optional("name", FieldRule.text("name", max: 128, newlines: false)) ?? ""
    let scopes = fields.required("scopes", KeyRule.scopes("scopes"))
    project = fields.optional("project", FieldRule.line("project"))
    try fields.finish()
    guard let scopes else { throw .invalid("/scopes", "is required") }
    self.scopes = scopes
  }
}

enum KeyRule {
  static func time(_ name: String) -> FieldRule.Read<Timestamp> {
    { fields, value in
      guard let text = value.string, let time = RFC3339.parse(text) else {
        return FieldRule.wrong(&fields, name, "must be an RFC 3339 time")
      }
      return time
    }
  }

  static func scopes(_ name: String) -> FieldRule.Read<Set<Scope>> {
    { fields, value in
      guard let items = FieldRule.list(&fields, name, value, max: 64) else { return nil }
      guard !items.isEmpty else {
        return FieldRule.wrong(&fields, name, "must name at least one scope")
      }
      var result: Set<Scope> = []
      for (index, item) in items.enumerated() {
        if let scope = item.string.flatMap(Scope.init(rawValue:)) {
          result.insert(scope)
        } else {
          let known = Scope.allCases.map(\.rawValue).joined(separator: ", ")
          fields.report(pointer: "\(name)/\(index)", "must be one of: \(known)")
        }
      }
      return result
    }
  }

  static func routes(_ name: String) -> FieldRule.Read<[RoutePattern]> {
    { fields, value in
      guard let items = FieldRule.list(&fields, name, value, max: 64) else { return nil }
      return items.enumerated().compactMap { route(&fields, "\(name)/\($0.offset)", $0.element) }
    }
  }

  private static func route(
    _ fields: inout Fields, _ place: String, _ value: JSONValue
  ) -> RoutePattern? {
    guard let object = value.object else {
      fields.report(pointer: place, "must be an object with method and path")
      return nil
    }
    for member in object.members where member.name != "method" && member.name != "path" {
      fields.report(
        pointer: place + JSONPointer([member.name]).description, "is not a field of a route")
    }
    let method = object["method"]?.string ?? ""
    let path = object["path"]?.string ?? ""
    if !isMethod(method) {
      fields.report(pointer: place + "/method", "must be * or an upper-case method")
    }
    if !isPath(path) {
      fields.report(
        pointer: place + "/path",
        "must begin with /, be read alike by everybody and have * only as its last character")
    }
    return RoutePattern(method: method, path: path)
  }

  private static func isMethod(_ text: String) -> Bool {
    text == "*"
      || (1...32).contains(text.utf8.count)
        && text.utf8.allSatisfy { (0x41...0x5A).contains($0) || $0 == UInt8(ascii: "-") }
  }

  private static func isPath(_ text: String) -> Bool {
    guard text.utf8.first == UInt8(ascii: "/"), text.utf8.count <= 1024 else { return false }
    return text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "?") }
      && !text.dropLast().contains("*") && PathGuard.isUnambiguous(text)
  }
}
