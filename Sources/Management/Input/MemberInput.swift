// The request bodies about members. Which roles there are is the policy's, and not known here.
package import KeyModel

package struct NewMember: Sendable {
  package var email: String
  package var role: String
  package var permissions: Set<MemberPermission>

  package init(email: String, role: String, permissions: Set<MemberPermission> = []) {
    self.email = email
    self.role = role
    self.permissions = permissions
  }

  package init(_ fields: inout Fields) throws(Problem) {
    let email = fields.required("email", MemberInputRule.email("email"))
    let role = fields.required("role", FieldRule.line("role"))
    permissions = fields.optional("permissions", MemberInputRule.permissions("permissions")) ?? []
    try fields.finish()
    guard let email, let role else { throw .invalid("", "is incomplete") }
    self.email = email
    self.role = role
  }
}

package struct MemberPatch: Sendable {
  package var email: String?
  package var role: String?
  package var permissions: Patch<Set<MemberPermission>> = .keep

  package init() {}

  package init(_ fields: inout Fields) throws(Problem) {
    email = fields.replacement("email", MemberInputRule.email("email"))
    role = fields.replacement("role", FieldRule.line("role"))
    permissions = fields.change("permissions", MemberInputRule.permissions("permissions"))
    try fields.finish()
  }
}

enum MemberInputRule {
  static func email(_ name: String) -> FieldRule.Read<String> {
    { fields, value in
      guard let text = value.string, let email = EmailAddress.normalized(text) else {
        return FieldRule.wrong(
          &fields, name, "must be an e-mail address of ASCII characters, at most 254")
      }
      return email
    }
  }

  static func permissions(_ name: String) -> FieldRule.Read<Set<MemberPermission>> {
    { fields, value in
      guard let items = FieldRule.list(&fields, name, value, max: 16) else { return nil }
      var result: Set<MemberPermission> = []
      for (index, item) in items.enumerated() {
        if let permission = item.string.flatMap(MemberPermission.init(rawValue:)) {
          result.insert(permission)
        } else {
          let known = MemberPermission.allCases.map(\.rawValue).joined(separator: ", ")
          fields.report(pointer: "\(name)/\(index)", "must be one of: \(known)")
        }
      }
      return result
    }
  }
}
