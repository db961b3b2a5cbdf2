// keys verify: asks the server about a key as an API's backend would.
internal import KeyModel

enum KeysVerify {
  static let command = Command(
    path: ["keys", "verify"],
    summary: "Ask whether a key would pass; 10 where not. Does not count as a call",
    arguments: [
      Argument(
        name: "KEY", summary: "the secret; else it is read from standard input",
        optional: true)
    ],
    flags: [
      Flag(
        name: "project", placeholder: "SLUG", summary: "the project's slug", required: true),
      Flag(
        name: "method", placeholder: "METHOD", summary: "of the call; else rules on it stay open"),
      Flag(name: "path", placeholder: "PATH", summary: "of the call; else rules on it stay open"),
      ResourceCommand.json,
    ],
    settings: Setting.client,
    examples: [
      Example(
        line: "pass show acme-key | latchkey keys verify --project orders --data DIR",
        says: "the key stays out of the shell's history")
    ]
  ) { invocation in
    let body = JSONWriter.compact(.object(try body(invocation)))
    let answer = try await Connection.with(invocation) { client in
      try APIAnswer.success(try await client.send("POST", "/v1/verify", body: body)) ?? .null
    }
    if invocation.has("json") {
      invocation.surroundings.line(JSONWriter.compactText(answer))
    } else {
      invocation.surroundings.write(Rendering.text(answer, columns: []))
    }
    if answer["valid"]?.bool != true {
      throw ToolError(.notValid, "not valid: \(Rendering.cell(answer["code"]))")
    }
  }

  private static func body(_ invocation: Invocation) throws -> JSONObject {
    var body = JSONObject()
    body["project"] = .string(invocation.flag("project") ?? "")
    body["key"] = .string(try key(invocation))
    body["method"] = invocation.flag("method").map { .string($0) }
    body["path"] = invocation.flag("path").map { .string($0) }
    body["dry_run"] = true
    return body
  }

  private static func key(_ invocation: Invocation) throws -> String {
    if let key = invocation.argument("KEY"), key != "-" { return key }
    let bytes = try invocation.surroundings.readInput(64 * 1024)
    return String(String(decoding: bytes, as: UTF8.self).prefix { !$0.isNewline })
  }
}
