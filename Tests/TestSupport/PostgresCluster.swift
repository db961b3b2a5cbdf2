// A PostgreSQL server of the tests' own: a cluster in a temporary folder, on a Unix socket and a
// free loopback port. It ends with its owner, and with the test process however that ends.
import Foundation

package final class PostgresCluster: @unchecked Sendable {
  // Sendable: nothing changes after `init` but the keeper, which is only told to stop.
  package struct NotStarted: Error, CustomStringConvertible {
    package var description: String
  }

  package static let programs = "/usr/lib/postgresql/15/bin"
  package let port: UInt16
  /// Where its Unix socket is.
  package let folder: String
  private let keeper = Process()
  /// The keeper waits for a line on this pipe or its end, which comes when we are gone.
  private let lifeline = Pipe()
  private let settings: [String]
  /// Of the server that was started anew after a crash.
  private var revived: (keeper: Process, lifeline: Pipe)?

  /// - Parameter settings: `name=value`, beside the defaults of a small cluster.
  package init(settings: [String] = []) throws {
    guard access(Self.programs + "/postgres", X_OK) == 0 else {
      throw NotStarted(description: "missing: \(Self.programs)/postgres (Debian: postgresql-15)")
    }
    var template = Array("/tmp/latchkey-postgres-XXXXXX".utf8CString)
    guard let made = mkdtemp(&template) else {
      throw NotStarted(description: "no temporary folder: errno \(errno)")
    }
    folder = String(cString: made)
    self.settings = settings
    port = Loopback.freePort()
    _ = fcntl(lifeline.fileHandleForWriting.fileDescriptor, F_SETFD, FD_CLOEXEC)
    keeper.executableURL = URL(filePath: "/bin/sh")
    keeper.arguments = [
      "-c",
      Self.initialise(folder) + " && " + Self.serve(folder, port, settings) + "rm -rf \(folder)",
    ]
    keeper.standardInput = lifeline
    try keeper.run()
    try waitUntilReady()
  }

  deinit { stop() }

  /// Fast shutdown: sessions end, files are flushed; then the folder goes.
  package func stop() {
    guard keeper.isRunning else { return }
    if let revived, revived.keeper.isRunning {
      Self.end(revived.keeper, revived.lifeline)
    }
    Self.end(keeper, lifeline)
    try? FileManager.default.removeItem(atPath: folder)
  }

  /// A keeper whose server was killed may wait for it in vain.
  private static func end(_ keeper: Process, _ lifeline: Pipe) {
    try? lifeline.fileHandleForWriting.write(contentsOf: Data("stop\n".utf8))
    for _ in 0..<1500 where keeper.isRunning { usleep(10_000) }
    if keeper.isRunning { kill(keeper.processIdentifier, SIGKILL) }
  }

  // MARK: Outages

  /// Every process of the server stops where it is: nobody is answered, no connection ends.
  package func freeze() { signal(SIGSTOP) }
  package func thaw() { signal(SIGCONT) }

  /// Every process of the server ends at once, without a word.
  package func crash() { signal(SIGKILL) }

  /// Starts the server again after a crash.
  package func revive() throws {
    if let revived { kill(revived.keeper.processIdentifier, SIGKILL) }
    // Its owner is dead, though nobody has taken note of that yet.
    unlink(folder + "/data/postmaster.pid")
    unlink(folder + "/.s.PGSQL.\(port).lock")
    let (keeper, lifeline) = (Process(), Pipe())
    _ = fcntl(lifeline.fileHandleForWriting.fileDescriptor, F_SETFD, FD_CLOEXEC)
    keeper.executableURL = URL(filePath: "/bin/sh")
    keeper.arguments = ["-c", "cd /; " + Self.serve(folder, port, settings)]
    keeper.standardInput = lifeline
    try keeper.run()
    revived = (keeper, lifeline)
    try waitUntilReady()
  }

  /// To the server and its sessions, by their ids.
  private func signal(_ number: Int32) {
    guard let text = try? String(contentsOfFile: folder + "/data/postmaster.pid", encoding: .utf8),
      let server = text.split(separator: "\n").first.flatMap({ pid_t($0) })
    else { return }
    // No session can be begun once the server itself is stopped.
    kill(server, number)
    let list = "/proc/\(server)/task/\(server)/children"
    let children = (try? String(contentsOfFile: list, encoding: .utf8)) ?? ""
    for child in children.split(separator: " ").compactMap({ pid_t($0) }) { kill(child, number) }
  }

  /// As user `postgres` where the test runs as root, as whom the server would not start.
  private static let user =
    geteuid() == 0 ? "setpriv --reuid=postgres --regid=postgres --clear-groups --reset-env" : ""

  private static func initialise(_ folder: String) -> String {
    """
    cd /; \(geteuid() == 0 ? "chown postgres \(folder) &&" : "") \
    \(user) \(programs)/initdb -D \(folder)/data -U latchkey -A trust -E UTF8 --locale=C \
      --no-sync >\(folder)/log 2>&1
    """
  }

  private static func serve(_ folder: String, _ port: UInt16, _ settings: [String]) -> String {
    let more = settings.map { " -c \($0)" }.joined()
    return """
      { \(user) \(programs)/postgres -D \(folder)/data -k \(folder) -p \(port) \
        -c listen_addresses=127.0.0.1 -c shared_buffers=64MB\(more) \
        </dev/null >>\(folder)/log 2>&1 & server=$!; read line; kill -INT $server; wait $server; }

      """
  }

  /// Initialising a cluster takes a second or two; a minute means it will never be.
  private func waitUntilReady() throws {
    for _ in 0..<600 {
      let probe = Process()
      probe.executableURL = URL(filePath: Self.programs + "/pg_isready")
      probe.arguments = ["-q", "-h", folder, "-p", "\(port)", "-d", "postgres"]
      try probe.run()
      probe.waitUntilExit()
      if probe.terminationStatus == 0 { return }
      usleep(100_000)
    }
    let log = (try? String(contentsOfFile: folder + "/log", encoding: .utf8)) ?? ""
    stop()
    throw NotStarted(description: "PostgreSQL did not start: \(log.suffix(2000))")
  }
}
