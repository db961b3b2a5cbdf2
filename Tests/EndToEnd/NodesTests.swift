// Two servers on one PostgreSQL: what one changes the other decides by, soon.
import Foundation
import Testing

@Suite("Two nodes", .serialized)
struct NodesTests {
  @Test("A node that runs while the store is restored decides by what was restored, soon")
  func restoredMeanwhile() throws {
    let world = try World(.postgres)
    let installation = world.latchkey.installation
    let second = try installation.serveSecond()
    func code(_ key: IssuedKey) throws -> String? {
      try second.expect(200, "POST", "/v1/verify", ["project": "demo", "key": key.secret])["code"]
        .string
    }
    let (kept, gone) = (try world.issue(), try world.issue())
    let file = installation.folder.file("backup.lk")
    #expect(try installation.command(["backup", file]).status == 0)
    let late = try world.issue()
    // The first node's journal has it, whoever was asked.
    #expect(try second.call("DELETE", "/v1/keys/\(gone.id)").status == 204)
    #expect(try poll(seconds: 2) { try world.code(gone.secret) == "revoked" })
    #expect(try poll(seconds: 2) { try code(late) == "valid" })
    #expect(world.latchkey.child.stop(SIGTERM) == 0)
    let restored = try installation.command(["restore", file])
    #expect(restored.status == 0, "\(restored)")
    #expect(try poll(seconds: 3) { try code(late) == "not_found" })
    #expect(try code(kept) == "valid")
    #expect(try code(gone) == "revoked")
    // It goes on from there: its own changes are in force when they are answered.
    let made = try second.expect(
      201, "POST", "/v1/accounts/\(world.account)/keys", ["environment": "sandbox"])
    let key = IssuedKey(id: try made["id"].text(), secret: try made["secret"].text())
    #expect(try code(key) == "valid")
    #expect(try second.call("DELETE", "/v1/keys/\(key.id)").status == 204)
    #expect(try code(key) == "revoked")
    #expect(second.child.errors.contains("loaded anew"))
    #expect(second.child.stop(SIGTERM) == 0)
  }

  @Test("init on a database that has its server says how to add another, and that works")
  func added() throws {
    let world = try World(.postgres)
    let installation = world.latchkey.installation
    let url = try #require(installation.databaseURL)
    let data = installation.folder.file("added")
    let told = try run([Place.latchkey, "init", "--data", data, "--database", url])
    #expect(told.status == 5, "\(told)")
    for word in ["mode 0700", "master.key", "serve --data \(data)", "--node"] {
      #expect(told.errors.contains(word), "\(told.errors)")
    }
    #expect(!FileManager.default.fileExists(atPath: data))
    // As docs/OPERATIONS.md says it.
    #expect(try run(["install", "-d", "-m", "0700", data]).status == 0)
    let copied = try run(
      ["install", "-m", "0400", installation.data + "/master.key", data + "/master.key"])
    #expect(copied.status == 0)
    let key = try world.issue()
    let second = try Latchkey(
      installation, arguments: ["--node", "added"], name: "added", data: data)
    let answer = try second.expect(
      200, "POST", "/v1/verify", ["project": "demo", "key": key.secret])
    #expect(answer["code"].string == "valid")
    let checked = try run([Place.latchkey, "doctor", "--data", data, "--database", url])
    #expect(checked.status == 0, "\(checked)")
  }

  @Test("A key issued on one node passes the other, and its revocation refuses it there within 1 s")
  func revocationTravels() throws {
    let world = try World(.postgres)
    let second = try world.latchkey.installation.serveSecond()
    func code(_ key: IssuedKey) throws -> String? {
      try second.expect(200, "POST", "/v1/verify", ["project": "demo", "key": key.secret])["code"]
        .string
    }
    for _ in 0..<5 {
      let key = try world.issue()
      #expect(try poll(seconds: 1) { try code(key) == "valid" })
      try world.revoke(key)
      #expect(try poll(seconds: 1) { try code(key) == "revoked" })
    }
    let made = try second.expect(
      201, "POST", "/v1/accounts/\(world.account)/keys", ["environment": "sandbox"])
    let secret = try made["secret"].text()
    #expect(try poll(seconds: 1) { try world.code(secret) == "valid" })
    #expect(second.child.stop(SIGTERM) == 0)
    #expect(try world.code(secret) == "valid")
  }
}
