// The profile `trulioo` held to the vendor's statements about auto cycling, by their numbers: the
// built binary, and customers' endpoints that speak TLS.
import Foundation
import Testing

@Suite("Profile trulioo: auto cycling", .serialized)
struct TruliooCyclingTests {
  private struct Site {
    let holders: Holders
    let world: World
    init() throws {
      holders = try Holders()
      world = try World(profile: "trulioo", policy: [:], arguments: holders.arguments)
    }
  }

  private static let shared = Result { try Site() }
  private let site: Site
  init() throws { site = try Self.shared.get() }

  /// A customer with a key, its endpoint named like itself.
  private struct Customer {
    let site: Site
    let name: String
    let id: String
    let key: IssuedKey
    var path: String { "/v1/accounts/\(id)/auto-cycling" }

    func ask(_ status: Int, _ method: String, _ more: String = "", _ body: Any? = nil) throws
      -> JSON
    { try site.world.latchkey.expect(status, method, path + more, body) }

    /// Auto cycling on, its first slot far away.
    func turnOn(_ more: [String: Any] = [:]) throws {
      let body: [String: Any] = [
        "endpoint": site.holders.endpoint(name), "every_days": 30, "starts_on": "2099-01-01",
      ]
      _ = try ask(200, "PUT", "", body.merging(more) { $1 })
    }

    /// Cycles now, and waits for how that ends.
    func cycle(_ mode: String) throws -> JSON {
      try site.holders.mode(name, mode)
      let id = try ask(202, "POST", "/run", [:])["cycle_id"].text()
      var row = JSON(nil)
      let over = try poll(seconds: 30) {
        row = try ask(200, "GET", "/history")["data"].array?.first { $0["id"].string == id } ?? row
        return ["committed", "failed", "uncertain"].contains(row["state"].string)
      }
      guard over else { throw Failure("cycle \(id) is \(row)") }
      return row
    }

    func call(_ secret: String) throws -> Int {
      try site.world.call("/echo", headers: ["x-trulioo-api-key: \(secret)"]).status
    }
  }

  private func customer(_ name: String, plan: String = "business") throws -> Customer {
    let made = try site.world.latchkey.expect(
      201, "POST", "/v1/projects/demo/accounts", ["name": name, "plan": plan])
    let id = try made["id"].text()
    let key = try site.world.latchkey.expect(201, "POST", "/v1/accounts/\(id)/keys", [:])
    return Customer(
      site: site, name: name, id: id,
      key: IssuedKey(id: try key["id"].text(), secret: try key["secret"].text()))
  }

  @Test("TRU-10 Only Business and Enterprise plans have it")
  func plans() throws {
    let poor = try customer("poor", plan: "starter")
    let body: [String: Any] = [
      "endpoint": site.holders.endpoint("poor"), "every_days": 30, "starts_on": "2099-01-01",
    ]
    #expect(try poor.ask(403, "PUT", "", body)["code"].string == "plan_required")
    #expect(try site.holders.messages("poor").isEmpty)
    try customer("rich", plan: "enterprise").turnOn()
  }

  @Test("TRU-11 TRU-15 It takes an endpoint, whole days and a start date, and ends at any time")
  func settings() throws {
    let one = try customer("settings")
    #expect(try one.ask(200, "GET")["enabled"].bool == false)
    for days in [0, 1.5, "7", -3] as [Any] {
      let body: [String: Any] = [
        "endpoint": site.holders.endpoint("settings"), "every_days": days,
        "starts_on": "2099-01-01",
      ]
      #expect(try one.ask(400, "PUT", "", body)["errors"][0]["pointer"].string == "/every_days")
    }
    try one.turnOn()
    let saved = try one.ask(200, "GET")
    #expect(saved["enabled"].bool == true && saved["every_days"].int == 30)
    #expect(saved["starts_on"].string == "2099-01-01")
    #expect(saved["next_cycle_at"].string == "2099-01-01T00:00:00Z")
    #expect(try one.ask(200, "DELETE")["enabled"].bool == false)
  }

  @Test("TRU-12 An http endpoint is refused")
  func plainHTTP() throws {
    let one = try customer("plain")
    let body: [String: Any] = [
      "endpoint": "http://localhost:\(site.holders.port)/plain", "every_days": 30,
      "starts_on": "2099-01-01",
    ]
    #expect(try one.ask(400, "PUT", "", body)["errors"][0]["pointer"].string == "/endpoint")
  }

  @Test("TRU-13 TRU-20 TRU-24 An endpoint is tested first, each time with a fresh requestId")
  func tested() throws {
    let one = try customer("tested")
    let body: [String: Any] = [
      "endpoint": site.holders.endpoint("tested"), "every_days": 30, "starts_on": "2099-01-01",
    ]
    try site.holders.mode("tested", "test-wrong")
    let refused = try one.ask(409, "PUT", "", body)
    #expect(refused["code"].string == "endpoint_test_failed")
    #expect(refused["reason"].string == "wrong_request_id")
    #expect(try one.ask(200, "GET")["enabled"].bool == false)
    try site.holders.mode("tested", "test-stale")
    #expect(try one.ask(409, "PUT", "", body)["reason"].string == "wrong_request_id")
    try site.holders.mode("tested", "test-reflect")
    #expect(try one.ask(409, "PUT", "", body)["reason"].string == "key_reflected")
    try site.holders.mode("tested", "echo")
    _ = try one.ask(200, "PUT", "", body)
    let test = try one.ask(200, "POST", "/test", [:])
    #expect(test["ok"].bool == true && test["status"].int == 200 && test["latency_ms"].int != nil)
    let ids = try site.holders.messages("tested").compactMap { $0.body["requestId"].string }
    #expect(ids.count == 5 && Set(ids).count == 5)
    let messages = try site.holders.messages("tested")
    #expect(messages.allSatisfy { $0.isTest && $0.contentType == "application/json" })
    #expect(try one.call(messages[0].body["apiKey"].text()) == 401)
  }

  @Test("TRU-14 TRU-17 TRU-35 Each change and each failed delivery is told by mail")
  func mails() throws {
    let one = try customer("mails")
    func kinds() throws -> [String] {
      let list = try site.world.latchkey.expect(200, "GET", "/v1/mails?account=\(one.id)")
      return list["data"].array?.compactMap { $0["kind"].string } ?? []
    }
    try one.turnOn()
    #expect(try kinds().count == 1)
    _ = try one.ask(200, "PATCH", "", ["endpoint": site.holders.endpoint("mails") + "?v=2"])
    #expect(try kinds().count == 2)
    _ = try one.ask(200, "PATCH", "", ["every_days": 7])
    #expect(try kinds().count == 3)
    _ = try one.ask(200, "PATCH", "", ["every_days": 7])
    #expect(try kinds().count == 3)
    _ = try one.ask(200, "PATCH", "", ["endpoint": site.holders.endpoint("mails")])
    #expect(try one.cycle("500")["state"].string == "failed")
    #expect(try kinds().filter { $0 == "cycle_failed" }.count == 1)
    _ = try one.ask(200, "DELETE")
    #expect(try kinds().filter { $0 == "auto_cycling_changed" }.count == 5)
  }

  @Test("TRU-16 While it is on there is no regenerating by hand; afterwards there is")
  func byHand() throws {
    let one = try customer("hand")
    try one.turnOn()
    let path = "/v1/keys/\(one.key.id)/reset"
    let refused = try site.world.latchkey.expect(409, "POST", path, [:])
    #expect(refused["code"].string == "manual_rotation_disabled")
    #expect(try one.call(one.key.secret) == 200)
    _ = try one.ask(200, "DELETE")
    try site.world.latchkey.expect(201, "POST", path, [:])
  }

  @Test("TRU-21 TRU-22 TRU-32 TRU-36 The echo in any of its forms commits; then only the new key")
  func delivered() throws {
    for mode in ["echo", "string", "object"] {
      let one = try customer("delivered-\(mode)")
      try one.turnOn()
      let row = try one.cycle(mode)
      #expect(row["state"].string == "committed" && row["attempts"].int == 1)
      let message = try #require(try site.holders.deliveries(one.name).first)
      #expect(message.contentType == "application/json")
      #expect(message.body["requestId"].string?.count == 36)
      let new = try message.body["apiKey"].text()
      #expect(new.wholeMatch(of: /[0-9a-f]{32}/) != nil && new != one.key.secret)
      #expect(try one.call(new) == 200)
      #expect(try one.call(one.key.secret) == 401)
      let shown = try site.world.latchkey.expect(
        200, "POST", "/v1/keys/\(one.key.id)/reveal", [:])
      #expect(shown["secret"].string == new)
    }
  }

  @Test("TRU-23 TRU-33 TRU-34 Anything else fails once, the old key stays, the new one is dead")
  func failed() throws {
    for (mode, reason) in [
      ("wrong", "wrong_request_id"), ("empty", "empty_body"), ("stale", "wrong_request_id"),
      ("500", "status_500"), ("404", "status_404"), ("302", "redirected"),
      ("reflect", "key_reflected"),
    ] {
      let one = try customer("failed-\(mode)")
      try one.turnOn()
      let row = try one.cycle(mode)
      #expect(row["state"].string == "failed" && row["reason"].string == reason, "\(mode)")
      let messages = try site.holders.deliveries(one.name)
      #expect(messages.count == 1)
      #expect(try one.call(messages[0].body["apiKey"].text()) == 401)
      #expect(try one.call(one.key.secret) == 200)
    }
  }

  @Test("TRU-23 A lost answer is no success and no harm: using the new key confirms it")
  func lost() throws {
    let one = try customer("lost")
    try one.turnOn()
    let row = try one.cycle("lose")
    #expect(row["state"].string == "uncertain" && row["reason"].string == "connection_lost")
    let new = try #require(try site.holders.held("lost"))
    #expect(try one.call(one.key.secret) == 200)
    #expect(try one.call(new) == 200)
    let committed = try poll(seconds: 20) {
      try one.ask(200, "GET", "/history")["data"][0]["state"].string == "committed"
    }
    #expect(committed)
    #expect(try one.call(one.key.secret) == 401)
    #expect(try one.ask(200, "GET", "/history")["data"][0]["acknowledged_by"].string == "use")
  }

  @Test("TRU-25 No credential of the customer goes to the endpoint; the new key may confirm itself")
  func confirmed() throws {
    let one = try customer("confirmed")
    try one.turnOn()
    let id = try one.cycle("lose")["id"].text()
    let message = try #require(try site.holders.deliveries("confirmed").first)
    #expect(!message.raw.contains(one.key.secret))
    let path = site.world.latchkey.api + "/v1/cycles/\(id)/acknowledge"
    func acknowledge(_ token: String) throws -> Int {
      try Curl.json("POST", path, token: token, [:]).status
    }
    #expect(try acknowledge(one.key.secret) == 404)
    #expect(try acknowledge("0123456789abcdef0123456789abcdef") == 401)
    let new = try message.body["apiKey"].text()
    #expect(try acknowledge(new) == 200)
    #expect(try acknowledge(new) == 200)
    #expect(try one.call(one.key.secret) == 401)
  }

  @Test("TRU-26 The addresses that deliveries come from are published")
  func addresses() throws {
    let list = try site.world.latchkey.expect(200, "GET", "/v1/outgoing-addresses")
    #expect(list["data"].array != nil)
  }

  @Test("TRU-30 TRU-31 The first at 00:00:00 UTC of the start date, then every so many days")
  func grid() throws {
    let holders = try Holders()
    let installation = try Installation()
    let clock = try ShiftedClock(installation.folder)
    clock.set(day: 0)
    clock.advance(seconds: -36)
    let latchkey = try Latchkey(
      installation, arguments: holders.arguments, environment: clock.environment)
    try latchkey.expect(
      201, "POST", "/v1/projects", ["slug": "demo", "name": "D", "profile": "trulioo"])
    let account = try latchkey.expect(
      201, "POST", "/v1/projects/demo/accounts", ["name": "grid", "plan": "business"])["id"].text()
    try latchkey.expect(201, "POST", "/v1/accounts/\(account)/keys", [:])
    let path = "/v1/accounts/\(account)/auto-cycling"
    let midnight = (Int(Date().timeIntervalSince1970) / 86_400 + 1) * 86_400
    let starts = ISO8601DateFormatter().string(
      from: Date(timeIntervalSince1970: Double(midnight)))
    try latchkey.expect(
      200, "PUT", path,
      ["endpoint": holders.endpoint("grid"), "every_days": 2, "starts_on": "\(starts.prefix(10))"])
    // Six seconds before midnight: nothing yet.
    usleep(1_500_000)
    #expect(try holders.deliveries("grid").isEmpty)
    #expect(try poll(seconds: 20) { try !holders.deliveries("grid").isEmpty })
    let row = try latchkey.expect(200, "GET", path + "/history")["data"][0]
    #expect(row["slot_at"].string == starts && row["cause"].string == "scheduled")
    #expect(row["started_at"].string?.hasPrefix(starts.prefix(17)) == true)
    latchkey.child.stop()
    // The day between, and then the second slot, each with a server that was down before.
    for (day, count) in [(1, 1), (2, 2), (9, 3)] {
      clock.set(day: day)
      let again = try Latchkey(
        installation, arguments: holders.arguments, name: "day-\(day)",
        environment: clock.environment)
      _ = try poll(seconds: count == 1 ? 3 : 20) {
        try holders.deliveries("grid").count >= max(2, count)
      }
      #expect(try holders.deliveries("grid").count == count, "day \(day)")
      again.child.stop()
    }
  }
}
