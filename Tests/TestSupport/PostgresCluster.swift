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
    port = Loopback.freePort()
    _ = fcntl(lifeline.fileHandleForWriting.fileDescriptor, F_SETFD, FD_CLOEXEC)
    keeper.executableURL = URL(filePath: "/bin/sh")
    keeper.arguments = ["-c", Self.script(folder, port, settings)]
    keeper.standardInput = lifeline
    try keeper.run()
    try waitUntilReady()
  }

  deinit { stop() }

  /// Fast shutdown: sessions end, files are flushed; then the folder goes.
  package func stop() {
    guard keeper.isRunning else { return }
    try? lifeline.fileHandleForWriting.write(contentsOf: Data("stop\n".utf8))
    keeper.waitUntilExit()
  }

  /// As user `postgres` where the test runs as root, as whom the server would not start.
  private static func script(_ folder: String, _ port: UInt16, _ settings: [String]) -> String {
    let isRoot = geteuid() == 0
    let user =
      isRoot ? "setpriv --reuid=postgres --regid=postgres --clear-groups --reset-env" : ""
    let more = settings.map { " -c \($0)" }.joined()
    return """
      cd /; \(isRoot ? "chown postgres \(folder) &&" : "") \
      \(user) \(programs)/initdb -D \(folder)/data -U latchkey -A trust -E UTF8 --locale=C \
        --no-sync >\(folder)/log 2>&1 &&
      { \(user) \(programs)/postgres -D \(folder)/data -k \(folder) -p \(port) \
        -c listen_addresses=127.0.0.1 -c shared_buffers=64MB\(more) \
        </dev/null >>\(folder)/log 2>&1 & server=$!; read line; kill -INT $server; wait $server; }
      rm -rf \(folder)
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
