// A real nginx with the configuration that ships, on a free port, in a folder of its own; it is
// stopped by its process id.
import Foundation
import TestSupport

final class Nginx {
  struct Failure: Error { var text: String }

  let port: UInt16
  private let folder: URL
  private let process = Process()

  init(latchkey: UInt16, upstream: UInt16) throws {
    port = Loopback.freePort()
    folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("latchkey-nginx-\(ProcessInfo.processInfo.processIdentifier)-\(port)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let shipped = try String(contentsOf: Self.shipped, encoding: .utf8)
    let site = shipped.replacingOccurrences(of: "127.0.0.1:8080", with: "127.0.0.1:\(latchkey)")
      .replacingOccurrences(of: "127.0.0.1:9000", with: "127.0.0.1:\(upstream)")
      .replacingOccurrences(of: "listen 8000;", with: "listen 127.0.0.1:\(port);")
    try site.write(to: file("latchkey.conf"), atomically: true, encoding: .utf8)
    let main = """
      daemon off; master_process off; worker_processes 1;
      pid \(file("pid").path); error_log \(file("error.log").path);
      events { worker_connections 256; }
      http {
        access_log off;
        client_body_temp_path \(file("body").path); proxy_temp_path \(file("proxy").path);
        fastcgi_temp_path \(file("f").path); uwsgi_temp_path \(file("u").path);
        scgi_temp_path \(file("s").path);
        include \(file("latchkey.conf").path);
      }
      """
    try main.write(to: file("nginx.conf"), atomically: true, encoding: .utf8)
    process.executableURL = try Self.executable()
    process.arguments = ["-p", folder.path, "-c", file("nginx.conf").path]
    process.standardError = FileHandle.nullDevice
    try process.run()
    try waitUntilReady()
  }

  deinit {
    // It inherits the blocked signals of the test's threads, SIGTERM among them.
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
    try? FileManager.default.removeItem(at: folder)
  }

  private func file(_ name: String) -> URL { folder.appendingPathComponent(name) }

  private static let shipped = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("packaging/nginx/latchkey.conf")

  private static func executable() throws -> URL {
    let places = ["/usr/sbin/nginx", "/usr/bin/nginx", "/opt/homebrew/bin/nginx"]
    guard let found = places.first(where: FileManager.default.isExecutableFile) else {
      throw Failure(text: "this test needs nginx (apt-get install nginx)")
    }
    return URL(fileURLWithPath: found)
  }

  private func waitUntilReady() throws {
    for _ in 0..<500 {
      guard process.isRunning else { break }
      let probe = RawClient(port: port)
      probe.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
      if probe.receiveAnswer() != nil { return }
      usleep(10_000)
    }
    let log = (try? String(contentsOf: file("error.log"), encoding: .utf8)) ?? ""
    throw Failure(text: "nginx did not start: \(log)")
  }
}
