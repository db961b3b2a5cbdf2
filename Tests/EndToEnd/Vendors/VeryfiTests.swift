// The profile `veryfi` held to the vendor's own statements, by their numbers, as far as keys are
// concerned that the operator manages; keys that manage keys are tested with self-service.
import Foundation
import Testing

@Suite("Profile veryfi", .serialized)
struct VeryfiTests {
  static let shared = Result { try Vendor("veryfi") }
  let vendor: Vendor
  init() throws { vendor = try Self.shared.get() }

  private func call(
    _ customer: Vendor.Customer, _ secret: String, path: String = "/echo", method: String = "GET"
  ) throws -> Answer {
    try vendor.call(
      ["Client-Id: \(customer.clientID)", "Authorization: apikey \(customer.username):\(secret)"],
      path: path, method: method)
  }

  private func error(_ answer: Answer) throws -> String {
    let json = try answer.json()
    #expect(json["status"].string == "fail")
    return try json["error"].text()
  }

  @Test("VF-1 VF-3 Client id, username, keys and client secret can be read at any time")
  func credentials() throws {
    let customer = try vendor.customer()
    let key = try vendor.key(customer)
    let id = try key["id"].text()
    #expect(
      try vendor.ask(200, "POST", "/v1/keys/\(id)/reveal", [:])["secret"].string
        == key["secret"].string)
    let secret = try vendor.ask(
      200, "POST", "/v1/accounts/\(customer.id)/client-secret/reveal", [:])
    #expect(try secret["client_secret"].text().count == 64)
  }

  @Test("VF-2 A call carries CLIENT-ID and `apikey user:key`, and all three must belong together")
  func carrier() throws {
    let (one, two) = (try vendor.customer(), try vendor.customer(["username": "other"]))
    let key = try vendor.key(one)["secret"].text()
    #expect(try call(one, key).status == 200)
    let mixed = Vendor.Customer(id: one.id, clientID: two.clientID, username: one.username)
    let renamed = Vendor.Customer(id: one.id, clientID: one.clientID, username: two.username)
    for customer in [two, mixed, renamed] { #expect(try call(customer, key).status == 401) }
  }

  @Test("VF-11 VF-13 VF-18 Two keys work side by side; a third and removing the last are refused")
  func limits() throws {
    let customer = try vendor.customer()
    let keys = try (0..<2).map { _ in try vendor.key(customer) }
    for key in keys { #expect(try call(customer, try key["secret"].text()).status == 200) }
    let path = "/v1/accounts/\(customer.id)/keys"
    #expect(try vendor.code(409, "POST", path, [:]) == "key_limit_reached")
    try vendor.ask(204, "DELETE", "/v1/keys/\(keys[0]["id"].text())")
    #expect(try vendor.code(409, "DELETE", "/v1/keys/\(keys[1]["id"].text())") == "last_key")
  }

  @Test("VF-14 VF-17 A reset of all keeps their number and ids; no old value works any more")
  func resetAll() throws {
    let customer = try vendor.customer()
    let old = try (0..<2).map { _ in try vendor.key(customer) }
    let answer = try vendor.ask(201, "POST", "/v1/accounts/\(customer.id)/keys/reset", [:])
    let new = try #require(answer["keys"].array)
    #expect(Set(new.map { $0["id"].string }) == Set(old.map { $0["id"].string }))
    for key in new { #expect(try call(customer, try key["secret"].text()).status == 200) }
    for key in old {
      let refused = try call(customer, try key["secret"].text())
      #expect(refused.status == 401)
      #expect(try error(refused) == "Not Authorized")
    }
  }

  @Test("VF-20 VF-21 VF-22 A key may be bound to routes and expire; another route is 403")
  func routes() throws {
    let customer = try vendor.customer()
    let key = try vendor.key(
      customer, ["routes": [["method": "GET", "path": "/api/v8/partner/documents*"]]])
    let secret = try key["secret"].text()
    #expect(try call(customer, secret, path: "/api/v8/partner/documents/1").status == 200)
    let refused = try call(customer, secret, path: "/api/v8/partner/contracts")
    #expect(refused.status == 403)
    #expect(try error(refused) == "This API key is not permitted to access this route")
    let later = try vendor.ask(
      200, "PATCH", "/v1/keys/\(key["id"].text())", ["expires_at": "2040-01-01T00:00:00Z"])
    #expect(later["expires_at"].string == "2040-01-01T00:00:00Z")
  }

  @Test("VF-30 VF-31 No credentials are 403, wrong ones 401, both in the vendor's envelope")
  func errors() throws {
    let customer = try vendor.customer()
    let missing = try vendor.call([])
    #expect(missing.status == 403)
    #expect(try error(missing) == "Authentication credentials were not provided.")
    let wrong = try call(customer, "nonsense")
    #expect(wrong.status == 401)
    #expect(try error(wrong) == "Not Authorized")
  }

  @Test("VF-32 300 calls a minute, 500 for new documents; refused ones count, and 429 says when")
  func rates() throws {
    let customer = try vendor.customer()
    let key = try vendor.key(customer)["secret"].text()
    let headers = [
      "Client-Id: \(customer.clientID)", "Authorization: apikey \(customer.username):\(key)",
    ]
    for (limit, method) in [(500, "POST"), (300, "GET")] {
      let started = Date()
      let answers = try vendor.burst(
        limit + 60, headers, path: "/api/v8/partner/documents", method: method)
      let regained = Int(Date().timeIntervalSince(started) * Double(limit) / 60) + 1
      let passed = answers.count { $0.status == 200 }
      #expect(passed >= limit && passed <= limit + regained)
      guard let refused = answers.first(where: { $0.status == 429 }) else { continue }
      #expect(try error(refused) == "You have been rate limited")
      #expect(refused.header("Retry-After") == "1")
    }
  }

  @Test("VF-33 What failed ten times in a minute is 429 then; other requests go on")
  func repeatedFailures() throws {
    let customer = try vendor.customer()
    let key = try vendor.key(customer)["secret"].text()
    let statuses = try (0..<12).map { _ in try call(customer, key, path: "/absent/1").status }
    #expect(statuses == Array(repeating: 404, count: 10) + [429, 429])
    #expect(try call(customer, key, path: "/absent/2").status == 404)
    #expect(try call(customer, key).status == 200)
    let own = try (0..<12).map { _ in
      try call(
        customer, key, path: "/api/v8/partner/client-keys/999999", method: "DELETE"
      ).status
    }
    #expect(own == Array(repeating: 404, count: 12))
  }
}
