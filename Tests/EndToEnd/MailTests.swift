// Mails of the built server: kept without a mail server, sent through one, and not lost when it is
// away or the server is killed.
import Foundation
import Testing

/// The tests' mail server on a port of its own.
private final class MailServer {
  let port: Int
  private let child: Child

  init(_ folder: Folder, port: Int) throws {
    self.port = port
    let script = Place.repository + "/Tests/DeliveryTests/Support/mailserver.py"
    child = try Child(
      ["python3", script, "-", "-", "", String(port)], folder: folder.path, name: "mail")
    try waitForPort(port, of: child)
  }

  /// Texts of the mails taken.
  var mails: [String] {
    child.output.split(separator: "\n").dropFirst().compactMap { line in
      let value = try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
      return value?["data"] as? String
    }
  }
}

@Suite("Mails of the server", .serialized)
struct MailTests {
  /// A project whose accounts have five calls a day, and an account with an admin.
  private static func account(_ server: Latchkey) throws -> String {
    let policy = ["quota": ["calls": 5, "scope": "account", "resets_at": "00:00"]]
    try server.expect(
      201, "POST", "/v1/projects", ["slug": "demo", "name": "De<mo", "policy": policy])
    let account = try server.expect(
      201, "POST", "/v1/projects/demo/accounts", ["name": "Acme & Sons"])["id"].text()
    try server.expect(
      201, "POST", "/v1/accounts/\(account)/members",
      ["email": "ann@example.com", "role": "admin"])
    return account
  }

  private static func useUp(_ server: Latchkey, _ account: String) throws {
    let key = try server.expect(
      201, "POST", "/v1/accounts/\(account)/keys", ["environment": "production"])
    for _ in 0..<6 {
      try server.expect(
        200, "POST", "/v1/verify", ["project": "demo", "key": try key["secret"].text()])
    }
  }

  private static func states(_ server: Latchkey) throws -> [String] {
    let page = try server.expect(200, "GET", "/v1/mails?project=demo")
    return (page["data"].array ?? []).compactMap { $0["state"].string }
  }

  @Test("Without a mail server mails are kept, and the command line lists them")
  func kept() throws {
    let server = try Latchkey(Installation())
    try Self.useUp(server, Self.account(server))
    #expect(poll(seconds: 10) { (try? Self.states(server)) == ["pending", "pending"] })
    let listed = try server.installation.command(["mails", "list", "--json"])
    #expect(listed.status == 0, "\(listed.errors)")
    #expect(listed.output.contains("The quota is used up"))
    #expect(listed.output.contains("De&lt;mo") && listed.output.contains("Acme &amp; Sons"))
  }

  @Test(
    "Mails outlive a mail server that is away and kill -9 of the server, on both engines",
    arguments: Store.allCases)
  func outage(store: Store) throws {
    let installation = try Installation(store)
    let port = try freePort()
    let arguments = ["--smtp-url", "smtp://127.0.0.1:\(port)", "--mail-from", "keys@localhost"]
    let first = try Latchkey(installation, arguments: arguments)
    try Self.useUp(first, Self.account(first))
    let failing = poll(seconds: 10) {
      let mails = (try? first.expect(200, "GET", "/v1/mails"))?["data"].array ?? []
      return mails.count == 2 && mails.allSatisfy { ($0["attempts"].int ?? 0) > 0 }
    }
    #expect(failing)
    first.child.stop(SIGKILL)
    let mail = try MailServer(installation.folder, port: port)
    let second = try Latchkey(installation, arguments: arguments)
    #expect(poll(seconds: 60) { (try? Self.states(second)) == ["sent", "sent"] })
    #expect(mail.mails.count == 2)
    #expect(mail.mails.allSatisfy { $0.contains("\r\nTo: <ann@example.com>\r\n") })
    #expect(second.child.stop() == 0)
  }

  @Test("A mail server without a sender, and a user without a password, are refused at start")
  func settings() throws {
    let installation = try Installation()
    for arguments in [
      ["--smtp-url", "smtp://127.0.0.1:1"],
      ["--smtp-url", "smtp://127.0.0.1:1", "--mail-from", "a@b.example", "--smtp-user", "x"],
      ["--smtp-url", "smtp://127.0.0.1:1", "--mail-from", "a@b.example>\r\nRCPT TO:<x@y.z"],
      ["--outbound-ca", "/nonexistent"],
    ] {
      let ended = try run(
        [Place.latchkey, "serve", "--data", installation.data, "--listen", "127.0.0.1:0"]
          + arguments)
      #expect([2, 3].contains(ended.status), "\(arguments): \(ended.status) \(ended.errors)")
    }
  }
}
