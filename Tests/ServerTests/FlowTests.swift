// Commands on a data folder from init to restore, in this process: what a newcomer does, what an
// operator does on a bad day, and the exit codes of both.
import Glibc
import KeyModel
import Testing

@testable import Server

@Suite("Commands on a data folder", .serialized)
struct FlowTests {
  let folder: TemporaryFolder
  var data: String { folder.file("data") }

  init() async throws {
    folder = try TemporaryFolder()
    let made = await latchkey("init", "--data", data, "--json")
    try #require(made.exit == .ok, "\(made)")
    let json = try JSONReader.read(made.output)
    try #require(json["operator_key"]?.string?.hasPrefix("lk_op_") == true)
    #expect(made.output.split(separator: "\n").count == 1)
  }

  /// A key of a new account in a new project, and its secret.
  private func issue(_ slug: String = "orders") async throws -> (id: String, secret: String) {
    _ = await latchkey("projects", "create", slug, "--name", "Orders", "--data", data)
    let account = await latchkey(
      "accounts", "create", "Acme", "--project", slug, "--data", data, "--json")
    let id = try #require(try JSONReader.read(account.output)["id"]?.string, "\(account)")
    let key = await latchkey(
      "keys", "create", "--account", id, "--environment", "production", "--data", data, "--json")
    let made = try JSONReader.read(key.output)
    return (
      try #require(made["id"]?.string, "\(key)"), try #require(made["secret"]?.string)
    )
  }

  private func verify(_ secret: String) async -> Ran {
    await latchkey(
      "keys", "verify", "--project", "orders", "--data", data, "--json", input: secret + "\n")
  }

  @Test("init makes a private folder once and refuses a second time")
  func initialise() async throws {
    #expect(try Files.status(data).st_mode & 0o7777 == 0o700)
    #expect(try Files.status(data + "/master.key").st_mode & 0o7777 == 0o400)
    let before = try Files.read(data + "/master.key")
    let again = await latchkey("init", "--data", data)
    #expect(again.exit == .refused && again.output.isEmpty)
    #expect(again.errors.contains("initialised already"))
    #expect(try Files.read(data + "/master.key") == before)
  }

  @Test("What may be shown again is shown by the commands for it, and a cycle has to be there")
  func reveals() async throws {
    _ = try await issue()
    let listed = await latchkey("accounts", "list", "--project", "orders", "--data", data, "--json")
    let account = try #require(
      try JSONReader.read(listed.output)["data"]?.array?.first?["id"]?.string, "\(listed)")
    let key = await latchkey("projects", "reveal-assertion-key", "orders", "--data", data, "--json")
    #expect(key.exit == .ok, "\(key)")
    let again = await latchkey(
      "projects", "reveal-assertion-key", "orders", "--data", data, "--json")
    #expect(key.output == again.output && !key.output.isEmpty)
    let client = await latchkey(
      "accounts", "reveal-client-secret", account, "--data", data, "--json")
    #expect(client.exit == .ok && client.output.contains("client_secret"), "\(client)")
    let nobody = await latchkey("cycling", "acknowledge", "cyc_0", "--data", data)
    #expect(nobody.exit == .notFound, "\(nobody)")
  }

  @Test("Members are added, shown, changed and removed; their role outlives a change of policy")
  func members() async throws {
    _ = await latchkey("projects", "create", "orders", "--name", "Orders", "--data", data)
    let account = await latchkey(
      "accounts", "create", "Acme", "--project", "orders", "--data", data, "--json")
    let id = try #require(try JSONReader.read(account.output)["id"]?.string, "\(account)")
    let added = await latchkey(
      "members", "add", "Ann@example.com", "--account", id, "--role", "developer", "--data", data,
      "--json")
    let member = try #require(try JSONReader.read(added.output)["id"]?.string, "\(added)")
    let listed = await latchkey("members", "list", "--account", id, "--data", data)
    #expect(listed.output.contains("ann@example.com") && listed.output.contains("developer"))
    let file = try folder.write(
      #"{"slug":"orders","policy":{"members":{"roles":{"developer":null}}}}"#, to: "orders.json")
    let refused = await latchkey("projects", "apply", "-f", file, "--data", data)
    #expect(refused.exit == .refused, "\(refused)")
    #expect(refused.errors.contains("1 member has the role `developer`"), "\(refused)")
    let changed = await latchkey(
      "members", "update", member, "--role", "viewer", "--permission", "keys", "--data", data,
      "--json")
    #expect(try JSONReader.read(changed.output)["permissions"] == ["keys"], "\(changed)")
    let applied = await latchkey("projects", "apply", "-f", file, "--data", data)
    #expect(applied.exit == .ok, "\(applied)")
    let removed = await latchkey("members", "remove", member, "--data", data)
    #expect(removed.exit == .ok && removed.errors.contains("removed"))
    #expect(await latchkey("members", "get", member, "--data", data).exit == .notFound)
  }

  @Test("An init that fails leaves nothing behind, and takes nothing away that was there")
  func failedInit() async throws {
    let (fresh, used) = (folder.file("fresh"), folder.file("used"))
    let nowhere = "postgres://nobody@127.0.0.1:1/none"
    #expect(await latchkey("init", "--data", fresh, "--database", nowhere).exit != .ok)
    #expect(!Files.exists(fresh))
    try Files.makeFolder(used)
    #expect(await latchkey("init", "--data", used, "--database", nowhere).exit != .ok)
    #expect(Files.isFolder(used) && !Files.exists(used + "/latchkey.lock"))
    #expect(await latchkey("init", "--data", fresh).exit == .ok)
    #expect(await latchkey("init", "--data", fresh).exit == .refused)
    #expect(Files.exists(fresh + "/latchkey.lock") && Files.exists(fresh + "/master.key"))
  }

  @Test("A key is issued, verifies, is revoked for good, and the chain of changes is whole")
  func life() async throws {
    let key = try await issue()
    let valid = await verify(key.secret)
    #expect(valid.exit == .ok, "\(valid)")
    let revoked = await latchkey("keys", "revoke", key.id, "--data", data)
    #expect(revoked.exit == .ok && revoked.errors.contains("revoked"))
    let after = await verify(key.secret)
    #expect(after.exit == .notValid && after.output.contains("\"revoked\""))
    #expect(await latchkey("keys", "get", key.id + "x", "--data", data).exit != .ok)
    let chain = await latchkey("audit", "verify", "--data", data)
    #expect(chain.exit == .ok && chain.output.hasPrefix("ok: "), "\(chain)")
    let list = await latchkey("audit", "list", "--data", data)
    #expect(list.output.contains("key.revoked") && list.output.contains("local"))
  }

  @Test("A restored backup does not bring back what was revoked, removed or reset since")
  func restore() async throws {
    let (kept, gone) = (try await issue(), try await issue())
    let reset = try await issue()
    let file = folder.file("backup")
    #expect(await latchkey("backup", file, "--data", data).exit == .ok)
    #expect(try Files.status(file).st_mode & 0o077 == 0)
    let again = await latchkey("backup", file, "--data", data)
    #expect(again.exit == .refused && again.errors.contains("exists already"), "\(again)")
    #expect(await latchkey("keys", "revoke", gone.id, "--data", data).exit == .ok)
    #expect(await latchkey("keys", "reset", reset.id, "--data", data).exit == .ok)
    let restored = await latchkey("restore", file, "--data", data)
    #expect(restored.exit == .ok && restored.output.contains("2 later"), "\(restored)")
    #expect(await verify(kept.secret).exit == .ok)
    #expect(await verify(gone.secret).output.contains("\"revoked\""))
    #expect(await verify(reset.secret).exit == .notValid)
    #expect(await latchkey("audit", "verify", "--data", data).exit == .ok)
  }

  @Test("A damaged backup is refused and leaves the store as it was")
  func damagedBackup() async throws {
    let key = try await issue()
    let file = folder.file("backup")
    _ = await latchkey("backup", file, "--data", data)
    var bytes = try Files.read(file)
    bytes[bytes.count / 2] ^= 1
    try folder.write(String(decoding: bytes, as: UTF8.self), to: "changed")
    for damaged in ["changed", "missing"] {
      #expect(await latchkey("restore", folder.file(damaged), "--data", data).exit != .ok)
    }
    #expect(await verify(key.secret).exit == .ok)
  }

  @Test("Without its journal a restored store is served only when that is accepted")
  func lostJournal() async throws {
    let key = try await issue()
    let file = folder.file("backup")
    _ = await latchkey("backup", file, "--data", data)
    Files.remove(data + "/revocations.journal")
    #expect(await latchkey("restore", file, "--data", data).exit == .ok)
    let refused = await verify(key.secret)
    #expect(refused.exit == .config)
    #expect(refused.errors.contains("--accept-lost-revocations"))
    #expect(await latchkey("restore", "--accept-lost-revocations", "--data", data).exit == .ok)
    #expect(await verify(key.secret).exit == .ok)
  }

  @Test(
    "A journal that was emptied, cut off, changed or taken from another server is refused",
    arguments: ["emptied", "cut", "changed", "another"])
  func unfitJournal(how: String) async throws {
    let (kept, early, late) = (try await issue(), try await issue(), try await issue())
    _ = await latchkey("keys", "revoke", early.id, "--data", data)
    let file = folder.file("backup")
    _ = await latchkey("backup", file, "--data", data)
    _ = await latchkey("keys", "revoke", late.id, "--data", data)
    let journal = data + "/revocations.journal"
    let right = try Files.read(journal)
    let lines = right.split(separator: 0x0A, omittingEmptySubsequences: true)
    switch how {
    case "emptied": try folder.write("", to: "data/revocations.journal")
    case "cut":
      // Whole lines: only the database knows that there was one more.
      let rest = lines.dropLast().flatMap { $0 + [0x0A] }
      try folder.write(String(decoding: rest, as: UTF8.self), to: "data/revocations.journal")
    case "changed":
      var bytes = right
      bytes[bytes.count - 60] ^= 1
      try folder.write(String(decoding: bytes, as: UTF8.self), to: "data/revocations.journal")
    default:
      _ = await latchkey("init", "--data", folder.file("other"))
      let other = try Files.read(folder.file("other/revocations.journal"))
      try folder.write(String(decoding: other, as: UTF8.self), to: "data/revocations.journal")
    }
    let restored = await latchkey("restore", file, "--data", data)
    #expect(restored.exit == .config, "\(restored)")
    #expect(restored.errors.contains("--accept-lost-revocations"), "\(restored)")
    #expect(restored.errors.split(separator: "\n").count == 1, "\(restored)")
    let started = await verify(kept.secret)
    #expect(started.exit == .config && started.errors.contains(journal), "\(started)")
    // With the right one there again nothing is lost.
    try folder.write(String(decoding: right, as: UTF8.self), to: "data/revocations.journal")
    #expect(await latchkey("restore", file, "--data", data).exit == .ok)
    #expect(await verify(late.secret).output.contains("\"revoked\""))
    // And whoever insists is served.
    try folder.write("", to: "data/revocations.journal")
    let accepted = await latchkey(
      "restore", file, "--accept-lost-revocations", "--data", data)
    #expect(accepted.exit == .ok, "\(accepted)")
    #expect(await verify(kept.secret).exit == .ok)
    #expect(await verify(early.secret).exit == .notValid)
    #expect(
      await latchkey(
        "doctor", "--data", data, "--listen", "127.0.0.1:0",
        "--gateway-listen", "127.0.0.1:0"
      ).exit == .ok)
  }

  @Test("A journal that began after the backup cannot vouch for it")
  func youngJournal() async throws {
    let key = try await issue()
    let file = folder.file("backup")
    _ = await latchkey("backup", file, "--data", data)
    _ = await latchkey("keys", "revoke", key.id, "--data", data)
    Files.remove(data + "/revocations.journal")
    let refused = await verify(key.secret)
    #expect(refused.exit == .config && refused.errors.contains("missing"), "\(refused)")
    #expect(await latchkey("restore", "--accept-lost-revocations", "--data", data).exit == .ok)
    #expect(await verify(key.secret).output.contains("\"revoked\""))
    let again = await latchkey("restore", "--accept-lost-revocations", "--data", data)
    #expect(again.exit == .ok && again.output.contains("nothing to accept"), "\(again)")
    let nowhere = folder.file("nowhere")
    let none = await latchkey("restore", "--accept-lost-revocations", "--data", nowhere)
    #expect(none.exit == .notFound && !Files.exists(nowhere + "/latchkey.db"), "\(none)")
    let restored = await latchkey("restore", file, "--data", data)
    #expect(restored.exit == .config, "\(restored)")
    #expect(await verify(key.secret).output.contains("\"revoked\""))
  }

  @Test("A restored backup gives nobody back what was narrowed, and says what else it undid")
  func narrowedStays() async throws {
    let (key, open) = (try await issue(), try await issue())
    let file = folder.file("backup")
    _ = await latchkey("backup", file, "--data", data)
    let narrowed = await latchkey(
      "keys", "update", key.id, "--route", "GET /v1/*", "--expires-at", "2099-01-01T00:00:00Z",
      "--data", data)
    #expect(narrowed.exit == .ok, "\(narrowed)")
    let shown = await latchkey("keys", "get", open.id, "--data", data, "--json")
    let account = try #require(try JSONReader.read(shown.output)["account_id"]?.string)
    let suspended = await latchkey(
      "accounts", "update", account, "--state", "suspended", "--data", data)
    #expect(suspended.exit == .ok, "\(suspended)")
    let restored = await latchkey("restore", file, "--data", data)
    #expect(restored.exit == .ok && restored.output.contains("2 later"), "\(restored)")
    #expect(restored.output.contains("account.updated 1, key.updated 1"), "\(restored)")
    let after = try JSONReader.read(
      await latchkey("keys", "get", key.id, "--data", data, "--json").output)
    #expect(after["expires_at"]?.string == "2099-01-01T00:00:00Z")
    #expect(after["routes"]?.array?.count == 1)
    #expect(await verify(open.secret).output.contains("\"account_suspended\""))
    // What was given back before the restore stays as the backup has it.
    _ = await latchkey("accounts", "update", account, "--state", "active", "--data", data)
    #expect(await latchkey("restore", file, "--data", data).exit == .ok)
    #expect(await verify(open.secret).exit == .ok)
  }

  @Test("A database file that was put back by hand is held to the journal at the next start")
  func databasePutBack() async throws {
    let key = try await issue()
    let old = try Files.read(data + "/latchkey.db")
    _ = await latchkey("keys", "revoke", key.id, "--data", data)
    Files.remove(data + "/latchkey.db")
    let descriptor = open(data + "/latchkey.db", O_WRONLY | O_CREAT, 0o600)
    try Files.writeAll(descriptor, old, path: data)
    close(descriptor)
    let after = await verify(key.secret)
    #expect(after.output.contains("\"revoked\""), "\(after)")
    #expect(after.errors.contains("applied again"))
  }

  @Test("Master key rotation keeps every secret, and may be run again after it was broken off")
  func rotation() async throws {
    let key = try await issue()
    let rotated = await latchkey("master-key", "rotate", "--data", data)
    #expect(rotated.exit == .ok, "\(rotated)")
    let lines = try String(decoding: Files.read(data + "/master.key"), as: UTF8.self)
      .split(separator: "\n")
    #expect(lines.count == 2)
    #expect(await verify(key.secret).exit == .ok)
    // Only the new key is needed from here on.
    chmod(data + "/master.key", 0o600)
    try folder.write(lines[1] + "\n", to: "data/master.key", mode: 0o400)
    #expect(await verify(key.secret).exit == .ok)
    let list = await latchkey("master-key", "list", "--data", data)
    #expect(!list.output.contains("MISSING"))
    // The old one alone is the wrong one, and both ids are told.
    chmod(data + "/master.key", 0o600)
    try folder.write(lines[0] + "\n", to: "data/master.key", mode: 0o400)
    let wrong = await verify(key.secret)
    #expect(wrong.exit == .config && wrong.errors.contains("the key given is"), "\(wrong)")
  }

  @Test("A folder in use, a missing one and an open one are told apart")
  func folders() async throws {
    let lock = try FolderLock.take(data, purpose: "something")
    let second = await latchkey("migrate", "--data", data)
    #expect(second.exit == .refused)
    #expect(second.errors.contains("latchkey something, process \(getpid())"))
    withExtendedLifetime(lock) {}
    let missing = await latchkey("keys", "list", "--account", "a", "--data", folder.file("none"))
    #expect(missing.exit == .config && missing.errors.contains("latchkey init"))
    chmod(data, 0o755)
    let open = await latchkey("doctor", "--data", data)
    #expect(open.exit == .failure && open.output.contains("chmod 0700"))
    chmod(data, 0o700)
    let neither = await latchkey("keys", "list", "--account", "a")
    #expect(neither.exit == .usage && neither.errors.contains("--server URL"))
  }

  @Test("A database or journal that is gone is said by doctor and made by no command")
  func gone() async throws {
    let ports = ["--listen", "127.0.0.1:0", "--gateway-listen", "127.0.0.1:0"]
    let journal = data + "/revocations.journal"
    let database = data + "/latchkey.db"
    _ = await latchkey("projects", "list", "--data", data)
    try Files.rename(journal, to: journal + ".away")
    let lost = await latchkey(["doctor", "--data", data] + ports)
    #expect(lost.exit == .failure, "\(lost)")
    #expect(lost.output.contains("fail  journal      serve refuses to start"), "\(lost)")
    #expect(lost.output.contains("--accept-lost-revocations"), "\(lost)")
    try Files.rename(journal + ".away", to: journal)
    for suffix in ["", "-wal", "-shm"] where Files.exists(database + suffix) {
      try Files.rename(database + suffix, to: database + suffix + ".away")
    }
    for words in [["projects", "list"], ["migrate"], ["master-key", "list"]] {
      let ran = await latchkey(words + ["--data", data])
      #expect(ran.exit == .config && ran.errors.contains("restore a backup"), "\(ran)")
      #expect(!Files.exists(database))
    }
    let nowhere = await latchkey(["doctor", "--data", folder.file("none")] + ports)
    #expect(!nowhere.output.contains("holds the folder"), "\(nowhere)")
  }

  @Test("doctor finds a healthy folder healthy and names an unreachable upstream")
  func doctor() async throws {
    _ = await latchkey(
      "projects", "create", "orders", "--name", "Orders", "--upstream", "http://127.0.0.1:1",
      "--data", data)
    let report = await latchkey(
      "doctor", "--data", data, "--listen", "127.0.0.1:0", "--gateway-listen", "127.0.0.1:0")
    #expect(report.exit == .ok, "\(report)")
    for word in ["master key", "keyring", "journal", "clock", "disk"] {
      #expect(report.output.contains("ok    " + word), "\(word): \(report.output)")
    }
    #expect(report.output.contains("warn  upstream     orders: http://127.0.0.1:1"))
  }

  @Test("What looks after a folder answers programs in JSON, with the same exit codes")
  func machineReadable() async throws {
    let ports = ["--listen", "127.0.0.1:0", "--gateway-listen", "127.0.0.1:0"]
    func ask(_ words: [String], _ exit: ExitCode) async throws -> JSONValue {
      let ran = await latchkey(words + ["--data", data, "--json"])
      #expect(ran.exit == exit, "\(ran)")
      #expect(ran.output.split(separator: "\n").count == 1, "\(ran)")
      return try JSONReader.read(ran.output)
    }
    let healthy = try await ask(["doctor"] + ports, .ok)
    #expect(healthy["ok"]?.bool == true)
    #expect(healthy["checks"]?.array?.contains { $0["check"]?.string == "journal" } == true)
    #expect(try await ask(["migrate"], .ok)["schema"]?.integer ?? 0 > 0)
    let keys = try await ask(["master-key", "list"], .ok)["master_keys"]?.array
    #expect(keys?.count == 1 && keys?[0]["present"]?.bool == true)
    #expect(try await ask(["config", "check"], .ok)["ok"]?.bool == true)
    let bad = try folder.write("{\n  \"listen\": oops\n}", to: "bad.json")
    let refused = try await ask(["config", "check", "--config", bad], .config)
    #expect(refused["ok"]?.bool == false)
    let told = await latchkey("config", "check", "--config", bad)
    #expect(told.errors.contains("bad.json:2:13:"), "\(told)")
    #expect(told.errors.contains("\n              ^"), "\(told)")
    chmod(data, 0o755)
    #expect(try await ask(["doctor"] + ports, .failure)["ok"]?.bool == false)
    chmod(data, 0o700)
  }
}
