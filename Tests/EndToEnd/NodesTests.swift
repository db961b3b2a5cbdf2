// Two servers on one PostgreSQL: what one changes the other decides by, soon.
import Foundation
import Testing

@Suite("Two nodes", .serialized)
struct NodesTests {
  @Test("A key issued on one node passes the other, and its revocation refuses it there within 1 s")
  func revocationTravels() throws {
    let world = try World(.postgres)
    let first = world.latchkey
    let installation = first.installation
    let folder = installation.folder.file("second")
    mkdir(folder, 0o700)
    try FileManager.default.copyItem(
      atPath: installation.data + "/master.key", toPath: folder + "/master.key")
    chmod(folder + "/master.key", 0o400)
    let second = try Latchkey(
      installation, arguments: ["--node", "second"], name: "second", data: folder)
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
