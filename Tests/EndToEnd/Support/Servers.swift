// The real servers that tests stand in front of or behind: an echo, nginx, Prometheus, PostgreSQL.
// Each on a free loopback port, with its files in a temporary folder, ended by its process id.
import Foundation
import TestSupport

/// `upstream.py`: tells what reached it.
final class EchoServer: Sendable {
  let port: Int
  private let folder: Folder
  private let child: Child

  init() throws {
    folder = try Folder()
    port = try freePort()
    let script = Place.repository + "/Tests/EndToEnd/Support/upstream.py"
    child = try Child(["python3", script, "\(port)"], folder: folder.path, name: "upstream")
    try waitForPort(port, of: child)
  }

  var url: String { "http://127.0.0.1:\(port)" }
}

final class Prometheus: Sendable {
  let port: Int
  private let folder: Folder
  private let child: Child

  init() throws {
    folder = try Folder()
    port = try freePort()
    let config = try folder.write("prometheus.yml", "global:\n  scrape_interval: 1h\n")
    child = try Child(
      [
        "prometheus", "--config.file=\(config)", "--storage.tsdb.path=\(folder.file("data"))",
        "--web.listen-address=127.0.0.1:\(port)", "--log.level=error",
      ], folder: folder.path, name: "prometheus")
    try waitForPort(port, of: child)
    let ready = try poll(seconds: 30) {
      try Curl.call("http://127.0.0.1:\(port)/-/ready").status == 200
    }
    guard ready else { throw Failure("prometheus is not ready: \(child.errors)") }
  }

  var url: String { "http://127.0.0.1:\(port)" }
}

/// nginx with the configuration a test gives it, as one process in the foreground.
final class Nginx: Sendable {
  let folder: Folder
  private let child: Child

  /// - Parameters:
  ///   - http: what stands inside `http { … }`.
  ///   - ports: those it must be listening on before this returns.
  init(folder: Folder, http: String, ports: [Int]) throws {
    self.folder = folder
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map {
      "  \($0)_temp_path \(folder.file($0));\n"
    }
    let config = try folder.write(
      "nginx.conf",
      """
      daemon off;
      master_process off;
      pid \(folder.file("nginx.pid"));
      error_log \(folder.file("error.log"));
      events { worker_connections 512; }
      http {
        access_log off;
      \(temporary.joined())
      \(http)
      }
      """)
    child = try Child(
      ["/usr/sbin/nginx", "-c", config, "-e", folder.file("early.log")], folder: folder.path,
      name: "nginx")
    for port in ports { try waitForPort(port, of: child) }
  }
}

extension PostgresCluster {
  /// Makes an empty database and gives its URL.
  func database(_ name: String) throws -> String {
    let admin = "postgres://latchkey@127.0.0.1:\(port)/postgres"
    var made = Finished(status: -1, output: "", errors: "")
    let done = try poll(seconds: 20) {
      made = try run(["psql", "-q", "-d", admin, "-c", "CREATE DATABASE \"\(name)\""])
      return made.status == 0
    }
    guard done else { throw Failure("no database \(name): \(made.errors)") }
    return "postgres://latchkey@127.0.0.1:\(port)/\(name)"
  }

  /// Every row of every table as text.
  func dump(_ url: String) throws -> String {
    try run(["\(Self.programs)/pg_dump", "--inserts", "-d", url]).output
  }
}

func waitForPort(_ port: Int, of child: Child) throws {
  let up = poll(seconds: 30) { child.status != nil || (try? Wire(port: port)) != nil }
  guard up, child.status == nil else {
    throw Failure("\(child.name) does not listen on \(port): \(child.errors) \(child.output)")
  }
}
