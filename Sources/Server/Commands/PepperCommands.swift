// pepper status, rotate, rehash and retire: changing the key under which tokens are looked up. They
// work through the folder's socket, also while the server runs.
internal import KeyModel

enum PepperCommands {
  static let all = [status, rotate, rehash, retire]

  static let status = Command(
    path: ["pepper", "status"], summary: "Show the live peppers and who still needs each",
    flags: [ResourceCommand.json], settings: Setting.folder,
    examples: [
      Example(line: "latchkey pepper status --data DIR", says: "how far a rotation has come")
    ]
  ) { invocation in
    let value = try await Connection.with(invocation) { try await ask($0, LocalHandler.peppers) }
    if invocation.has("json") { return print(value, invocation) }
    invocation.surroundings.write(
      Rendering.table(
        value["peppers"]?.array ?? [],
        columns: ["pepper", "state", "created_at", "keys", "operator_keys", "ended_versions"]))
  }

  static let rotate = Command(
    path: ["pepper", "rotate"],
    summary: "Make a new pepper; keys move to it when they are used, recoverable ones at once",
    flags: [ResourceCommand.json], settings: Setting.folder,
    examples: [
      Example(
        line: "latchkey pepper rotate --data DIR",
        says: "while the server runs; retire the older one when nobody needs it")
    ]
  ) { invocation in
    try await Connection.with(invocation) { client in
      let made = try await ask(client, LocalHandler.rotatePepper)
      let count = try await rehashAll(client)
      if invocation.has("json") { return print(adding(count, to: made), invocation) }
      let older = Rendering.cell(made["older"])
      invocation.surroundings.line(
        "pepper \(Rendering.cell(made["pepper"])) is in force; \(count) recoverable secrets moved "
          + "to it at once, the other keys do when they are next used; then: latchkey pepper "
          + "retire (pepper \(older))")
    }
  }

  static let rehash = Command(
    path: ["pepper", "rehash"],
    summary: "Move recoverable secrets to the newest pepper; may be broken off and run again",
    flags: [ResourceCommand.json], settings: Setting.folder,
    examples: [
      Example(line: "latchkey pepper rehash --data DIR", says: "after a rotate that was cut short")
    ]
  ) { invocation in
    let count = try await Connection.with(invocation) { try await rehashAll($0) }
    if invocation.has("json") { return print(adding(count, to: [:]), invocation) }
    invocation.surroundings.line("\(count) recoverable secrets moved to the newest pepper")
  }

  static let retire = Command(
    path: ["pepper", "retire"],
    summary: "End the older pepper; refused while a live key needs it",
    flags: [
      Flag(
        name: "force", placeholder: nil,
        summary: "also while keys need it: those keys stop verifying, for good"),
      ResourceCommand.json,
    ], settings: Setting.folder,
    examples: [
      Example(line: "latchkey pepper retire --data DIR", says: "says how many keys still need it")
    ]
  ) { invocation in
    try await Connection.with(invocation) { client in
      _ = try await rehashAll(client)
      let value = try await retired(client, force: invocation.has("force"))
      if invocation.has("json") { return print(value, invocation) }
      invocation.surroundings.line(saying(value))
    }
  }

  private static func retired(
    _ client: HTTPClient, force: Bool
  ) async throws(ToolError) -> JSONValue {
    do {
      return try await ask(client, LocalHandler.retirePepper, ["force": .bool(force)])
    } catch {
      guard error.exit == .refused else { throw error }
      throw ToolError(.refused, error.message + " (--force)")
    }
  }

  private static func saying(_ value: JSONValue) -> String {
    guard value["retired"]?.integer != nil else { return "only one pepper is live" }
    let keys = Rendering.cell(value["keys_left_behind"])
    let operators = Rendering.cell(value["operator_keys_left_behind"])
    let ended = Rendering.cell(value["ended_versions_left_behind"])
    return "pepper \(Rendering.cell(value["retired"])) is retired; left behind: \(keys) keys, "
      + "\(operators) operator keys; \(ended) ended versions are not_found from now on"
  }

  /// Batch after batch, so that no transaction is long.
  private static func rehashAll(_ client: HTTPClient) async throws(ToolError) -> Int64 {
    var total: Int64 = 0
    var from: JSONValue = .null
    repeat {
      let batch = try await ask(client, LocalHandler.rehashPepper, ["from": from])
      total += batch["rehashed"]?.integer ?? 0
      from = batch["next"] ?? .null
    } while from.string != nil
    return total
  }

  private static func ask(
    _ client: HTTPClient, _ path: String, _ body: JSONValue = [:]
  ) async throws(ToolError) -> JSONValue {
    let answer = try await client.send("POST", path, body: JSONWriter.compact(body))
    return try APIAnswer.success(answer) ?? .null
  }

  private static func adding(_ count: Int64, to value: JSONValue) -> JSONValue {
    var object = value.object ?? JSONObject()
    object["rehashed"] = .integer(count)
    return .object(object)
  }

  private static func print(_ value: JSONValue, _ invocation: Invocation) {
    invocation.surroundings.line(JSONWriter.compactText(value))
  }
}
