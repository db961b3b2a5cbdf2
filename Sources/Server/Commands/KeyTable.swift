// Rows of the commands on keys and operator keys.

extension ResourceTable {
  private static let key = Argument(name: "KEY", summary: "key_…")
  private static let accountFlag = Flag(
    name: "account", placeholder: "ACCOUNT", summary: "acc_…", required: true)

  private static let keyFlags = [
    Flag(name: "name", placeholder: "NAME", summary: "what people call it"),
    Flag(name: "description", placeholder: "TEXT", summary: "what it is for"),
    Flag(
      name: "access", placeholder: "ACCESS", summary: "read_only: GET, HEAD, OPTIONS",
      choices: ["full", "read_only"]),
    Flag(
      name: "route", placeholder: "ROUTE", summary: "\"GET /v1/*\" or \"/v1/*\"; else all",
      repeatable: true),
    Flag(name: "expires-at", placeholder: "TIME", summary: "RFC 3339, UTC"),
  ]
  private static let keyFields: [Field] = [
    .body("name"), .body("description"), .body("access"), .body("route", "routes", .routes),
    .body("expires-at"),
  ]
  private static let kind = Flag(
    name: "kind", placeholder: "KIND", summary: "(secret)", choices: ["secret", "publishable"])
  private static let environment = Flag(
    name: "environment", placeholder: "NAME", summary: "needed where the project has several")
  static let force = Flag(
    name: "force", placeholder: nil, summary: "also what was presented a short while ago")
  private static let keyColumns = [
    "id", "name", "environment", "kind", "access", "state", "hint", "last_used_at",
  ]

  static let keys: [ResourceCommand] = [
    ResourceCommand(
      path: ["keys", "create"], summary: "Issue a key; its secret stands in the answer",
      method: "POST", route: "/v1/accounts/{account}/keys",
      flags: [accountFlag, environment, kind] + keyFlags + [
        Flag(name: "application", placeholder: "APPLICATION", summary: "app_…; else the default")
      ],
      fields: [.body("environment"), .body("kind"), .body("application", "application_id")]
        + keyFields,
      examples: [
        Example(
          line:
            "latchkey keys create --account acc_… --environment production --name \"CI server\"",
          says: "issue a key on the data folder of $LATCHKEY_DATA"),
        Example(
          line: "LATCHKEY_TOKEN_FILE=op.key latchkey keys create --account acc_… "
            + "--server http://keys.internal:8080 --json",
          says: "the same on a server elsewhere, for a script"),
      ]),
    ResourceCommand(
      path: ["keys", "list"], summary: "List an account's keys", method: "GET",
      route: "/v1/accounts/{account}/keys",
      flags: [
        accountFlag, environment,
        Flag(
          name: "state", placeholder: "STATE", summary: "only these",
          choices: ["active", "revoked", "expired"]), kind,
      ],
      fields: [.query("environment"), .query("state"), .query("kind")], columns: keyColumns,
      examples: [
        Example(
          line: "latchkey keys list --account acc_… --state active", says: "what is in use")
      ]),
    ResourceCommand(
      path: ["keys", "get"], summary: "Show a key and its versions", method: "GET",
      route: "/v1/keys/{KEY}", arguments: [key]),
    ResourceCommand(
      path: ["keys", "update"], summary: "Change a key", method: "PATCH", route: "/v1/keys/{KEY}",
      arguments: [key], flags: keyFlags, fields: keyFields),
    ResourceCommand(
      path: ["keys", "revoke"], summary: "Revoke a key at once, for ever", method: "DELETE",
      route: "/v1/keys/{KEY}", arguments: [key],
      flags: [force], fields: [.query("force")], done: "revoked: it is refused from now on",
      examples: [
        Example(line: "latchkey keys revoke key_…", says: "it is refused when this returns")
      ]),
    ResourceCommand(
      path: ["keys", "readiness"], summary: "Show who still presents which version of a key",
      method: "GET", route: "/v1/keys/{KEY}/readiness", arguments: [key],
      columns: ["version", "address", "user_agent", "route", "calls", "last_seen_at"],
      isPaged: false,
      facts: ["safe_to_retire", "version", "last_seen_at", "window_seconds", "callers_dropped"],
      examples: [
        Example(
          line: "latchkey keys readiness key_…", says: "whom to ask before the old secret ends")
      ]),
    ResourceCommand(
      path: ["keys", "rotate"], summary: "Make a new secret; the old one ends after the overlap",
      method: "POST", route: "/v1/keys/{KEY}/rotate", arguments: [key],
      flags: [
        Flag(
          name: "overlap", placeholder: "SECONDS",
          summary: "how long the old one lives on, until the next change at most"),
        force,
      ],
      fields: [.body("overlap", "overlap_seconds", .integer), .query("force")],
      examples: [
        Example(line: "latchkey keys rotate key_… --overlap 86400", says: "a day to move over")
      ]),
    ResourceCommand(
      path: ["keys", "reset"], summary: "Make a new secret; the old one ends at once",
      method: "POST", route: "/v1/keys/{KEY}/reset", arguments: [key], flags: [force],
      fields: [.query("force")]),
    ResourceCommand(
      path: ["keys", "reset-all"], summary: "New secrets for every key of an account",
      method: "POST", route: "/v1/accounts/{account}/keys/reset",
      flags: [accountFlag, force], fields: [.query("force")],
      columns: ["id", "name", "environment", "secret"]),
    ResourceCommand(
      path: ["keys", "reveal"], summary: "Show a key's secret, where its policy allows it",
      method: "POST", route: "/v1/keys/{KEY}/reveal", arguments: [key]),
  ]

  static let operatorKeys: [ResourceCommand] = [
    ResourceCommand(
      path: ["operator-keys", "create"], summary: "Make an operator key; it is shown once",
      method: "POST", route: "/v1/operator-keys",
      flags: [
        Flag(
          name: "scopes", placeholder: "SCOPES", summary: "separated by commas: verify,keys:read",
          repeatable: true, required: true),
        Flag(name: "project", placeholder: "SLUG", summary: "bind it to one project"),
        Flag(name: "name", placeholder: "NAME", summary: "what people call it"),
      ],
      fields: [.body("scopes", nil, .list), .body("project"), .body("name")],
      examples: [
        Example(
          line: "latchkey operator-keys create --data DIR --scopes verify --project orders",
          says: "a key for the API's own backend, that can only verify")
      ]),
    ResourceCommand(
      path: ["operator-keys", "list"], summary: "List operator keys", method: "GET",
      route: "/v1/operator-keys",
      columns: ["id", "name", "scopes", "project", "hint", "revoked_at"]),
    ResourceCommand(
      path: ["operator-keys", "revoke"], summary: "Revoke an operator key", method: "DELETE",
      route: "/v1/operator-keys/{ID}", arguments: [Argument(name: "ID", summary: "opk_…")],
      done: "revoked"),
  ]
}
