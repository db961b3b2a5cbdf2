// The commands that are one request each, as rows. What they may do is the management API's.

enum ResourceTable {
  static let commands =
    (projects + accounts + applications + members + keys + cycling + webhooks + events
    + operatorKeys).map(\.command)

  private static let accountFlag = Flag(
    name: "account", placeholder: "ACCOUNT", summary: "acc_…", required: true)
  private static let projectFlag = Flag(
    name: "project", placeholder: "SLUG", summary: "the project's slug", required: true)
  private static let slug = Argument(name: "SLUG", summary: "the project's slug")

  private static func flag(
    _ name: String, _ placeholder: String, _ summary: String, repeatable: Bool = false,
    choices: [String] = []
  ) -> Flag {
    Flag(
      name: name, placeholder: placeholder, summary: summary, repeatable: repeatable,
      choices: choices)
  }

  // MARK: Projects

  private static let projectFlags = [
    flag("policy", "JSON", "merge patch over the profile; @FILE reads a file"),
    flag("upstream", "URL", "the API behind the gateway"),
    flag("host", "HOST", "host name by which the gateway finds it", repeatable: true),
  ]
  private static let projectFields: [Field] = [
    .body("name"), .body("policy", nil, .json), .body("upstream"), .body("host", "hosts", .list),
  ]

  static let projects: [ResourceCommand] = [
    ResourceCommand(
      path: ["projects", "create"], summary: "Make a project", method: "POST",
      route: "/v1/projects", arguments: [slug],
      flags: [
        Flag(name: "name", placeholder: "NAME", summary: "what people call it", required: true)
      ] + projectFlags + [flag("profile", "NAME", "the profile its policy begins with")],
      fields: [.body("SLUG", "slug"), .body("profile")] + projectFields,
      examples: [
        Example(
          line: "latchkey projects create orders --name Orders --upstream http://127.0.0.1:9000",
          says: "protect an API that listens on port 9000")
      ]),
    ResourceCommand(
      path: ["projects", "list"], summary: "List projects", method: "GET", route: "/v1/projects",
      columns: ["slug", "name", "profile", "upstream", "id"]),
    ResourceCommand(
      path: ["projects", "get"], summary: "Show a project", method: "GET",
      route: "/v1/projects/{SLUG}", arguments: [slug]),
    ResourceCommand(
      path: ["projects", "update"], summary: "Change a project", method: "PATCH",
      route: "/v1/projects/{SLUG}", arguments: [slug],
      flags: [flag("name", "NAME", "what people call it")] + projectFlags,
      fields: projectFields),
    ResourceCommand(
      path: ["projects", "delete"], summary: "Delete a project with all its accounts and keys",
      method: "DELETE", route: "/v1/projects/{SLUG}", arguments: [slug], done: "deleted"),
    ResourceCommand(
      path: ["projects", "reveal-assertion-key"],
      summary: "Show the key that signs forward-auth's assertions", method: "POST",
      route: "/v1/projects/{SLUG}/assertion-key/reveal", arguments: [slug]),
  ]

  // MARK: Accounts and applications

  private static let account = Argument(name: "ACCOUNT", summary: "acc_…")
  private static let application = Argument(name: "APPLICATION", summary: "app_…")
  private static let accountFlags = [
    flag("external-id", "ID", "the customer's id in your own system"),
    flag("plan", "PLAN", "what the customer pays for"),
    flag("username", "NAME", "for schemes that name a user"),
    flag("brand", "NAME", "a sub-company of the account", repeatable: true),
  ]
  private static let accountFields: [Field] = [
    .body("external-id"), .body("plan"), .body("username"), .body("brand", "brands", .list),
  ]

  static let accounts: [ResourceCommand] = [
    ResourceCommand(
      path: ["accounts", "create"], summary: "Make an account", method: "POST",
      route: "/v1/projects/{project}/accounts",
      arguments: [Argument(name: "NAME", summary: "the customer's name")],
      flags: [projectFlag] + accountFlags, fields: [.body("NAME", "name")] + accountFields,
      examples: [
        Example(
          line: "latchkey accounts create Acme --project orders", says: "a first customer")
      ]),
    ResourceCommand(
      path: ["accounts", "list"], summary: "List a project's accounts", method: "GET",
      route: "/v1/projects/{project}/accounts", flags: [projectFlag],
      columns: ["id", "name", "plan", "external_id", "client_id"]),
    ResourceCommand(
      path: ["accounts", "get"], summary: "Show an account", method: "GET",
      route: "/v1/accounts/{ACCOUNT}", arguments: [account]),
    ResourceCommand(
      path: ["accounts", "update"], summary: "Change an account", method: "PATCH",
      route: "/v1/accounts/{ACCOUNT}", arguments: [account],
      flags: accountFlags + [
        flag("name", "NAME", "the customer's name"),
        flag(
          "state", "STATE", "suspended: every call is refused",
          choices: ["active", "suspended"]),
      ],
      fields: [.body("name"), .body("state")] + accountFields),
    ResourceCommand(
      path: ["usage"], summary: "Show an account's quota and its calls, today and on past days",
      method: "GET", route: "/v1/accounts/{ACCOUNT}/usage", arguments: [account],
      flags: [
        flag("from", "DAY", "first day shown (30 days ago)"),
        flag("to", "DAY", "last day shown (today)"),
        flag("key", "KEY", "only this key's days"),
      ],
      fields: [.query("from"), .query("to"), .query("key", "key_id")],
      examples: [
        Example(line: "latchkey usage acc_…", says: "quota, calls of today and of 30 days"),
        Example(
          line: "latchkey usage acc_… --from 2026-01-01 --to 2026-03-31 --json",
          says: "a quarter, for an invoice"),
      ]),
    ResourceCommand(
      path: ["accounts", "delete"], summary: "Delete an account with all its keys",
      method: "DELETE", route: "/v1/accounts/{ACCOUNT}", arguments: [account], done: "deleted"),
    ResourceCommand(
      path: ["accounts", "reveal-client-secret"], summary: "Show an account's client secret",
      method: "POST", route: "/v1/accounts/{ACCOUNT}/client-secret/reveal", arguments: [account]),
  ]

  private static let applicationFlags = [
    flag("description", "TEXT", "what it is for"),
    flag("access", "ACCESS", "of its keys", choices: ["full", "read_only"]),
  ]

  static let applications: [ResourceCommand] = [
    ResourceCommand(
      path: ["applications", "create"], summary: "Make an application", method: "POST",
      route: "/v1/accounts/{account}/applications",
      arguments: [Argument(name: "NAME", summary: "the integration's name")],
      flags: [accountFlag] + applicationFlags,
      fields: [.body("NAME", "name"), .body("description"), .body("access")]),
    ResourceCommand(
      path: ["applications", "list"], summary: "List an account's applications", method: "GET",
      route: "/v1/accounts/{account}/applications", flags: [accountFlag],
      columns: ["id", "name", "access", "description"]),
    ResourceCommand(
      path: ["applications", "get"], summary: "Show an application", method: "GET",
      route: "/v1/applications/{APPLICATION}", arguments: [application]),
    ResourceCommand(
      path: ["applications", "update"], summary: "Change an application", method: "PATCH",
      route: "/v1/applications/{APPLICATION}", arguments: [application],
      flags: applicationFlags + [flag("name", "NAME", "the integration's name")],
      fields: [.body("name"), .body("description"), .body("access")]),
    ResourceCommand(
      path: ["applications", "delete"], summary: "Delete an application; its keys are revoked",
      method: "DELETE", route: "/v1/applications/{APPLICATION}", arguments: [application],
      flags: [force], fields: [.query("force")], done: "deleted, its keys are revoked"),
  ]
}
