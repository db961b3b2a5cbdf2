// Every command there is, in the order of help. Rows that are one request each are in
// ResourceTable; what the others do is in the file that holds their handler.

enum CommandTable {
  static let all: [Command] =
    ServeCommands.all + ResourceTable.commands + [ProjectsApply.command] + ProfileCommands.all
    + [KeysVerify.command, KeysImport.command] + LogsCommands.all + AuditCommands.all
    + [MailCommands.list.command, MailCommands.leaks.command]
    + UpkeepCommands.all
    + MasterKeyCommands.all
    + PepperCommands.all + ConfigCommands.all + AboutCommands.all

  static let groups = [
    CommandGroup(title: "Run", words: ["init", "serve"]),
    CommandGroup(
      title: "Manage",
      words: [
        "projects", "profiles", "accounts", "applications", "members", "keys", "cycling",
        "webhooks",
        "deliveries", "events", "operator-keys", "usage", "logs", "audit", "mails", "leaks",
      ]),
    CommandGroup(
      title: "Look after",
      words: ["doctor", "backup", "restore", "master-key", "pepper", "migrate"]),
    CommandGroup(title: "Settings", words: ["config"]),
    CommandGroup(title: "About", words: ["help", "completion", "version"]),
  ]
}
