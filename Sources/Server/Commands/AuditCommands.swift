// audit list and audit verify: reading the chain of changes. The chain itself is in Management.
internal import KeyModel

enum AuditCommands {
  static let all = [list.command, verify]

  static let list = ResourceCommand(
    path: ["audit", "list"], summary: "List changes, newest first", method: "GET",
    route: "/v1/audit",
    flags: [
      Flag(name: "project", placeholder: "SLUG", summary: "only of this project"),
      Flag(name: "account", placeholder: "ACCOUNT", summary: "only of this account"),
      Flag(name: "from", placeholder: "TIME", summary: "from this time on, RFC 3339"),
      Flag(name: "to", placeholder: "TIME", summary: "before this time"),
    ],
    fields: [.query("project"), .query("account"), .query("from"), .query("to")],
    columns: ["sequence", "at", "actor", "action", "subject"])

  static let verify = Command(
    path: ["audit", "verify"],
    summary: "Check the hash chain over every audit entry; 1 where it is broken",
    flags: [ResourceCommand.json], settings: Setting.folder,
    examples: [
      Example(line: "latchkey audit verify --data DIR", says: "nothing was edited or cut off")
    ]
  ) { invocation in
    try await Connection.with(invocation) { client in
      let answer = try await client.patient.send(
        "POST", LocalHandler.verifyAudit, body: Array("{}".utf8))
      let value = try APIAnswer.success(answer) ?? .null
      if invocation.has("json") { invocation.surroundings.line(JSONWriter.compactText(value)) }
      guard value["intact"]?.bool == true else {
        let place = Rendering.cell(value["sequence"])
        throw ToolError(
          .failure,
          "the audit chain is broken at entry \(place): \(Rendering.cell(value["reason"]))")
      }
      if invocation.has("json") { return }
      let entries = Rendering.cell(value["entries"])
      invocation.surroundings.line("ok: \(entries) entries, head \(Rendering.cell(value["head"]))")
    }
  }
}
