// Rows of the commands on webhooks, deliveries and events.
internal import KeyModel

extension ResourceTable {
  private static let webhook = Argument(name: "WEBHOOK", summary: "whk_…")
  private static let delivery = Argument(name: "DELIVERY", summary: "dlv_…")
  private static let account = Flag(
    name: "account", placeholder: "ACCOUNT", summary: "acc_…", required: true)
  private static let webhookFlags = [
    Flag(name: "environment", placeholder: "NAME", summary: "whose events it hears of"),
    Flag(
      name: "event", placeholder: "TYPE", summary: "a type of event, or * for all",
      repeatable: true),
  ]
  private static let webhookFields: [Field] = [
    .body("environment"), .body("event", "events", .list),
  ]

  static let webhooks: [ResourceCommand] = [
    ResourceCommand(
      path: ["webhooks", "create"], summary: "Register a webhook of an account", method: "POST",
      route: "/v1/accounts/{account}/webhooks",
      arguments: [Argument(name: "URL", summary: "https://…")],
      flags: [
        account,
        Flag(name: "name", placeholder: "NAME", summary: "what people call it", required: true),
      ] + webhookFlags,
      fields: [.body("URL", "url"), .body("name")] + webhookFields,
      examples: [
        Example(
          line:
            "latchkey webhooks create https://hooks.example.com/in --account acc_… --name Orders "
            + "--environment production --event key.revoked",
          says: "hear of each revocation; prints the secret that signs")
      ]),
    ResourceCommand(
      path: ["webhooks", "list"], summary: "List an account's webhooks", method: "GET",
      route: "/v1/accounts/{account}/webhooks", flags: [account],
      columns: ["id", "name", "url", "environment", "events", "enabled", "disabled_reason"]),
    ResourceCommand(
      path: ["webhooks", "get"], summary: "Show a webhook", method: "GET",
      route: "/v1/webhooks/{WEBHOOK}", arguments: [webhook]),
    ResourceCommand(
      path: ["webhooks", "update"], summary: "Change a webhook", method: "PATCH",
      route: "/v1/webhooks/{WEBHOOK}", arguments: [webhook],
      flags: [
        Flag(name: "name", placeholder: "NAME", summary: "what people call it"),
        Flag(name: "url", placeholder: "URL", summary: "another endpoint"),
      ] + webhookFlags,
      fields: [.body("name"), .body("url")] + webhookFields),
    ResourceCommand(
      path: ["webhooks", "enable"], summary: "Enable a webhook again", method: "PATCH",
      route: "/v1/webhooks/{WEBHOOK}", arguments: [webhook],
      fields: [.always("enabled", true)]),
    ResourceCommand(
      path: ["webhooks", "disable"],
      summary: "Disable a webhook; what waits for it is cancelled", method: "PATCH",
      route: "/v1/webhooks/{WEBHOOK}", arguments: [webhook],
      fields: [.always("enabled", false)]),
    ResourceCommand(
      path: ["webhooks", "delete"], summary: "Remove a webhook with its deliveries",
      method: "DELETE", route: "/v1/webhooks/{WEBHOOK}", arguments: [webhook], done: "removed"),
    ResourceCommand(
      path: ["webhooks", "reveal"], summary: "Show a webhook's secret", method: "POST",
      route: "/v1/webhooks/{WEBHOOK}/reveal", arguments: [webhook]),
    ResourceCommand(
      path: ["webhooks", "rotate-secret"],
      summary: "Give a webhook a new secret; the old one signs beside it", method: "POST",
      route: "/v1/webhooks/{WEBHOOK}/rotate-secret", arguments: [webhook],
      flags: [
        Flag(
          name: "overlap", placeholder: "SECONDS", summary: "how long both sign (86400)")
      ], fields: [.body("overlap", "overlap_seconds", .integer)]),
    ResourceCommand(
      path: ["webhooks", "test"], summary: "Send a webhook a test event", method: "POST",
      route: "/v1/webhooks/{WEBHOOK}/test", arguments: [webhook]),
    ResourceCommand(
      path: ["webhooks", "replay"],
      summary: "Send everything again that did not arrive since then", method: "POST",
      route: "/v1/webhooks/{WEBHOOK}/replay", arguments: [webhook],
      flags: [
        Flag(name: "since", placeholder: "TIME", summary: "RFC 3339", required: true)
      ], fields: [.body("since")],
      examples: [
        Example(
          line: "latchkey webhooks replay whk_… --since 2026-01-31T08:00:00Z",
          says: "after an outage of the endpoint")
      ]),
    ResourceCommand(
      path: ["deliveries", "list"], summary: "List a webhook's deliveries, newest first",
      method: "GET", route: "/v1/webhooks/{webhook}/deliveries",
      flags: [
        Flag(name: "webhook", placeholder: "WEBHOOK", summary: "whk_…", required: true),
        Flag(
          name: "state", placeholder: "STATE", summary: "only those in this state",
          choices: DeliveryState.allCases.map(\.name)),
        Flag(name: "event", placeholder: "TYPE", summary: "only those of this type"),
      ],
      fields: [.query("state"), .query("event", "event_type")],
      columns: ["id", "event_type", "state", "next_attempt_at", "event_id"]),
    ResourceCommand(
      path: ["deliveries", "get"], summary: "Show a delivery, its attempts and what is sent",
      method: "GET", route: "/v1/deliveries/{DELIVERY}", arguments: [delivery]),
    ResourceCommand(
      path: ["deliveries", "replay"], summary: "Send an event to a webhook again",
      method: "POST", route: "/v1/deliveries/{DELIVERY}/replay", arguments: [delivery]),
  ]

  static let events: [ResourceCommand] = [
    ResourceCommand(
      path: ["events", "types"], summary: "List the types of events of a project",
      method: "GET", route: "/v1/projects/{project}/event-types",
      flags: [
        Flag(
          name: "project", placeholder: "SLUG", summary: "the project's slug", required: true)
      ],
      columns: ["type", "title", "source"]),
    ResourceCommand(
      path: ["events", "publish"], summary: "Publish an event to an account's webhooks",
      method: "POST", route: "/v1/accounts/{account}/events",
      arguments: [
        Argument(name: "TYPE", summary: "one of the project's own types"),
        Argument(name: "JSON", summary: "what happened; @FILE reads a file"),
      ],
      flags: [
        account,
        Flag(name: "environment", placeholder: "NAME", summary: "whose webhooks hear of it"),
      ],
      fields: [.body("TYPE", "type"), .body("environment"), .body("JSON", "data", .json)],
      examples: [
        Example(
          line:
            "latchkey events publish order-created '{\"order_id\":\"o-17\"}' --account acc_… "
            + "--environment production",
          says: "tell the account's webhooks of an order")
      ]),
  ]
}
