// The profile `truv` held to the vendor's own statements, by their numbers.
import Foundation
import Testing

@Suite("Profile truv", .serialized)
struct TruvTests {
  static let shared = Result { try Vendor("truv") }
  static let prefixes = ["sandbox": "sandbox-", "development": "dev-", "production": "prod-"]
  let vendor: Vendor
  init() throws { vendor = try Self.shared.get() }

  private func call(_ id: String, _ secret: String, _ more: [String] = []) throws -> Answer {
    try vendor.call(["X-Access-Client-Id: \(id)", "X-Access-Secret: \(secret)"] + more)
  }

  private func make(_ customer: Vendor.Customer, _ environment: String) throws -> JSON {
    try vendor.key(customer, ["environment": environment])
  }

  @Test("TV-1 TV-2 TV-3 TV-4 TV-5 One client id of 32 hex; secrets of each environment's prefix")
  func forms() throws {
    let customer = try vendor.customer()
    #expect(customer.clientID.wholeMatch(of: /[0-9a-f]{32}/) != nil)
    for (environment, prefix) in Self.prefixes {
      let secret = try make(customer, environment)["secret"].text()
      #expect(secret.hasPrefix(prefix))
      #expect(secret.dropFirst(prefix.count).wholeMatch(of: /[0-9a-f]{40}/) != nil)
      #expect(try call(customer.clientID, secret).status == 200)
    }
  }

  @Test("TV-6 TV-11 Two active keys per environment; a third is refused, another environment not")
  func limit() throws {
    let customer = try vendor.customer()
    let keys = try (0..<2).map { _ in try make(customer, "sandbox") }
    let path = "/v1/accounts/\(customer.id)/keys"
    #expect(
      try vendor.code(409, "POST", path, ["environment": "sandbox"]) == "key_limit_reached")
    _ = try make(customer, "production")
    for key in keys { try vendor.ask(204, "DELETE", "/v1/keys/\(key["id"].text())") }
  }

  @Test("TV-14 Owner, administrator and developer manage keys; an orders manager sees none")
  func roles() throws {
    let customer = try vendor.customer()
    for (role, mayManage) in [
      ("owner", true), ("administrator", true), ("developer", true), ("orders_manager", false),
    ] {
      let member = try vendor.ask(
        201, "POST", "/v1/accounts/\(customer.id)/members",
        ["email": "\(role)@example.com", "role": role])
      let permissions = member["effective_permissions"].array?.compactMap(\.string) ?? []
      #expect(permissions.contains("keys") == mayManage, "\(role)")
    }
  }

  @Test("TV-6 Of 200 creates at the same time exactly two make a key")
  func race() throws {
    let customer = try vendor.customer()
    let (port, token) = (
      vendor.world.latchkey.apiPort, vendor.world.latchkey.installation.operatorKey
    )
    let lock = NSLock()
    nonisolated(unsafe) var statuses: [Int] = []
    DispatchQueue.concurrentPerform(iterations: 20) { _ in
      guard let wire = try? Wire(port: port) else { return }
      for _ in 0..<10 {
        let answer = try? wire.request(
          "POST", "/v1/accounts/\(customer.id)/keys", token: token, ["environment": "sandbox"])
        lock.withLock { statuses.append(answer?.status ?? 0) }
      }
    }
    #expect(statuses.count == 200)
    #expect(statuses.filter { $0 == 201 }.count == 2)
    #expect(statuses.filter { $0 == 409 }.count == 198)
  }

  @Test("TV-7 TV-8 A key is listed masked to its last four and can be revealed at any time")
  func reveal() throws {
    let key = try make(try vendor.customer(), "production")
    let (id, secret) = (try key["id"].text(), try key["secret"].text())
    let listed = try vendor.ask(200, "GET", "/v1/keys/\(id)")
    #expect(listed["masked"].string == "prod-****" + secret.suffix(4))
    #expect(!listed.description.contains(secret))
    #expect(try vendor.ask(200, "POST", "/v1/keys/\(id)/reveal", [:])["secret"].string == secret)
  }

  @Test(
    "TV-8 TV-9 TV-12 Both keys work until the old one is deleted, which is at once and for good")
  func rotation() throws {
    let customer = try vendor.customer()
    let (old, new) = (try make(customer, "sandbox"), try make(customer, "sandbox"))
    let id = try old["id"].text()
    #expect(try vendor.code(409, "POST", "/v1/keys/\(id)/reset", [:]) == "rotation_mode_disabled")
    #expect(try call(customer.clientID, try old["secret"].text()).status == 200)
    try vendor.ask(204, "DELETE", "/v1/keys/\(id)")
    #expect(try call(customer.clientID, try old["secret"].text()).status == 401)
    #expect(try call(customer.clientID, try new["secret"].text()).status == 200)
  }

  @Test("TV-20 Missing, malformed and mismatching credentials are 401 authentication_failed")
  func unauthorized() throws {
    let (one, two) = (try vendor.customer(), try vendor.customer())
    let secret = try make(one, "sandbox")["secret"].text()
    let other = try make(two, "sandbox")["secret"].text()
    let refused = [
      try vendor.call([]), try vendor.call(["X-Access-Secret: \(secret)"]),
      try call(two.clientID, secret), try call(one.clientID, "sandbox-abc"),
      try call(one.clientID, secret, ["X-Access-Secret: \(other)"]),
      try call(one.clientID, secret, ["Authorization: Bearer \(other)"]),
      try vendor.call(
        ["X-Access-Client-Id: \(one.clientID)", "X-Access-Secret: \(secret)"],
        path: "/echo?key=\(secret)"),
    ]
    for answer in refused {
      #expect(answer.status == 401)
      let error = try answer.json()["error"]
      #expect(error["code"].string == "authentication_failed")
      #expect(error["message"].exists)
    }
  }

  @Test("TV-21 A sandbox secret on a production host is 403 not_authenticated")
  func wrongEnvironment() throws {
    let environments: [[String: Any]] = Self.prefixes.map { name, prefix in
      [
        "name": name, "secret_prefix": prefix, "reveal": "always",
        "hosts": name == "production" ? ["prod.api.test"] : [],
      ]
    }
    let vendor = try Vendor("truv")
    try vendor.ask(
      200, "PATCH", "/v1/projects/demo", ["policy": ["environments": environments]])
    let customer = try vendor.customer()
    let secret = try vendor.key(customer, ["environment": "sandbox"])["secret"].text()
    let answer = try vendor.call([
      "X-Access-Client-Id: \(customer.clientID)", "X-Access-Secret: \(secret)",
      "Host: prod.api.test",
    ])
    #expect(answer.status == 403)
    #expect(try answer.json()["error"]["code"].string == "not_authenticated")
  }

  @Test("TV-23 Too many requests are 429 `throttled`, with the seconds to wait")
  func throttled() throws {
    let world = try World(
      profile: "truv",
      policy: ["rate": [["calls": 2, "seconds": 60, "scope": "account"] as [String: Any]]])
    let account = try world.latchkey.expect(200, "GET", "/v1/accounts/\(world.account)")
    let secret = try world.issue("sandbox").secret
    let headers = [
      "X-Access-Client-Id: \(try account["client_id"].text())", "X-Access-Secret: \(secret)",
    ]
    let answers = try world.burst(3, headers)
    #expect(answers.map(\.status) == [200, 200, 429])
    let seconds = try #require(answers[2].header("Retry-After"))
    let error = try answers[2].json()["error"]
    #expect(error["code"].string == "throttled")
    #expect(
      error["message"].string == "Request was throttled. Expected available in \(seconds) seconds.")
  }

  @Test("TV-30 TV-33 The log has every call of the account, by date, status and brand; no secret")
  func logs() throws {
    let customer = try vendor.customer(["brands": ["north", "south"]])
    let secret = try make(customer, "sandbox")["secret"].text()
    for (path, brand) in [("/1", "north"), ("/2", "south"), ("/\(secret)", "north")] {
      #expect(
        try vendor.call(
          ["X-Access-Client-Id: \(customer.clientID)", "X-Access-Secret: \(secret)"]
            + ["X-Brand: \(brand)"], path: path
        ).status == 200)
    }
    let rotated = try vendor.ask(200, "GET", "/v1/accounts/\(customer.id)/keys")
    try vendor.ask(204, "DELETE", "/v1/keys/\(rotated["data"][0]["id"].text())")
    #expect(try call(customer.clientID, secret).status == 401)
    func paths(_ query: String) throws -> [String] {
      let page = try vendor.ask(200, "GET", "/v1/accounts/\(customer.id)/requests\(query)")
      #expect(!page.description.contains(secret))
      return (page["data"].array ?? []).compactMap { $0["path"].string }
    }
    #expect(try paths("") == ["/echo", "/[redacted]", "/2", "/1"])
    #expect(try paths("?status=401") == ["/echo"])
    #expect(try paths("?status=2xx&brand=south") == ["/2"])
    #expect(try paths("?from=2020-01-01T00:00:00Z&to=2020-01-02T00:00:00Z") == [])
    let hour = Int64(Date().timeIntervalSince1970) / 86_400 * 86_400
    let today = ISO8601DateFormatter().string(from: Date(timeIntervalSince1970: Double(hour)))
    #expect(try paths("?from=\(today)&brand=north") == ["/[redacted]", "/1"])
  }
}
