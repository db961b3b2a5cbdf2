// The built binary: a data folder with its operator key, and the server on it.
import Foundation
import TestSupport
import Testing

/// Where the state lives.
enum Store: String, CaseIterable, CustomTestStringConvertible, Sendable {
  case sqlite = "SQLite"
  case postgres = "PostgreSQL"
  var testDescription: String { rawValue }

  /// All, or the one that LATCHKEY_TEST_STORE names, for long runs beside each other.
  static let chosen = allCases.filter { store in
    guard let name = ProcessInfo.processInfo.environment["LATCHKEY_TEST_STORE"] else {
      return true
    }
    return store.rawValue == name
  }
}

/// An initialised data folder.
final class Installation: Sendable {
  let folder: Folder
  let operatorKey: String
  let databaseURL: String?
  let cluster: PostgresCluster?

  init(_ store: Store = .sqlite) throws {
    folder = try Folder()
    cluster = store == .postgres ? try PostgresCluster() : nil
    databaseURL = try cluster?.database("latchkey")
    let database = databaseURL.map { ["--database", $0] } ?? []
    let made = try run(
      [Place.latchkey, "init", "--data", folder.file("data"), "--json"] + database)
    guard made.status == 0 else { throw Failure("init: \(made.status) \(made.errors)") }
    operatorKey = try JSON(parsing: Data(made.output.utf8))["operator_key"].text()
  }

  var data: String { folder.file("data") }
  var databaseArguments: [String] { databaseURL.map { ["--database", $0] } ?? [] }
  func databaseDump() throws -> String { try databaseURL.map { try cluster?.dump($0) ?? "" } ?? "" }

  /// A further server on the same database, with a data folder of its own.
  func serveSecond() throws -> Latchkey {
    try Latchkey(
      self, arguments: ["--node", "second"], name: "second", data: try secondFolder("second"))
  }

  /// A data folder of another server on the same database.
  func secondFolder(_ name: String) throws -> String {
    let path = folder.file(name)
    mkdir(path, 0o700)
    try FileManager.default.copyItem(
      atPath: data + "/master.key", toPath: path + "/master.key")
    chmod(path + "/master.key", 0o400)
    return path
  }

  func command(_ arguments: [String]) throws -> Finished {
    try run([Place.latchkey] + arguments + ["--data", data] + databaseArguments)
  }
}

/// A running server. `launcher` is a command that ends by executing its arguments. Its log lines go
/// to `NAME.err` in the installation's folder.
final class Latchkey: Sendable {
  let installation: Installation
  let child: Child
  let apiPort: Int
  let gatewayPort: Int
  let metricsPort: Int
  let scheme: String

  init(
    _ installation: Installation, arguments: [String] = [], name: String = "serve",
    environment: [String: String] = [:], launcher: [String] = [], data: String? = nil
  ) throws {
    self.installation = installation
    let log = installation.folder.file("\(name).err")
    let before = (FileManager.default.contents(atPath: log) ?? Data()).count
    let child = try Child(
      launcher + [Place.latchkey, "serve", "--data", data ?? installation.data]
        + installation.databaseArguments
        + ["--listen", "127.0.0.1:0", "--gateway-listen", "127.0.0.1:0"]
        + ["--metrics-listen", "127.0.0.1:0"] + arguments,
      environment: environment, folder: installation.folder.path, name: name)
    var ports: [String: Int] = [:]
    let ready = poll(seconds: 30) {
      ports = Self.ports(in: String(child.errors.utf8.dropFirst(before)) ?? "")
      return !ports.isEmpty || child.status != nil
    }
    guard ready, let api = ports["api"], let gateway = ports["gateway"],
      let metrics = ports["metrics"]
    else { throw Failure("serve: \(String(describing: child.status)) \(child.errors)") }
    self.child = child
    (apiPort, gatewayPort, metricsPort) = (api, gateway, metrics)
    scheme = arguments.contains("--tls-certificate") ? "https" : "http"
  }

  var api: String { "\(scheme)://127.0.0.1:\(apiPort)" }
  var gateway: String { "\(scheme)://127.0.0.1:\(gatewayPort)" }
  var metrics: String { "http://127.0.0.1:\(metricsPort)/metrics" }

  /// A call of the management API with the first operator key.
  func call(_ method: String, _ path: String, _ body: Any? = nil, headers: [String] = []) throws
    -> Answer
  {
    try Curl.json(method, api + path, token: installation.operatorKey, body, headers: headers)
  }

  /// The same, held to its status.
  @discardableResult
  func expect(_ status: Int, _ method: String, _ path: String, _ body: Any? = nil) throws -> JSON {
    let answer = try call(method, path, body)
    guard answer.status == status else {
      throw Failure("\(method) \(path): wanted \(status), got \(answer)")
    }
    return answer.body.isEmpty ? JSON(nil) : try answer.json()
  }

  /// `listening api=127.0.0.1:8080 gateway=…`
  private static func ports(in text: String) -> [String: Int] {
    guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix("listening ") }),
      text.contains(line + "\n")
    else { return [:] }
    var ports: [String: Int] = [:]
    for field in line.split(separator: " ").dropFirst() {
      let parts = field.split(separator: "=")
      guard parts.count == 2, let port = parts[1].split(separator: ":").last else { continue }
      ports[String(parts[0])] = Int(port)
    }
    return ports
  }
}
