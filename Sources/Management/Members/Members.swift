// Use cases on the members of an account.
internal import Crypto
package import KeyModel
internal import Storage

extension UseCases {
  package func createMember(
    of id: AccountID, _ new: NewMember, by caller: Caller
  ) async throws(Problem) -> Answer {
    try await change(.createMember, by: caller) { [self] context in
      let account = try context.view.account(id)
      let rules = try policy(of: account, context.view).members
      let member = Member(
        id: entropy.newID(context.now), projectID: account.projectID, accountID: id,
        email: new.email, role: new.role, permissions: new.permissions, createdAt: context.now)
      try rules.check(member)
      try caller.principal.requireHolding(rules.effective(of: member))
      try requireFree(member, context.tx)
      try context.tx.members.insert(member)
      context.audit(
        "member.created", project: member.projectID, account: id, subject: member.id,
        member.detail)
      return Answer(201, Represent.member(member, rules))
    }
  }

  package func listMembers(
    of id: AccountID, _ page: PageRequest, by principal: Principal
  ) async throws(Problem) -> Answer {
    try await read(.listMembers, by: principal) { [self] view in
      let rules = try policy(of: try view.account(id), view).members
      let rows = try view.tx.members.list(
        account: id, before: page.before(), limit: page.limit + 1)
      return page.answer(rows, cursor: \.id.bits) { Represent.member($0, rules) }
    }
  }

  package func member(
    _ id: MemberID, by principal: Principal
  ) async throws(Problem) -> Answer {
    try await read(.getMember, by: principal) { [self] view in
      let member = try view.member(id)
      return Answer(200, Represent.member(member, try rules(of: member, view)))
    }
  }

  package func updateMember(
    _ id: MemberID, _ patch: MemberPatch, by caller: Caller
  ) async throws(Problem) -> Answer {
    try await change(.updateMember, by: caller) { [self] context in
      let old = try context.view.member(id)
      let rules = try rules(of: old, context.view)
      var member = old
      patch.apply(to: &member, rules)
      try rules.check(member)
      // A new address takes over all that the member may do, so that is asked for too.
      try caller.principal.requireHolding(
        rules.effective(of: old).union(rules.effective(of: member)))
      try requireFree(member, context.tx)
      if !rules.effective(of: member).contains(.members) {
        try requireAnotherAdmin(than: old, rules, caller, context.tx)
      }
      member = try context.tx.members.update(member)
      context.audit(
        "member.updated", project: member.projectID, account: member.accountID, subject: id,
        member.detail)
      return Answer(200, Represent.member(member, rules))
    }
  }

  package func deleteMember(
    _ id: MemberID, by caller: Caller
  ) async throws(Problem) -> Answer {
    try await change(.deleteMember, by: caller) { [self] context in
      let member = try context.view.member(id)
      let rules = try rules(of: member, context.view)
      try caller.principal.requireHolding(rules.effective(of: member))
      try requireAnotherAdmin(than: member, rules, caller, context.tx)
      _ = try context.tx.members.delete(id)
      context.audit(
        "member.deleted", project: member.projectID, account: member.accountID, subject: id,
        member.detail)
      return .noContent
    }
  }

  /// The member as one who asks. Throws 401 where there is none any more; what the member may do
  /// is that of this moment.
  package func principal(of id: MemberID) async throws(Problem) -> Principal {
    do {
      return try await store.read { [self] tx in
        guard let member = try tx.members.find(id),
          let account = try tx.accounts.find(member.accountID),
          let project = try tx.projects.find(member.projectID)
        else { throw Problem.unauthorized(invalidToken: true) }
        let rules = try policies.policy(of: project).policy.members
        return .member(id: id, home: .init(account), permissions: rules.effective(of: member))
      }
    } catch {
      throw problem(error)
    }
  }

  private func rules(of member: Member, _ view: View) throws -> MemberRules {
    try policies.policy(of: try view.project(member.projectID)).policy.members
  }

  private func requireFree(_ member: Member, _ tx: Transaction) throws {
    guard let other = try tx.members.find(email: member.email, in: member.accountID),
      other.id != member.id
    else { return }
    throw Problem.emailTaken()
  }

  /// Members cannot leave their account without anybody who may manage members. The operator can,
  /// who is able to make another one.
  private func requireAnotherAdmin(
    than member: Member, _ rules: MemberRules, _ caller: Caller, _ tx: Transaction
  ) throws {
    guard case .member = caller.principal, rules.effective(of: member).contains(.members) else {
      return
    }
    let remaining = try tx.members.all(account: member.accountID).contains {
      $0.id != member.id && rules.effective(of: $0).contains(.members)
    }
    if remaining { return }
    throw Problem(.lastAdmin, "Give another member the permission members first.")
  }
}

extension Problem {
  static func emailTaken() -> Problem {
    Problem(.emailTaken, "The account has a member of this address already.")
  }
}

extension MemberRules {
  func effective(of member: Member) -> Set<MemberPermission> {
    effective(role: member.role, given: member.permissions)
  }

  /// Throws 400 for a role that the policy does not have, and for what the role cannot be given.
  func check(_ member: Member) throws(Problem) {
    guard let role = role(named: member.role) else {
      throw .invalid("/role", "must be one of: " + roles.map(\.name).joined(separator: ", "))
    }
    for permission in member.permissions where !mayGive(permission, to: role) {
      throw .invalid(
        "/permissions", "\(permission.rawValue) cannot be given to the role \(role.name)")
    }
  }
}

extension Member {
  /// For the audit: no address, which is a person's and would stay in the chain for good.
  fileprivate var detail: JSONObject {
    [
      "role": .string(role), "permissions": Represent.strings(permissions.map(\.rawValue).sorted()),
    ]
  }
}

extension MemberPatch {
  /// A new role takes along what it cannot be given.
  fileprivate func apply(to member: inout Member, _ rules: MemberRules) {
    if let email { member.email = email }
    if let role {
      member.role = role
      if let role = rules.role(named: role) {
        member.permissions = member.permissions.filter { rules.mayGive($0, to: role) }
      }
    }
    member.permissions = permissions.applied(to: member.permissions) ?? []
  }
}
