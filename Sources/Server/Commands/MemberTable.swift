// Rows of the commands on the members of accounts.
internal import KeyModel

extension ResourceTable {
  private static let member = Argument(name: "MEMBER", summary: "mem_…")
  private static let memberFlags = [
    Flag(name: "role", placeholder: "ROLE", summary: "one of the policy's roles"),
    Flag(
      name: "permission", placeholder: "NAME",
      summary: "given beside the role's; \"\" takes all of them back", repeatable: true,
      choices: MemberPermission.allCases.map(\.rawValue)),
  ]
  private static let memberFields: [Field] = [
    .body("role"), .body("permission", "permissions", .list),
  ]

  static let members: [ResourceCommand] = [
    ResourceCommand(
      path: ["members", "add"], summary: "Make somebody a member of an account", method: "POST",
      route: "/v1/accounts/{account}/members",
      arguments: [Argument(name: "EMAIL", summary: "the person's address")],
      flags: [
        Flag(name: "account", placeholder: "ACCOUNT", summary: "acc_…", required: true)
      ] + memberFlags,
      fields: [.body("EMAIL", "email")] + memberFields,
      examples: [
        Example(
          line: "latchkey members add ann@example.com --account acc_… --role admin",
          says: "a first member, who can invite the others")
      ]),
    ResourceCommand(
      path: ["members", "list"], summary: "List an account's members", method: "GET",
      route: "/v1/accounts/{account}/members",
      flags: [Flag(name: "account", placeholder: "ACCOUNT", summary: "acc_…", required: true)],
      columns: ["id", "email", "role", "effective_permissions", "created_at"]),
    ResourceCommand(
      path: ["members", "get"], summary: "Show a member", method: "GET",
      route: "/v1/members/{MEMBER}", arguments: [member]),
    ResourceCommand(
      path: ["members", "update"], summary: "Change a member's role, permissions or address",
      method: "PATCH", route: "/v1/members/{MEMBER}", arguments: [member],
      flags: memberFlags + [Flag(name: "email", placeholder: "EMAIL", summary: "a new address")],
      fields: memberFields + [.body("email")]),
    ResourceCommand(
      path: ["members", "remove"], summary: "Remove a member from its account",
      method: "DELETE", route: "/v1/members/{MEMBER}", arguments: [member], done: "removed"),
  ]
}
