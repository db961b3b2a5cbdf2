// What the members of an account may do: the policy's roles, and what a role and permissions given
// besides come to. It must not know operators or sessions.

/// What a member may do with the own account.
package enum MemberPermission: String, Sendable, CaseIterable {
  /// See, make, change, reveal and revoke keys; make and change the applications that own them.
  case keys
  case webhooks
  /// See requests and usage.
  case logs
  /// See, invite, change and remove members.
  case members
}

package struct MemberRules: Sendable, Hashable {
  package struct Role: Sendable, Hashable {
    package var name: String
    package var permissions: [MemberPermission]
    package init(name: String, permissions: [MemberPermission]) {
      self.name = name
      self.permissions = permissions
    }
  }
  package var roles: [Role] = [
    Role(name: "admin", permissions: [.keys, .webhooks, .logs, .members]),
    Role(name: "developer", permissions: [.keys, .logs]),
    Role(name: "viewer", permissions: [.logs]),
  ]
  /// A role then only makes `keys` possible; a member has it when it is given to that member.
  package var apiKeysPermission = false
  package init() {}

  package func role(named name: String) -> Role? { roles.first { $0.name == name } }

  /// False for `keys` where it is a permission of its own and the role makes it impossible.
  package func mayGive(_ permission: MemberPermission, to role: Role) -> Bool {
    permission != .keys || !apiKeysPermission || role.permissions.contains(.keys)
  }

  /// What the member may do now: that of the role, and what was given besides. Nothing where the
  /// policy does not have the role any more.
  package func effective(
    role name: String, given: Set<MemberPermission>
  ) -> Set<MemberPermission> {
    guard let role = role(named: name) else { return [] }
    var result = Set(role.permissions)
    if apiKeysPermission { result.remove(.keys) }
    return result.union(given.filter { mayGive($0, to: role) })
  }
}
