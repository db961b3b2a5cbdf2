// doctor, backup, restore and migrate: what keeps a folder well. The work is done in Lifecycle.
internal import KeyModel
internal import Storage

enum UpkeepCommands {
  static let all = [doctor, backup, restore, migrate]

  static let doctor = Command(
    path: ["doctor"], summary: "Check folder, keys, database, disk, ports and upstreams",
    flags: [ResourceCommand.json], settings: Setting.serving,
    examples: [
      Example(line: "latchkey doctor --data DIR", says: "one line per check, each with its fix")
    ]
  ) { invocation in
    let report = await Doctor(try invocation.config(), invocation.surroundings).examine()
    let failed = report.count { $0.level == .fail }
    if invocation.has("json") {
      let answer: JSONValue = ["ok": .bool(failed == 0), "checks": .array(report.map(\.json))]
      invocation.surroundings.line(JSONWriter.compactText(answer))
    } else {
      for finding in report { invocation.surroundings.line(finding.line) }
    }
    if failed > 0 { throw ToolError(.failure, "\(failed) of the checks failed") }
  }

  static let backup = Command(
    path: ["backup"], summary: "Write everything but the request log to a new file",
    arguments: [Argument(name: "FILE", summary: "must not exist; mode 0600")],
    flags: [ResourceCommand.json], settings: Setting.folder,
    examples: [
      Example(
        line: "latchkey backup /backup/latchkey-$(date +%F) --data DIR",
        says: "while the server runs; the master key is not in it")
    ]
  ) { invocation in
    let path = Files.absolute(invocation.argument("FILE") ?? "")
    let size = try await write(to: path, invocation)
    if invocation.has("json") {
      let answer: JSONValue = ["path": .string(path), "bytes": .integer(size)]
      return invocation.surroundings.line(JSONWriter.compactText(answer))
    }
    invocation.surroundings.line(
      "written: \(path), \(size) bytes; keep master.key and revocations.journal too, apart from it")
  }

  private static func write(to path: String, _ invocation: Invocation) async throws -> Int64 {
    let folder = DataFolder(try invocation.config().require(.data))
    try folder.check()
    let file = try BackupFile(path)
    do {
      try await Connection.with(invocation) { client in
        try await file.lend(in: folder) { place in
          let body = JSONWriter.compact(["lent_at": .string(Files.absolute(place))])
          _ = try APIAnswer.success(
            try await client.patient.send("POST", LocalHandler.backup, body: body))
        }
      }
    } catch {
      file.remove()
      let reason = "no backup was written to \(path): \(Failure.line(error))"
      throw ToolError(Failure.exit(error), reason)
    }
    return file.size
  }

  static let restore = Command(
    path: ["restore"],
    summary: "Put a backup in the store's place; what was revoked since then stays revoked",
    arguments: [Argument(name: "FILE", summary: "a backup", optional: true)],
    flags: [
      Flag(
        name: "accept-lost-revocations", placeholder: nil,
        summary: "although the journal of what was revoked is missing or not the right one")
    ], settings: Setting.folder,
    examples: [
      Example(
        line: "latchkey restore /backup/latchkey-2026-11-21 --data DIR",
        says: "with the server stopped, master.key and revocations.journal in DIR")
    ]
  ) { invocation in
    let restore = try Restore(
      try invocation.config(), invocation.surroundings,
      accept: invocation.has("accept-lost-revocations"))
    invocation.surroundings.line(try await restore.run(file: invocation.argument("FILE")))
  }

  static let migrate = Command(
    path: ["migrate"], summary: "Bring the database's schema up to date (serve does it too)",
    flags: [ResourceCommand.json], settings: Setting.folder
  ) { invocation in
    let config = try invocation.config()
    let folder = DataFolder(try config.require(.data))
    try folder.check()
    let lock = try FolderLock.take(folder.path, purpose: "migrate")
    let store = try ServeSettings.openStore(config, folder)
    await OffThread.run { store.close() }
    withExtendedLifetime(lock) {}
    if invocation.has("json") {
      let answer: JSONValue = ["ok": true, "schema": .integer(Store.schema)]
      return invocation.surroundings.line(JSONWriter.compactText(answer))
    }
    invocation.surroundings.line("ok: the schema is up to date")
  }
}
