// The request bodies about accounts and applications. Rules that need the store or the policy are
// not here.
package import KeyModel

package struct NewAccount: Sendable {
  package var name: String
  package var externalID: String?
  package var plan: String?
  /// Nil: one is made.
  package var username: String?
  package var brands: [String] = []
  /// Of the system the account comes from; nil: one is made.
  package var clientID: String?

  package init(name: String) { self.name = name }

  package init(_ fields: inout Fields) throws(Problem) {
    let name = fields.required("name", FieldRule.line("name"))
    externalID = fields.optional("external_id", FieldRule.line("external_id"))
    plan = fields.optional("plan", FieldRule.line("plan", max: 64))
    username = fields.optional("username", AccountRule.identifier("username"))
    brands = fields.optional("brands", FieldRule.lines("brands", max: 1000)) ?? []
    clientID = fields.optional("client_id", AccountRule.identifier("client_id"))
    try fields.finish()
    guard let name else { throw .invalid("", "is incomplete") }
    self.name = name
  }
}

package struct AccountPatch: Sendable {
  package var name: String?
  package var externalID: Patch<String> = .keep
  package var plan: Patch<String> = .keep
  package var username: String?
  package var brands: Patch<[String]> = .keep
  package var state: AccountState?

  package init() {}

  package init(_ fields: inout Fields) throws(Problem) {
    name = fields.replacement("name", FieldRule.line("name"))
    externalID = fields.change("external_id", FieldRule.line("external_id"))
    plan = fields.change("plan", FieldRule.line("plan", max: 64))
    username = fields.replacement("username", AccountRule.identifier("username"))
    brands = fields.change("brands", FieldRule.lines("brands", max: 1000))
    state = fields.replacement(
      "state", FieldRule.oneOf("state", AccountState.allCases.map { ($0.name, $0) }))
    try fields.finish()
  }
}

package struct NewApplication: Sendable {
  package var name: String
  package var description = ""
  package var access: Access?

  package init(name: String) { self.name = name }

  package init(_ fields: inout Fields) throws(Problem) {
    let name = fields.required("name", FieldRule.line("name"))
    description = fields.optional("description", FieldRule.text("description")) ?? ""
    access = fields.optional("access", AccountRule.access("access"))
    try fields.finish()
    guard let name else { throw .invalid("", "is incomplete") }
    self.name = name
  }
}

package struct ApplicationPatch: Sendable {
  package var name: String?
  package var description: Patch<String> = .keep
  package var access: Patch<Access> = .keep

  package init() {}

  package init(_ fields: inout Fields) throws(Problem) {
    name = fields.replacement("name", FieldRule.line("name"))
    description = fields.change("description", FieldRule.text("description"))
    access = fields.change("access", AccountRule.access("access"))
    try fields.finish()
  }
}

enum AccountRule {
  static func access(_ name: String) -> FieldRule.Read<Access> {
    FieldRule.oneOf(name, Access.allCases.map { ($0.name, $0) })
  }

  /// User names, client ids and public ids: they stand in a header, perhaps before a colon.
  static func identifier(_ name: String) -> FieldRule.Read<String> {
    { fields, value in
      guard let text = value.string, ImportRules.isIdentifier(text) else {
        return FieldRule.wrong(
          &fields, name, "must be 1 to 128 visible ASCII characters without colon")
      }
      return text
    }
  }
}
