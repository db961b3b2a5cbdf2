// Rows of the commands on auto cycling.

extension ResourceTable {
  private static let account = Flag(
    name: "account", placeholder: "ACCOUNT", summary: "acc_…", required: true)
  private static let environment = Flag(
    name: "environment", placeholder: "NAME", summary: "where the account cycles in several")
  private static let route = "/v1/accounts/{account}/auto-cycling"

  static let cycling: [ResourceCommand] = [
    ResourceCommand(
      path: ["cycling", "show"], summary: "Show how an account's keys cycle by themselves",
      method: "GET", route: route, flags: [account, environment],
      fields: [.query("environment")]),
    ResourceCommand(
      path: ["cycling", "set"],
      summary: "Turn auto cycling on, or change it; a new endpoint is tested first",
      method: "PUT", route: route,
      flags: [
        account, environment,
        Flag(
          name: "endpoint", placeholder: "URL", summary: "https, acknowledges what it gets",
          required: true),
        Flag(name: "every-days", placeholder: "N", summary: "1 to 3650", required: true),
        Flag(
          name: "starts-on", placeholder: "DATE", summary: "2027-01-31, UTC; today means now",
          required: true),
        Flag(
          name: "overlap", placeholder: "SECONDS",
          summary: "how long the old secret lives on once the new one has arrived (0)"),
      ],
      fields: [
        .body("endpoint"), .body("every-days", nil, .integer), .body("starts-on"),
        .body("environment"), .body("overlap", "overlap_seconds", .integer),
      ],
      examples: [
        Example(
          line: "latchkey cycling set --account acc_… --endpoint https://keys.acme.example/in "
            + "--every-days 30 --starts-on 2027-01-31",
          says: "a new key every 30 days at 00:00 UTC")
      ]),
    ResourceCommand(
      path: ["cycling", "test"],
      summary: "Ask an endpoint whether it would acknowledge; 1 where not",
      method: "POST", route: route + "/test",
      flags: [
        account, environment,
        Flag(name: "endpoint", placeholder: "URL", summary: "else the saved one"),
      ], fields: [.body("endpoint"), .body("environment")],
      examples: [
        Example(
          line: "latchkey cycling test --account acc_…", says: "the reason, where it would not")
      ], verdict: "ok"),
    ResourceCommand(
      path: ["cycling", "run"], summary: "Cycle now, outside the grid", method: "POST",
      route: route + "/run", flags: [account, environment], fields: [.body("environment")]),
    ResourceCommand(
      path: ["cycling", "history"], summary: "List an account's cycles, newest first",
      method: "GET", route: route + "/history", flags: [account, environment],
      fields: [.query("environment")],
      columns: [
        "id", "key_id", "cause", "state", "slot_at", "started_at", "ended_at", "attempts", "reason",
      ]),
    ResourceCommand(
      path: ["cycling", "acknowledge"],
      summary: "Commit a cycle that is in doubt: the customer has the new secret",
      method: "POST", route: "/v1/cycles/{CYCLE}/acknowledge",
      arguments: [Argument(name: "CYCLE", summary: "cyc_…")]),
    ResourceCommand(
      path: ["cycling", "off"], summary: "Turn auto cycling off; the keys stay as they are",
      method: "DELETE", route: route, flags: [account, environment],
      fields: [.query("environment")]),
  ]
}
