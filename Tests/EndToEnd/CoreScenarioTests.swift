// The main job from end to end on both stores: a key is issued, passes the gateway, and is refused
// the moment it is revoked. Fine points of decisions stand in DecisionTests.
import Foundation
import Testing

@Suite("The main job", .serialized)
struct CoreScenarioTests {
  @Test("A key passes the gateway until its revocation is answered", arguments: Store.allCases)
  func issueCallRevoke(store: Store) throws {
    let world = try World(store)
    let key = try world.issue("production", ["name": "Server", "description": "nightly import"])
    let passed = try world.call("/echo/orders?page=2", key: key.secret)
    #expect(passed.status == 200)
    #expect(try passed.json()["target"].string == "/echo/orders?page=2")
    for _ in 0..<20 {
      let fresh = try world.issue()
      let wire = try Wire(port: world.latchkey.gatewayPort)
      #expect(try wire.request("GET", "/echo", token: fresh.secret).status == 200)
      try world.revoke(fresh)
      #expect(try wire.request("GET", "/echo", token: fresh.secret).status == 401)
    }
    #expect(try world.call("/echo", key: key.secret).status == 200)
    try world.revoke(key)
    #expect(try world.code(key.secret) == "revoked")
    #expect(
      try world.latchkey.call("GET", "/v1/keys/\(key.id)").json()["state"].string == "revoked")
  }

  @Test(
    "A rotation keeps both secrets for the overlap, a reset ends the old one at once",
    arguments: Store.allCases)
  func rotateAndReset(store: Store) throws {
    let world = try World(store)
    let key = try world.issue()
    let rotated = try world.latchkey.expect(
      201, "POST", "/v1/keys/\(key.id)/rotate", ["overlap_seconds": 2])
    let second = try rotated["secret"].text()
    #expect(try rotated["id"].text() == key.id)
    #expect(second != key.secret)
    #expect(try world.code(second) == "valid")
    #expect(try world.code(key.secret) == "valid")
    #expect(try poll(seconds: 10) { try world.code(key.secret) != "valid" })
    #expect(try world.code(second) == "valid")
    let reset = try world.latchkey.expect(201, "POST", "/v1/keys/\(key.id)/reset", [:])
    #expect(try world.code(second) != "valid")
    #expect(try world.code(reset["secret"].text()) == "valid")
  }

  @Test(
    "A stop lets everything stand: the same keys pass and are refused after the next start",
    arguments: Store.allCases)
  func restart(store: Store) throws {
    let world = try World(store)
    let (kept, gone) = (try world.issue(), try world.issue("sandbox"))
    try world.revoke(gone)
    #expect(world.latchkey.child.stop(SIGTERM) == 0)
    let again = try Latchkey(world.latchkey.installation, name: "again")
    func code(_ key: IssuedKey) throws -> String? {
      try again.expect(200, "POST", "/v1/verify", ["project": "demo", "key": key.secret])["code"]
        .string
    }
    #expect(try code(kept) == "valid")
    #expect(try code(gone) == "revoked")
    let listed = try again.expect(200, "GET", "/v1/accounts/\(world.account)/keys")["data"]
    #expect(Set(listed.array?.compactMap { $0["id"].string } ?? []) == [kept.id, gone.id])
    let audit = try world.latchkey.installation.command(["audit", "verify"])
    #expect(audit.status == 0, "\(audit)")
  }

  @Test("An idempotent creation repeats its answer and makes one key", arguments: Store.allCases)
  func idempotency(store: Store) throws {
    let world = try World(store)
    let path = "/v1/accounts/\(world.account)/keys"
    func create(_ name: String) throws -> Answer {
      try world.latchkey.call(
        "POST", path, ["environment": "production", "name": name],
        headers: ["Idempotency-Key: \"once-1\""])
    }
    let (first, second) = (try create("a"), try create("a"))
    #expect(first.status == 201)
    #expect(second.status == 201)
    #expect(try first.json()["secret"].text() == second.json()["secret"].text())
    #expect(try create("b").status == 422)
    #expect(try world.latchkey.expect(200, "GET", path)["data"].array?.count == 1)
  }

  @Test("An operator key does what its scopes and its project let it", arguments: Store.allCases)
  func operatorKeys(store: Store) throws {
    let world = try World(store)
    try world.latchkey.expect(201, "POST", "/v1/projects", ["slug": "other", "name": "Other"])
    let made = try world.latchkey.installation.command(
      [
        "operator-keys", "create", "--scopes", "verify,projects:read", "--project", "demo",
        "--json",
      ])
    #expect(made.status == 0, "\(made)")
    let token = try JSON(parsing: Data(made.output.utf8))["operator_key"].text()
    let key = try world.issue()
    func ask(_ method: String, _ path: String, _ body: Any?) throws -> Int {
      try Curl.json(method, world.latchkey.api + path, token: token, body).status
    }
    #expect(try ask("POST", "/v1/verify", ["project": "demo", "key": key.secret]) == 200)
    #expect(try ask("POST", "/v1/verify", ["project": "other", "key": key.secret]) == 404)
    #expect(try ask("GET", "/v1/projects/other", nil) == 404)
    #expect(try ask("POST", "/v1/projects", ["slug": "third", "name": "T"]) == 403)
    #expect(
      try Curl.json("GET", world.latchkey.api + "/v1/projects", token: "lk_op_no").status == 401)
  }
}
