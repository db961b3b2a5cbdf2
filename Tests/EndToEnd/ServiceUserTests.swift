// A server that runs as a user of its own with its master key as a credential, looked after by
// root: as docs/OPERATIONS.md installs it. Run by anybody else both are the same user.
import Foundation
import Testing

@Suite("A service looked after by root", .serialized)
struct ServiceUserTests {
  let folder: Folder
  private let isRoot = geteuid() == 0

  init() throws { folder = try Folder() }

  private var asService: [String] {
    isRoot ? ["setpriv", "--reuid=daemon", "--regid=daemon", "--clear-groups"] : []
  }

  private func own(_ path: String) throws {
    if isRoot { #expect(try run(["chown", "-R", "daemon:daemon", path]).status == 0) }
  }

  private func expectOwned(_ path: String, at: SourceLocation = #_sourceLocation) throws {
    guard isRoot else { return }
    let others = try run(["find", path, "!", "-user", "daemon", "-o", "!", "-group", "daemon"])
    #expect(others.status == 0 && others.output.isEmpty, "\(others)", sourceLocation: at)
  }

  private func latchkey(_ arguments: String...) throws -> Finished {
    try run([Place.latchkey] + arguments)
  }

  @Test("Doctor, backup, restore and reading leave a folder in which the server starts again")
  func lookedAfter() throws {
    let installation = try Installation()
    let data = installation.data
    let credentials = folder.file("credentials")
    mkdir(credentials, 0o755)
    let key = folder.file("master.key")
    let credential = credentials + "/latchkey-master-key"
    try FileManager.default.moveItem(atPath: data + "/master.key", toPath: key)
    try FileManager.default.copyItem(atPath: key, toPath: credential)
    try own(credential)
    try own(data)
    func serve(_ name: String) throws -> Latchkey {
      try Latchkey(
        installation, name: name, environment: ["CREDENTIALS_DIRECTORY": credentials],
        launcher: asService)
    }
    let first = try serve("first")
    let seen = try latchkey("doctor", "--data", data)
    #expect(seen.status == 0 && seen.output.contains("held by the running server"), "\(seen)")
    let secret = folder.file("backups")
    mkdir(secret, 0o700)
    let backup = secret + "/one"
    let made = try latchkey("backup", backup, "--data", data)
    #expect(made.status == 0, "\(made)")
    var status = stat()
    #expect(stat(backup, &status) == 0 && status.st_uid == geteuid())
    #expect(status.st_mode & 0o777 == 0o600 && made.output.contains("\(status.st_size) bytes"))
    #expect(try latchkey("backup", backup, "--data", data).status == 5)
    let nowhere = try latchkey("backup", secret + "/none/x", "--data", data)
    #expect(nowhere.status == 1 && nowhere.errors.contains(secret + "/none/x"), "\(nowhere)")
    #expect(first.child.stop(SIGTERM) == 0)

    for words in [["doctor"], ["restore", backup], ["projects", "list"]] {
      let lost = try run([Place.latchkey] + words + ["--data", data])
      let text = lost.output + lost.errors
      #expect(lost.status != 0 && text.contains("--master-key-file"), "\(lost)")
      #expect(!text.contains("latchkey init"), "\(lost)")
    }
    let given = ["--data", data, "--master-key-file", key]
    for words in [["restore", backup], ["projects", "list"], ["audit", "verify"]] {
      let done = try run([Place.latchkey] + words + given)
      #expect(done.status == 0, "\(done)")
      try expectOwned(data)
    }
    #expect(try serve("again").child.stop(SIGTERM) == 0)
  }

  @Test("What root makes in a folder of the service's user is that user's")
  func initialised() throws {
    let data = folder.file("data")
    mkdir(data, 0o700)
    try own(data)
    #expect(try latchkey("init", "--data", data).status == 0)
    try expectOwned(data)
    #expect(try latchkey("projects", "create", "demo", "--name", "D", "--data", data).status == 0)
    try expectOwned(data)
    let seen = try run(asService + [Place.latchkey, "projects", "list", "--data", data])
    #expect(seen.status == 0 && seen.output.contains("demo"), "\(seen)")
  }
}
