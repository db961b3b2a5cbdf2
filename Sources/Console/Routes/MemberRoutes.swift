// Routes of the members of accounts.
internal import KeyModel
internal import Management

extension RouteTable {
  static let members: [Route] = [
    .operation(
      .post, "/v1/accounts/{account}/members", .createMember, "Invite a member to an account",
      tag: "Members", input: "NewMember", status: 201, output: "Member",
      refusals: [.emailTaken]
    ) { management, call throws(Problem) in
      try await management.createMember(
        of: try call.id("account"), try call.input(NewMember.init), by: call.caller)
    },
    .operation(
      .get, "/v1/accounts/{account}/members", .listMembers, "List the members of an account",
      tag: "Members", query: pageParameters, output: "MemberList"
    ) { management, call throws(Problem) in
      try await management.listMembers(
        of: try call.id("account"), try call.query.page(), by: call.principal)
    },
    .operation(
      .get, "/v1/members/{member}", .getMember, "Show a member", tag: "Members",
      output: "Member"
    ) { management, call throws(Problem) in
      try await management.member(try call.id("member"), by: call.principal)
    },
    .operation(
      .patch, "/v1/members/{member}", .updateMember, "Change a member's role or permissions",
      tag: "Members", input: "MemberPatch", output: "Member",
      refusals: [.emailTaken, .lastAdmin]
    ) { management, call throws(Problem) in
      try await management.updateMember(
        try call.id("member"), try call.input(MemberPatch.init), by: call.caller)
    },
    .operation(
      .delete, "/v1/members/{member}", .deleteMember, "Remove a member from its account",
      tag: "Members", status: 204, refusals: [.lastAdmin]
    ) { management, call throws(Problem) in
      try await management.deleteMember(try call.id("member"), by: call.caller)
    },
  ]
}
