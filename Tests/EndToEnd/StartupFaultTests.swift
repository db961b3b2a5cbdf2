// A server that cannot start says why in one line, ends with the documented exit code, and leaves
// the data as it was.
import Foundation
import TestSupport
import Testing

@Suite("Faults at the start", .serialized)
struct StartupFaultTests {
  let installation: Installation
  init() throws { installation = try Installation() }

  private var masterKey: String { installation.data + "/master.key" }

  private func serve(
    _ arguments: [String] = [], launcher: [String] = [], seconds: Double = 15
  ) throws -> Finished {
    try run(
      launcher + [Place.latchkey, "serve", "--data", installation.data]
        + ["--listen", "127.0.0.1:0", "--gateway-listen", "127.0.0.1:0"] + arguments,
      seconds: seconds)
  }

  private func expect(
    _ ended: Finished, _ status: Int32, says words: String..., at: SourceLocation = #_sourceLocation
  ) {
    #expect(ended.status == status, "\(ended)", sourceLocation: at)
    let lines = ended.errors.split(separator: "\n")
    #expect(lines.count == 1, "\(ended.errors)", sourceLocation: at)
    for word in words {
      #expect(ended.errors.contains(word), "\(ended.errors)", sourceLocation: at)
    }
  }

  @Test("A command whose answer cannot be written says so and is no success")
  func fullOutput() throws {
    for command in ["help", "config print --data '\(installation.data)'"] {
      let ended = try run(["sh", "-c", "'\(Place.latchkey)' \(command) >/dev/full"])
      expect(ended, 1, says: "standard output", "No space left on device")
    }
    // Who reads no further has what he wants.
    let ended = try run(["sh", "-c", "'\(Place.latchkey)' help | head -1"])
    #expect(ended.status == 0 && ended.errors.isEmpty)
  }

  @Test("A missing master key")
  func missingKey() throws {
    try FileManager.default.removeItem(atPath: masterKey)
    expect(try serve(), 3, says: "master key", masterKey)
    #expect(!FileManager.default.fileExists(atPath: masterKey))
  }

  @Test("A master key that is another's, and one that is cut short")
  func wrongKey() throws {
    chmod(masterKey, 0o600)
    let whole = try String(contentsOfFile: masterKey, encoding: .utf8)
    let other = try Installation()
    let strange = try String(contentsOfFile: other.data + "/master.key", encoding: .utf8)
    try strange.write(toFile: masterKey, atomically: false, encoding: .utf8)
    let refused = try serve()
    expect(refused, 3, says: "master key")
    #expect(!refused.errors.contains(strange.suffix(40).dropLast()))
    try whole.dropLast(9).write(toFile: masterKey, atomically: false, encoding: .utf8)
    expect(try serve(), 3, says: "master key", masterKey)
    try whole.write(toFile: masterKey, atomically: false, encoding: .utf8)
    chmod(masterKey, 0o400)
    #expect(try Latchkey(installation).child.stop(SIGTERM) == 0)
  }

  @Test("A master key that others may read, and one behind a symbolic link")
  func openKey() throws {
    chmod(masterKey, 0o444)
    expect(try serve(), 3, says: "master key", "chmod 0400")
    chmod(masterKey, 0o400)
    try FileManager.default.moveItem(atPath: masterKey, toPath: masterKey + ".real")
    try FileManager.default.createSymbolicLink(
      atPath: masterKey, withDestinationPath: masterKey + ".real")
    expect(try serve(), 3, says: "symbolic link")
  }

  @Test("A port in use, whichever listener wants it")
  func portInUse() throws {
    let echo = try EchoServer()
    for listener in ["--listen", "--gateway-listen", "--metrics-listen"] {
      let arguments =
        ["serve", "--data", installation.data]
        + Self.freePorts.filter { $0.0 != listener }
        .flatMap { [$0.0, $0.1] } + [listener, "127.0.0.1:\(echo.port)"]
      expect(try run([Place.latchkey] + arguments), 3, says: "\(echo.port)", "in use")
    }
  }

  private static let freePorts = [
    ("--listen", "127.0.0.1:0"), ("--gateway-listen", "127.0.0.1:0"),
  ]

  @Test("A database URL that is none, and one where nobody answers")
  func badDatabase() throws {
    expect(try serve(["--database", "mysql://localhost/x"]), 2, says: "postgres://")
    let nobody = "postgres://someone:hunter2@127.0.0.1:\(try freePort())/x"
    let refused = try serve(["--database", nobody])
    expect(refused, 6, says: "127.0.0.1")
    #expect(!refused.errors.contains("hunter2"))
    let unreadable = try serve(["--database", "postgres://someone:hunter2%zz@127.0.0.1/x"])
    expect(unreadable, 3, says: "cannot be read")
    #expect(!unreadable.errors.contains("hunter2"))
  }

  @Test("A database that refuses the user, one that is not there, and one of somebody else")
  func deniedDatabase() throws {
    let cluster = try PostgresCluster()
    let fine = try cluster.database("theirs")
    let made = try run(["psql", "-q", "-d", fine, "-c", "CREATE TABLE keys (id INTEGER)"])
    #expect(made.status == 0, "\(made)")
    let missing = fine.replacing("/theirs", with: "/nowhere")
    let stranger = fine.replacing("latchkey@", with: "stranger:hunter2@")
    expect(try serve(["--database", missing]), 3, says: "nowhere", "database URL")
    let refused = try serve(["--database", stranger])
    expect(refused, 3, says: "stranger", "database URL")
    #expect(!refused.errors.contains("hunter2"))
    let theirs = try serve(["--database", fine])
    expect(theirs, 3, says: "keys", "of its own")
    #expect(!theirs.errors.contains("CREATE TABLE"), "\(theirs.errors)")
    let tables = try run(["psql", "-Atd", fine, "-c", "SELECT tablename FROM pg_tables"])
    #expect(!tables.output.contains("record_days"), "nothing is left in it")
  }

  @Test("No data folder, and one that was never initialised")
  func noFolder() throws {
    let nowhere = try run([Place.latchkey, "serve", "--data", installation.folder.file("none")])
    expect(nowhere, 3, says: installation.folder.file("none"))
    let empty = installation.folder.file("empty")
    mkdir(empty, 0o700)
    expect(try run([Place.latchkey, "serve", "--data", empty]), 3, says: "latchkey init")
  }

  @Test("A data folder on a file system that is mounted read-only, or that its user may not write")
  func readOnlyFolder() throws {
    var launcher: [String] = []
    if Namespace.isAllowed {
      let script = """
        mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"
        """
      launcher = Namespace.launcher(script, installation.data)
    } else {
      // Without its capabilities root is bound by the folder's mode like everybody else.
      if geteuid() == 0 { launcher = ["setpriv", "--bounding-set=-all"] }
      chmod(installation.data, 0o500)
    }
    defer { chmod(installation.data, 0o700) }
    expect(try serve(launcher: launcher), 3, says: installation.data)
  }

  @Test("A second server on the same folder")
  func secondServer() throws {
    let first = try Latchkey(installation)
    expect(try serve(), 5, says: installation.data)
    #expect(try Curl.call(first.api + "/livez").status == 200)
  }

  @Test("A flag that does not exist, and a setting without its value")
  func usage() throws {
    expect(try run([Place.latchkey, "serve", "--dta", "x"]), 2, says: "--data")
    let none = try run([Place.latchkey, "nonsense"])
    #expect(none.status == 2)
  }

  @Test("A config file with a mistake: file, line and caret")
  func configFile() throws {
    let config = try installation.folder.write(
      "bad.json", "{\n  // a comment\n  \"listen\": oops\n}")
    let ended = try serve(["--config", config])
    #expect(ended.status == 3)
    #expect(ended.errors.contains("bad.json") && ended.errors.contains("^"), "\(ended.errors)")
  }
}
