// A restored backup must not bring a revoked key back.
import Foundation
import Testing

@Suite("Backup and restore", .serialized)
struct BackupTests {
  @Test(
    "Backup, revoke, restore: the key stays refused, the others pass", arguments: Store.allCases)
  func revokedStaysRevoked(store: Store) throws {
    let world = try World(store)
    let installation = world.latchkey.installation
    let (kept, gone) = (try world.issue(), try world.issue())
    let file = installation.folder.file("backup.lk")
    let made = try installation.command(["backup", file])
    #expect(made.status == 0, "\(made)")
    try world.revoke(gone)
    let late = try world.issue()
    #expect(world.latchkey.child.stop(SIGTERM) == 0)
    let restored = try installation.command(["restore", file])
    #expect(restored.status == 0, "\(restored)")
    let again = try Latchkey(installation, name: "restored")
    func code(_ key: IssuedKey) throws -> String? {
      try again.expect(200, "POST", "/v1/verify", ["project": "demo", "key": key.secret])["code"]
        .string
    }
    #expect(try code(kept) == "valid")
    #expect(try code(gone) == "revoked")
    #expect(try code(late) == "not_found")
    #expect(try installation.command(["audit", "verify"]).status == 0)
  }

  @Test("Calls that were made before a backup still count after it", arguments: Store.allCases)
  func usedStaysUsed(store: Store) throws {
    let policy: [String: Any] = ["quota": ["calls": 20, "scope": "key"] as [String: Any]]
    let world = try World(store, policy: policy)
    let installation = world.latchkey.installation
    let key = try world.issue()
    func codes(_ calls: Int, _ latchkey: Latchkey) throws -> [String?] {
      try (0..<calls).map { _ in
        try latchkey.expect(200, "POST", "/v1/verify", ["project": "demo", "key": key.secret])[
          "code"
        ].string
      }
    }
    #expect(try codes(8, world.latchkey).allSatisfy { $0 == "valid" })
    let file = installation.folder.file("backup.lk")
    #expect(try installation.command(["backup", file]).status == 0)
    #expect(world.latchkey.child.stop(SIGTERM) == 0)
    #expect(try installation.command(["restore", file]).status == 0)
    // Left for no server to find: another one may share the store by then.
    if store == .sqlite { #expect(try logged(installation) == "0") }
    let passed = try codes(20, Latchkey(installation, name: "restored")).filter { $0 == "valid" }
    // What the server held unused when the backup was made is lost.
    #expect((8...12).contains(passed.count), "\(passed.count)")
  }

  private func logged(_ installation: Installation) throws -> String {
    let script = """
      import sqlite3, sys
      print(sqlite3.connect(sys.argv[1]).execute("SELECT COUNT(*) FROM quota_log").fetchone()[0])
      """
    let counted = try run(["python3", "-c", script, installation.data + "/latchkey.db"])
    return counted.output.trimmingCharacters(in: .whitespacesAndNewlines)
  }

  @Test("A backup holds no secret and opens for its owner only")
  func contents() throws {
    let world = try World()
    let key = try world.issue()
    let file = world.latchkey.installation.folder.file("backup.lk")
    #expect(try world.latchkey.installation.command(["backup", file]).status == 0)
    var info = stat()
    #expect(stat(file, &info) == 0 && info.st_mode & 0o077 == 0)
    let bytes = FileManager.default.contents(atPath: file) ?? Data()
    #expect(!bytes.isEmpty)
    #expect(Canary(key.secret).forms(in: bytes).isEmpty)
  }

  @Test("A backup that was cut off or changed is refused and leaves the store as it was")
  func damaged() throws {
    let world = try World()
    let installation = world.latchkey.installation
    let key = try world.issue()
    let file = installation.folder.file("backup.lk")
    #expect(try installation.command(["backup", file]).status == 0)
    world.latchkey.child.stop(SIGTERM)
    let whole = try #require(FileManager.default.contents(atPath: file))
    var changed = whole
    changed[whole.count / 2] ^= 1
    for damaged in [whole.prefix(whole.count / 2), changed] {
      let path = installation.folder.file("damaged.lk")
      try Data(damaged).write(to: URL(filePath: path))
      let refused = try installation.command(["restore", path])
      #expect(refused.status != 0, "\(refused)")
    }
    let again = try Latchkey(installation, name: "again")
    let answer = try again.expect(
      200, "POST", "/v1/verify", ["project": "demo", "key": key.secret])
    #expect(answer["code"].string == "valid")
  }
}
