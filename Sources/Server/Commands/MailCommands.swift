// mails list and leaks list: what members were told, or would be if a mail server were configured,
// and which secrets were found.

enum MailCommands {
  static let leaks = ResourceCommand(
    path: ["leaks", "list"], summary: "List leaks that were reported, newest first",
    method: "GET", route: "/v1/leaks",
    flags: owner, fields: [.query("project"), .query("account")],
    columns: ["reported_at", "action", "key_id", "source", "url"],
    examples: [
      Example(line: "latchkey leaks list --project demo", says: "what was found, and what was done")
    ])

  static let list = ResourceCommand(
    path: ["mails", "list"], summary: "List mails, newest first, also those that wait",
    method: "GET", route: "/v1/mails",
    flags: owner, fields: [.query("project"), .query("account")],
    columns: ["created_at", "state", "to", "subject", "last_error"],
    examples: [
      Example(
        line: "latchkey mails list --json", says: "with their text, also where nothing is sent")
    ])

  private static let owner = [
    Flag(name: "project", placeholder: "SLUG", summary: "only of this project"),
    Flag(name: "account", placeholder: "ACCOUNT", summary: "only of this account"),
  ]
}
