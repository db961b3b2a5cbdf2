// The chain of audit entries: whole after every kind of change, and broken exactly where someone
// laid hands on it.
import Crypto
import Foundation
import KeyModel
import Management
import Storage
import Testing

@Suite("The audit chain")
struct AuditTests {
  private func filled() async throws -> (World, String, URL) {
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let path = folder.appending(path: "latchkey.db").path
    let world = try await World(.sqliteFile(path: path))
    let account = try await world.account()
    for _ in 0..<3 { _ = try await world.key(account) }
    return (world, path, folder)
  }

  @Test("An untouched chain is intact and holds an entry for each change")
  func intact() async throws {
    let (world, _, folder) = try await filled()
    defer { try? FileManager.default.removeItem(at: folder) }
    guard case .intact(let entries, _) = try await world.management.verifyAudit() else {
      Issue.record("broken")
      return
    }
    #expect(entries == 5)
  }

  @Test(
    "An edited, removed, reordered or cut-off entry is named",
    arguments: [
      ("UPDATE audit SET detail = '{}' WHERE sequence = 3", 3),
      ("UPDATE audit SET actor = 'operator:nobody' WHERE sequence = 1", 1),
      ("DELETE FROM audit WHERE sequence = 2", 2),
      ("DELETE FROM audit WHERE sequence = 5", 6),
      (
        "UPDATE audit SET sequence = 99 WHERE sequence = 3; "
          + "UPDATE audit SET sequence = 3 WHERE sequence = 4; "
          + "UPDATE audit SET sequence = 4 WHERE sequence = 99", 3
      ),
    ])
  func tampered(sql: String, sequence: Int64) async throws {
    let (world, path, folder) = try await filled()
    defer { try? FileManager.default.removeItem(at: folder) }
    try run(sql, on: path)
    guard case .broken(let found, _, _) = try await world.management.verifyAudit() else {
      Issue.record("the chain is said to be intact")
      return
    }
    // A cut-off end shows as the first entry that should follow.
    #expect(found == (sequence == 6 ? 5 : sequence))
  }

  @Test("A refused change leaves no entry, a reveal leaves one")
  func onlyEffects() async throws {
    let world = try await World()
    let account = try await world.account(profile: "truework")
    let key = try await world.key(account)
    _ = try await world.management.revealKey(key.id, by: World.local)
    let management = world.management
    #expect(
      await code { try await management.rotateKey(key.id, KeyRotation(), by: World.local) }
        == .rotationModeDisabled)
    let list = try await management.listAudit(AuditQuery(), PageRequest(), by: .local)
    let actions = list.body?["data"]?.array?.map { $0["action"]?.string }
    #expect(
      actions == ["key.revealed", "key.created", "account.created", "project.created"])
  }

  @Test("No secret stands in the database file, sealed ones and hints apart, or in any audit entry")
  func canary() async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let world = try await World(.sqliteFile(path: folder.appending(path: "latchkey.db").path))
    let account = try await world.account(profile: "truework")
    let caller = Caller(
      .local, idempotency: IdempotencyKey(key: "one", route: "POST /keys", body: []))
    let made = try await world.management.createKey(
      of: account, NewKey(environment: "production"), by: caller)
    let client = try await world.management.revealClientSecret(of: account, by: World.local)
    let key = try await world.management.createOperatorKey(
      NewOperatorKey(scopes: [.all]), by: World.local)
    let secrets = [
      made.body?["secret"]?.string, client.body?["client_secret"]?.string,
      key.body?["operator_key"]?.string,
    ]
    world.store.close()
    var bytes = Data()
    for file in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
      bytes += try Data(contentsOf: folder.appending(path: file))
    }
    #expect(bytes.range(of: Data("Acme".utf8)) != nil, "the file is really read")
    for secret in secrets {
      let text = try #require(secret)
      for form in [Data(text.utf8), Data(Data(text.utf8).base64EncodedString().utf8)] {
        #expect(bytes.range(of: form) == nil)
      }
      #expect(bytes.range(of: Data(Hex.encode(Array(text.utf8)).utf8)) == nil)
    }
  }

  private func run(_ sql: String, on path: String) throws {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/sqlite3")
    process.arguments = [path, "PRAGMA busy_timeout=5000; " + sql]
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
  }
}
