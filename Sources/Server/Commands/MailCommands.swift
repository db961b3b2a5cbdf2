// mails list: what members were told, or would be if a mail server were configured.

enum MailCommands {
  static let list = ResourceCommand(
    path: ["mails", "list"], summary: "List mails, newest first, also those that wait",
    method: "GET", route: "/v1/mails",
    flags: [
      Flag(name: "project", placeholder: "SLUG", summary: "only of this project"),
      Flag(name: "account", placeholder: "ACCOUNT", summary: "only of this account"),
    ],
    fields: [.query("project"), .query("account")],
    columns: ["created_at", "state", "to", "subject", "last_error"],
    examples: [
      Example(
        line: "latchkey mails list --json", says: "with their text, also where nothing is sent")
    ])
}
