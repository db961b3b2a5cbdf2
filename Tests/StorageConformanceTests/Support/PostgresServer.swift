// A PostgreSQL server of the tests' own: a cluster in a temporary folder, on a Unix socket and a
// free loopback port, that ends with the test process however that ends.
import Foundation
import Testing

@testable import Storage

final class PostgresServer: Sendable {
  /// One for the whole run; the error of starting it fails every case that needs it.
  static let shared = Result { try PostgresServer() }

  private static let programs = "/usr/lib/postgresql/15/bin"
  let port: UInt16
  private let folder: String
  /// The keeper below waits for the end of this pipe: closed by the kernel when we are gone.
  private let lifeline: Pipe

  private init() throws {
    guard access(Self.programs + "/postgres", X_OK) == 0 else {
      throw Missing(what: Self.programs + "/postgres (Debian: postgresql-15)")
    }
    folder = try TemporaryFolder().path
    port = try Self.freePort()
    lifeline = Pipe()
    let isRoot = geteuid() == 0
    let prefix =
      isRoot ? "setpriv --reuid=postgres --regid=postgres --clear-groups --reset-env" : ""
    let keeper = Process()
    keeper.executableURL = URL(fileURLWithPath: "/bin/sh")
    keeper.arguments = ["-c", Self.script(folder, port, prefix, isRoot: isRoot)]
    keeper.standardInput = lifeline
    try keeper.run()
    try waitUntilReady()
  }

  private static func script(
    _ folder: String, _ port: UInt16, _ prefix: String, isRoot: Bool
  ) -> String {
    """
    cd /; \(isRoot ? "chown postgres \(folder) &&" : "") \
    \(prefix) \(programs)/initdb -D \(folder)/data -U latchkey -A trust -E UTF8 --locale=C \
      --no-sync >\(folder)/log 2>&1 &&
    { \(prefix) \(programs)/postgres -D \(folder)/data -k \(folder) -p \(port) \
      -c listen_addresses=127.0.0.1 -c fsync=off -c max_connections=500 -c shared_buffers=64MB \
      </dev/null >>\(folder)/log 2>&1 & server=$!; read line; kill -INT $server; wait $server; }
    rm -rf \(folder)
    """
  }

  /// Initialising a cluster takes a second or two; a minute means it will never be.
  private func waitUntilReady() throws {
    var last: any Error = Missing(what: "PostgreSQL")
    for _ in 0..<600 {
      do {
        try run("SELECT 1")
        return
      } catch {
        last = error
        usleep(100_000)
      }
    }
    throw last
  }

  func url(schema: String) -> String {
    "postgresql://latchkey@127.0.0.1:\(port)/postgres?options=-csearch_path%3D\(schema)"
  }

  func run(_ sql: String) throws {
    let connection = try PostgresConnection(
      url: "host=\(folder) port=\(port) user=latchkey dbname=postgres")
    defer { connection.close() }
    try connection.script(sql)
  }

  private static func freePort() throws -> UInt16 {
    let socket = Foundation.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(socket) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let code = withUnsafeMutableBytes(of: &address) { bytes in
      let generic = bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self)
      guard let generic, bind(socket, generic, size) == 0 else { return Int32(-1) }
      return getsockname(socket, generic, &size)
    }
    guard code == 0 else { throw Missing(what: "a free loopback port") }
    return UInt16(bigEndian: address.sin_port)
  }
}
