// `holder.py`: the endpoints of customers whose keys cycle, with a certificate of their own.
import Foundation
import TestSupport

final class Holders: Sendable {
  let port: Int
  let authority: String
  private let folder: Folder
  private let child: Child

  init() throws {
    folder = try Folder()
    let (certificate, key) = (folder.file("cert.pem"), folder.file("key.pem"))
    let made = try run([
      "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
      "-nodes", "-keyout", key, "-out", certificate, "-days", "3650", "-subj", "/CN=localhost",
      "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
    ])
    guard made.status == 0 else { throw Failure("openssl: \(made.errors)") }
    authority = certificate
    port = try freePort()
    let script = Place.repository + "/Tests/EndToEnd/Support/holder.py"
    child = try Child(
      ["python3", script, "\(port)", certificate, key, folder.path], folder: folder.path,
      name: "holder")
    let (child, port) = (child, port)
    let up = poll(seconds: 30) { child.status != nil || (try? Wire(port: port)) != nil }
    guard up, child.status == nil else { throw Failure("holder.py: \(child.errors)") }
  }

  /// What a server needs to call them.
  var arguments: [String] { ["--outbound-allow", "127.0.0.0/8", "--outbound-ca", authority] }

  func endpoint(_ name: String) -> String { "https://localhost:\(port)/\(name)" }

  func mode(_ name: String, _ mode: String) throws {
    try folder.write("mode-\(name).new", mode)
    rename(folder.file("mode-\(name).new"), folder.file("mode-\(name)"))
  }

  /// The key that the customer's program calls with; nil where it was sent none.
  func held(_ name: String) throws -> String? {
    guard let bytes = FileManager.default.contents(atPath: folder.file("held-\(name)")) else {
      return nil
    }
    return try JSON(parsing: bytes)["apiKey"].text()
  }

  struct Message {
    var body: JSON
    var raw: String
    var contentType: String
    var at: Double
    var isTest: Bool { body["test"].value as? Bool == true }
  }

  /// What the endpoint got so far.
  func messages(_ name: String) throws -> [Message] {
    let log = FileManager.default.contents(atPath: folder.file("log")) ?? Data()
    return try log.split(separator: UInt8(ascii: "\n")).compactMap { line in
      let line = try JSON(parsing: Data(line))
      guard line["name"].string == name else { return nil }
      let raw = try line["raw"].text()
      return Message(
        body: try JSON(parsing: Data(raw.utf8)), raw: raw, contentType: line["type"].string ?? "",
        at: line["at"].value as? Double ?? 0)
    }
  }

  func deliveries(_ name: String) throws -> [Message] {
    try messages(name).filter { !$0.isTest }
  }
}
