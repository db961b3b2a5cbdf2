// A customer's HTTPS endpoint that keeps what it received, and a server that may call it.
import Foundation

/// `receiver.py` with a certificate of its own authority.
final class Receiver: Sendable {
  struct Call: Sendable {
    var at: Double
    var path: String
    var status: Int
    var headers: [(name: String, value: String)]
    var body: String

    func header(_ name: String) -> String? {
      headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }
    func json() throws -> JSON { try JSON(parsing: Data(body.utf8)) }
  }

  let port: Int
  let certificate: String
  let folder: Folder
  private let child: Child

  init() throws {
    folder = try Folder()
    port = try freePort()
    certificate = folder.file("cert.pem")
    let made = try run([
      "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
      "-nodes", "-keyout", folder.file("key.pem"), "-out", certificate, "-days", "2", "-subj",
      "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost",
    ])
    guard made.status == 0 else { throw Failure("openssl: \(made.errors)") }
    let script = Place.repository + "/Tests/EndToEnd/Support/receiver.py"
    child = try Child(
      ["python3", script, "\(port)", certificate, folder.file("key.pem"), folder.file("log")],
      folder: folder.path, name: "receiver")
    try waitForPort(port, of: child)
  }

  var url: String { "https://127.0.0.1:\(port)" }
  var log: String { folder.file("log") }
  /// For a server that is to call it.
  var arguments: [String] { ["--outbound-ca", certificate, "--outbound-allow", "127.0.0.0/8"] }

  /// Lets `/toggle` answer 200 from now on.
  func recover() throws { _ = try folder.write("log.up", "") }

  func calls(_ path: String? = nil) throws -> [Call] {
    let text = String(
      decoding: FileManager.default.contents(atPath: log) ?? Data(), as: UTF8.self)
    return try text.split(separator: "\n").compactMap { line in
      let json = try JSON(parsing: Data(line.utf8))
      let call = Call(
        at: (json["at"].value as? NSNumber)?.doubleValue ?? 0, path: try json["path"].text(),
        status: json["status"].int ?? 0,
        headers: try (json["headers"].array ?? []).map {
          (try $0[0].text(), try $0[1].text())
        },
        body: try json["body"].text())
      return path == nil || call.path == path ? call : nil
    }
  }

  /// Waits until so many have come.
  func wait(_ count: Int, _ path: String? = nil, seconds: Double = 60) throws -> [Call] {
    _ = try poll(seconds: seconds) { try calls(path).count >= count }
    return try calls(path)
  }

  /// How many of its calls the standard's own library verifies.
  func verified(_ secret: String, _ path: String) throws -> String {
    let python = Place.repository + "/.venv/bin/python"
    guard FileManager.default.isExecutableFile(atPath: python) else {
      throw Failure("\(python) is not there: run make setup")
    }
    let script = Place.repository + "/Tests/EndToEnd/Support/verify_webhooks.py"
    let done = try run([python, script, log, secret, path])
    guard done.status == 0 else { throw Failure("\(done.output) \(done.errors)") }
    return done.output.trimmingCharacters(in: .whitespacesAndNewlines)
  }
}

/// A server with one account, whose webhooks are the receiver's.
final class HookWorld: Sendable {
  let receiver: Receiver
  let latchkey: Latchkey
  let account: String
  let environment: String

  init(
    _ store: Store = .sqlite, profile: String = "default", policy: [String: Any] = [:],
    environment: String = "production"
  ) throws {
    receiver = try Receiver()
    self.environment = environment
    latchkey = try Latchkey(Installation(store), arguments: receiver.arguments)
    try latchkey.expect(
      201, "POST", "/v1/projects",
      ["slug": "demo", "name": "Demo", "profile": profile, "policy": policy])
    account = try latchkey.expect(
      201, "POST", "/v1/projects/demo/accounts", ["name": "Acme"])["id"].text()
  }

  func hook(_ path: String, _ events: [String] = ["*"]) throws -> JSON {
    try latchkey.expect(
      201, "POST", "/v1/accounts/\(account)/webhooks",
      [
        "name": "Hook", "url": receiver.url + path, "environment": environment,
        "events": events,
      ])
  }

  @discardableResult
  func publish(_ type: String, _ data: Any = ["n": 1]) throws -> JSON {
    try latchkey.expect(
      202, "POST", "/v1/accounts/\(account)/events",
      ["type": type, "environment": environment, "data": data])
  }

  func deliveries(_ hook: String, _ query: String = "") throws -> [JSON] {
    try latchkey.expect(200, "GET", "/v1/webhooks/\(hook)/deliveries?limit=200" + query)["data"]
      .array ?? []
  }
}
