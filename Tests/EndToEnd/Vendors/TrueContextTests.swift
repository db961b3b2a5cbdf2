// The profile `truecontext` held to the vendor's own statements, by their numbers.
import Foundation
import Testing

@Suite("Profile truecontext", .serialized)
struct TrueContextTests {
  static let shared = Result { try Vendor("truecontext") }
  let vendor: Vendor
  init() throws { vendor = try Self.shared.get() }

  private struct Issued {
    var application: String
    var key: String
    var id: String
    var secret: String
  }

  private func issue(
    _ customer: Vendor.Customer, _ more: [String: Any] = [:]
  ) throws -> Issued {
    let body = more.merging(["name": "Integration"]) { $1 }
    let made = try vendor.ask(201, "POST", "/v1/accounts/\(customer.id)/applications", body)
    let key = made["key"]
    return Issued(
      application: try made["id"].text(), key: try key["id"].text(),
      id: try key["public_id"].text(), secret: try key["secret"].text())
  }

  private func call(
    _ id: String, _ secret: String, path: String = "/echo", method: String = "GET",
    _ more: [String] = []
  ) throws -> Answer {
    let value = Data("\(id):\(secret)".utf8).base64EncodedString()
    return try vendor.call(["Authorization: Basic \(value)"] + more, path: path, method: method)
  }

  @Test("TC-1 An admin manages keys, another member does not")
  func members() throws {
    let customer = try vendor.customer()
    for (role, mayManage) in [("admin", true), ("user", false)] {
      let member = try vendor.ask(
        201, "POST", "/v1/accounts/\(customer.id)/members",
        ["email": "\(role)@example.com", "role": role])
      let permissions = member["effective_permissions"].array?.compactMap(\.string) ?? []
      #expect(permissions.contains("keys") == mayManage, "\(role)")
    }
  }

  @Test("TC-2 Three applications, each with its key; a fourth waits until one is deleted")
  func limit() throws {
    let customer = try vendor.customer()
    let path = "/v1/accounts/\(customer.id)/applications"
    let made = try (0..<3).map { _ in try issue(customer) }
    #expect(
      try vendor.code(409, "POST", path, ["name": "Fourth"]) == "application_limit_reached")
    try vendor.ask(204, "DELETE", "/v1/applications/\(made[0].application)")
    #expect(try call(made[0].id, made[0].secret).status == 401)
    _ = try issue(customer)
  }

  @Test("TC-3 TC-4 A name is required; the answer holds an id of the vendor's form and a secret")
  func form() throws {
    let customer = try vendor.customer()
    try vendor.ask(400, "POST", "/v1/accounts/\(customer.id)/applications", [:])
    let made = try issue(customer, ["description": "nightly"])
    let pattern = /PFK-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/
    #expect(made.id.wholeMatch(of: pattern) != nil)
    #expect(try vendor.ask(200, "GET", "/v1/keys/\(made.key)")["access"].string == "full")
  }

  @Test("TC-5 The secret is shown once and by no later call")
  func once() throws {
    let made = try issue(try vendor.customer())
    #expect(
      try vendor.code(409, "POST", "/v1/keys/\(made.key)/reveal", [:]) == "secret_not_recoverable")
    #expect(!(try vendor.ask(200, "GET", "/v1/keys/\(made.key)").description.contains(made.secret)))
  }

  @Test("TC-6 A reset makes a new secret under the same id and ends the old one at once")
  func reset() throws {
    let old = try issue(try vendor.customer())
    let new = try vendor.ask(201, "POST", "/v1/keys/\(old.key)/reset", [:])
    #expect(new["public_id"].string == old.id)
    #expect(try call(old.id, old.secret).status == 401)
    #expect(try call(old.id, try new["secret"].text()).status == 200)
  }

  @Test("TC-7 TC-14 TC-32 A read-only key reads; a write and a tunnelled one are AccessDenied")
  func readOnly() throws {
    let made = try issue(try vendor.customer(), ["access": "read_only"])
    #expect(try call(made.id, made.secret).status == 200)
    let writes: [(method: String, path: String, headers: [String])] = [
      ("POST", "/echo", []), ("PUT", "/echo", []), ("DELETE", "/echo", []),
      ("GET", "/echo?_method=DELETE", []), ("GET", "/echo?%5Fmethod=PUT", []),
      ("POST", "/echo?_method=GET", []), ("GET", "/echo", ["X-HTTP-Method-Override: DELETE"]),
    ]
    for write in writes {
      let answer = try call(
        made.id, made.secret, path: write.path, method: write.method, write.headers)
      #expect(answer.status == 403, "\(write)")
      #expect(answer.header("X-ProntoForms-ErrorCode") == "AccessDenied")
      #expect(
        answer.header("X-ProntoForms-ErrorMessage")
          == "Access Denied: You are not allowed to access the requested resource.")
    }
  }

  @Test("TC-8 Read-only stays what it was made with, of the key and of its application")
  func accessIsFixed() throws {
    let made = try issue(try vendor.customer(), ["access": "read_only"])
    for path in ["/v1/keys/\(made.key)", "/v1/applications/\(made.application)"] {
      #expect(try vendor.code(409, "PATCH", path, ["access": "full"]) == "access_fixed")
      try vendor.ask(200, "PATCH", path, ["access": "read_only", "name": "Renamed"])
    }
    #expect(
      try vendor.code(409, "PATCH", "/v1/applications/\(made.application)", ["access": NSNull()])
        == "access_fixed")
    #expect(try call(made.id, made.secret, method: "POST").status == 403)
    let full = try issue(try vendor.customer())
    #expect(
      try vendor.code(409, "PATCH", "/v1/keys/\(full.key)", ["access": "read_only"])
        == "access_fixed")
    #expect(try call(full.id, full.secret, method: "POST").status == 200)
  }

  @Test("TC-30 Every answer has the vendor's request id, admitted calls included")
  func requestID() throws {
    let made = try issue(try vendor.customer(), ["access": "read_only"])
    let answers = [
      try call(made.id, made.secret),
      try call(made.id, made.secret, method: "POST"), try vendor.call([]),
    ]
    for answer in answers {
      let names = answer.headers.filter { $0.name.lowercased() == "x-prontoforms-requestid" }
      #expect(names.map(\.value) == [answer.header("X-Request-Id")])
      #expect(names.first?.value.hasPrefix("req_") == true)
    }
  }

  @Test("TC-10 TC-11 Id and secret belong together; else 401 without an error code")
  func pairs() throws {
    let (one, two) = (try issue(try vendor.customer()), try issue(try vendor.customer()))
    #expect(try call(one.id, one.secret).status == 200)
    let refused = [
      try call(one.id, two.secret), try call(two.id, one.secret), try call("", one.secret),
      try call(one.id, ""), try vendor.call([]),
      try vendor.call(["Authorization: Bearer \(one.secret)"]),
    ]
    for answer in refused {
      #expect(answer.status == 401 && answer.body.isEmpty)
      #expect(answer.header("X-ProntoForms-ErrorCode") == nil)
      #expect(answer.header("X-ProntoForms-RequestId")?.hasPrefix("req_") == true)
    }
  }

  @Test("TC-13 No CORS headers are returned")
  func cors() throws {
    let answer = try vendor.call(["Origin: https://example.com"])
    #expect(!answer.headers.contains { $0.name.lowercased().hasPrefix("access-control-") })
  }

  @Test("TC-22 TC-23 Three calls at once per application; the fourth is 429 with the vendor's code")
  func concurrency() throws {
    let customer = try vendor.customer()
    let (one, two) = (try issue(customer), try issue(customer))
    let credential = Data("\(one.id):\(one.secret)".utf8).base64EncodedString()
    let lines = "Host: localhost\r\nAuthorization: Basic \(credential)\r\n\r\n"
    let wires = try (0..<3).map { _ in
      let wire = try Wire(port: vendor.world.latchkey.gatewayPort)
      try wire.send(Array("GET /slow?ms=3000 HTTP/1.1\r\n\(lines)".utf8))
      return wire
    }
    var refused: Answer?
    let seen = poll(seconds: 2.5) {
      refused = try? call(one.id, one.secret)
      return refused?.status == 429
    }
    try #require(seen)
    #expect(refused?.header("X-ProntoForms-ErrorCode") == "TooManyConcurrentRequests")
    #expect(try call(two.id, two.secret).status == 200)
    for wire in wires { #expect(try wire.receive().status == 200) }
    #expect(try call(one.id, one.secret).status == 200)
  }
}
