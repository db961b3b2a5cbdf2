// A change of pepper on a running server, through kill -9 and a restored backup.
import Foundation
import Testing

@Suite("Peppers", .serialized)
struct PepperTests {
  private func older(_ installation: Installation) throws -> JSON {
    let status = try installation.command(["pepper", "status", "--json"])
    guard status.status == 0 else { throw Failure("pepper status: \(status)") }
    return try JSON(parsing: Data(status.output.utf8))["peppers"][1]
  }

  /// The operator key moves to the new pepper as any other: by being used.
  private func useOperatorKey(_ latchkey: Latchkey) throws {
    try latchkey.expect(200, "POST", "/v1/verify", ["project": "demo", "key": "x"])
    let moved = poll(seconds: 10) {
      (try? older(latchkey.installation)["operator_keys"].int) == 0
    }
    #expect(moved)
  }

  @Test(
    "Keys go on through rotation, kill -9, use and retirement", arguments: Store.allCases)
  func rotation(store: Store) throws {
    let world = try World(store)
    let installation = world.latchkey.installation
    let (used, idle) = (try world.issue(), try world.issue())
    let rotated = try installation.command(["pepper", "rotate"])
    #expect(rotated.status == 0, "\(rotated)")
    let third = try installation.command(["pepper", "rotate"])
    #expect(third.status == 5 && third.errors.contains("retire"), "\(third)")
    let fresh = try world.issue()
    #expect(try world.code(used.secret) == "valid")
    world.latchkey.child.stop(SIGKILL)

    let again = try Latchkey(installation, name: "again")
    func code(_ key: IssuedKey) throws -> String? {
      try again.expect(200, "POST", "/v1/verify", ["project": "demo", "key": key.secret])["code"]
        .string
    }
    #expect(try code(used) == "valid")
    #expect(try code(fresh) == "valid")
    // Only the key that nobody uses is left under the older one; the first two moved by being used.
    #expect(poll(seconds: 10) { (try? older(installation)["keys"].int) == 1 })
    let refused = try installation.command(["pepper", "retire"])
    #expect(refused.status == 5 && refused.errors.contains("1 keys"), "\(refused)")
    #expect(try code(idle) == "valid")
    #expect(poll(seconds: 10) { (try? older(installation)["keys"].int) == 0 })
    let retired = try installation.command(["pepper", "retire"])
    #expect(retired.status == 0, "\(retired)")
    for key in [used, idle, fresh] { #expect(try code(key) == "valid") }
    again.child.stop(SIGTERM)

    let last = try Latchkey(installation, name: "last")
    for key in [used, idle, fresh] {
      let answer = try last.expect(
        200, "POST", "/v1/verify", ["project": "demo", "key": key.secret])
      #expect(answer["code"].string == "valid")
    }
    #expect(try installation.command(["audit", "verify"]).status == 0)
  }

  @Test("kill -9 while the sealed secrets are moved loses none of them")
  func killed() throws {
    let world = try World(policy: [
      "environments": [["name": "production", "secret_prefix": "pr_", "reveal": "always"]]
    ])
    let installation = world.latchkey.installation
    let keys = try (0..<40).map { _ in try world.issue() }
    world.latchkey.child.stop(SIGTERM)
    for round in 0..<6 {
      let latchkey = try Latchkey(installation, name: "round-\(round)")
      let command = try Child(
        [Place.latchkey, "pepper", round == 0 ? "rotate" : "rehash", "--data", installation.data],
        folder: installation.folder.path, name: "pepper-\(round)")
      usleep(UInt32(round * 7000))
      latchkey.child.stop(SIGKILL)
      command.stop(SIGKILL)
    }
    let latchkey = try Latchkey(installation, name: "last")
    // The first round may have died before there was a second pepper.
    _ = try installation.command(["pepper", "rotate"])
    try useOperatorKey(latchkey)
    let retired = try installation.command(["pepper", "retire", "--force", "--json"])
    #expect(retired.status == 0, "\(retired)")
    let left = try JSON(parsing: Data(retired.output.utf8))["keys_left_behind"].int
    #expect(left == 0)
    for key in keys {
      let answer = try latchkey.expect(
        200, "POST", "/v1/verify", ["project": "demo", "key": key.secret])
      #expect(answer["code"].string == "valid")
    }
  }

  @Test("A backup from before the rotation brings its pepper back with it")
  func restored() throws {
    let world = try World()
    let installation = world.latchkey.installation
    let key = try world.issue()
    let file = installation.folder.file("backup.lk")
    #expect(try installation.command(["backup", file]).status == 0)
    #expect(try installation.command(["pepper", "rotate"]).status == 0)
    try useOperatorKey(world.latchkey)
    #expect(try installation.command(["pepper", "retire", "--force"]).status == 0)
    #expect(try world.code(key.secret) == "not_found")
    world.latchkey.child.stop(SIGTERM)
    #expect(try installation.command(["restore", file]).status == 0)
    let again = try Latchkey(installation, name: "again")
    let answer = try again.expect(
      200, "POST", "/v1/verify", ["project": "demo", "key": key.secret])
    #expect(answer["code"].string == "valid")
  }
}
