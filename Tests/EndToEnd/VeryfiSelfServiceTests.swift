// The self-service API of the profile `veryfi`, held to the vendor's own statements by their
// numbers: keys that manage keys, through the built binary.
import Foundation
import Testing

@Suite("Profile veryfi: keys manage keys", .serialized)
struct VeryfiSelfServiceTests {
  static let mount = "/api/v8/partner/client-keys"
  let world: World
  let headers: [String]
  let username: String

  init() throws {
    world = try World(profile: "veryfi", policy: [:])
    let account = try world.latchkey.expect(200, "GET", "/v1/accounts/\(world.account)")
    username = try account["username"].text()
    headers = ["CLIENT-ID: \(try account["client_id"].text())"]
  }

  private func call(
    _ method: String, _ rest: String = "", key: String?, headers more: [String] = [],
    body: String? = nil, mount: String = Self.mount
  ) throws -> Answer {
    var fields = headers + more
    if let key { fields.append("Authorization: apikey \(username):\(key)") }
    if key == nil { fields = more }
    return try world.call(
      mount + rest, method: method, headers: fields,
      arguments: body.map { ["--data-binary", $0] } ?? [])
  }

  private func error(_ answer: Answer) throws -> String? {
    let json = try answer.json()
    #expect(json.names == ["error", "status"])
    #expect(json["status"].string == "fail")
    return json["error"].string
  }

  @Test("VF-10 VF-11 VF-15 VF-18 A second key is made by the first, both work, a third is refused")
  func create() throws {
    let first = try world.issue().secret
    let made = try call("POST", key: first)
    #expect(made.status == 201)
    let json = try made.json()
    #expect(json.names == ["id", "value"])
    let second = try json["value"].text()
    #expect(try #require(json["id"].int) == 2)
    for key in [first, second] {
      let list = try call("GET", key: key)
      #expect(list.status == 200)
      #expect(try list.json()["api_keys"].array?.map { $0["value"].string } == [first, second])
      #expect(try call("GET", "", key: key, mount: "/echo").status == 200)
    }
    let third = try call("POST", key: second)
    #expect(third.status == 400)
    _ = try error(third)
  }

  @Test("VF-12 VF-13 VF-16 VF-17 DELETE is 204 and at once; never the last key, nor an unknown id")
  func delete() throws {
    let first = try world.issue().secret
    let second = try call("POST", key: first).json()["value"].text()
    for id in ["99", "01", "+1", "key_x", "reset%20", "1%00"] {
      let unknown = try call("DELETE", "/\(id)", key: first)
      #expect(unknown.status == 404 || unknown.status == 400, "\(id)")
    }
    #expect(try error(try call("DELETE", "/99", key: first)) == "Not found.")
    let gone = try call("DELETE", "/1", key: first)
    #expect(gone.status == 204 && gone.body.isEmpty)
    let refused = try call("GET", key: first)
    #expect(refused.status == 401)
    #expect(try error(refused) == "Not Authorized")
    let last = try call("DELETE", "/2", key: second)
    #expect(last.status == 400)
    #expect(try error(last) == "At least one API key must remain active.")
    #expect(try call("GET", key: second).status == 200)
    #expect(try call("DELETE", "/1", key: second).status == 404)
  }

  @Test("VF-14 Reset gives every key a new value under its id; all old ones die at once")
  func reset() throws {
    let first = try world.issue().secret
    let second = try call("POST", key: first).json()["value"].text()
    let answer = try call("POST", "/reset", key: second)
    #expect(answer.status == 201)
    let keys = try #require(try answer.json()["api_keys"].array)
    #expect(keys.map { $0["id"].int } == [1, 2])
    for old in [first, second] { #expect(try call("GET", key: old).status == 401) }
    for new in keys {
      let value = try new["value"].text()
      #expect(value != first && value != second)
      #expect(try call("GET", key: value).status == 200)
    }
  }

  @Test("VF-31 Without credentials 403, with wrong ones 401, in the vendor's body")
  func credentials() throws {
    let missing = try call("POST", key: nil)
    #expect(missing.status == 403)
    #expect(try error(missing) == "Authentication credentials were not provided.")
    #expect(try call("POST", key: "nonsense").status == 401)
    let key = try world.issue().secret
    try world.latchkey.expect(
      200, "PATCH", "/v1/accounts/\(world.account)", ["state": "suspended"])
    let suspended = try call("GET", key: key)
    #expect(suspended.status == 403)
    _ = try error(suspended)
  }

  @Test("Other methods are 405 with Allow, other paths 404, and nothing reaches the upstream")
  func methods() throws {
    let key = try world.issue().secret
    for (method, rest, allow) in [
      ("PUT", "", "GET, HEAD, POST"), ("PATCH", "", "GET, HEAD, POST"),
      ("OPTIONS", "", "GET, HEAD, POST"), ("GET", "/1", "DELETE"), ("GET", "/reset", "POST"),
      ("HEAD", "/reset", "POST"), ("DELETE", "/reset", "POST"),
    ] {
      let answer = try call(method, rest, key: key)
      #expect(answer.status == 405, "\(method) \(rest)")
      #expect(answer.header("Allow") == allow)
    }
    let list = try call("GET", "", key: key)
    let head = try call("HEAD", "", key: key)
    #expect(head.status == 200)
    #expect(head.header("Content-Length") == String(list.body.count))
    #expect(try call("GET", "/1/2", key: key).status == 404)
    for variant in [
      "/api/v8/partner/client%2Dkeys", "/api/v8/partner/x/../client-keys",
      "//api/v8/partner/client-keys", "\(Self.mount);x", "\(Self.mount)/../documents",
    ] {
      let answer = try call("GET", "", key: key, mount: variant)
      #expect(answer.status == 400, "\(variant)")
      _ = try error(answer)
    }
  }

  @Test("Bodies and method overrides are refused in the vendor's body")
  func bodies() throws {
    let key = try world.issue().secret
    for body in ["{", "[]", #"{"name":"x"}"#, #"{"_method":"DELETE"}"#] {
      let answer = try call("POST", key: key, body: body)
      #expect(answer.status == 400, "\(body)")
      _ = try error(answer)
    }
    let large = try call("POST", key: key, body: String(repeating: " ", count: 70_000))
    #expect(large.status == 413)
    #expect(try error(large) == "Request body too large")
    for header in ["X-HTTP-Method-Override: DELETE", "X-Method-Override: PUT"] {
      #expect(try call("POST", key: key, headers: [header]).status == 400)
    }
    #expect(try call("POST", "?_method=DELETE", key: key).status == 400)
    #expect(try call("GET", key: key).json()["api_keys"].array?.count == 1)
    #expect(try call("POST", key: key, body: "{}").status == 201)
  }

  @Test("An Idempotency-Key makes one key of two requests, and its secret is stored sealed")
  func idempotency() throws {
    let key = try world.issue().secret
    let header = ["Idempotency-Key: once"]
    let first = try call("POST", key: key, headers: header)
    let again = try call("POST", key: key, headers: header)
    #expect(first.status == 201 && again.status == 201)
    #expect(first.text == again.text)
    #expect(again.header("Idempotency-Replayed") == "true")
    let secret = Data(try first.json()["value"].text().utf8)
    let data = world.latchkey.installation.data
    for name in try FileManager.default.contentsOfDirectory(atPath: data) {
      let bytes = FileManager.default.contents(atPath: data + "/" + name) ?? Data()
      #expect(bytes.range(of: secret) == nil, "\(name)")
    }
  }

  @Test("Each change is on the audit with the key as its actor, and a list is a revelation")
  func audit() throws {
    let key = try world.issue()
    _ = try call("GET", key: key.secret)
    _ = try call("POST", key: key.secret)
    _ = try call("DELETE", "/2", key: key.secret)
    _ = try call("POST", "/reset", key: key.secret)
    let entries =
      try world.latchkey.expect(
        200, "GET", "/v1/audit?account=\(world.account)")["data"].array ?? []
    let own = entries.filter { $0["actor"].string == "key:\(key.id)" }
    #expect(
      own.compactMap { $0["action"].string }.reversed() == [
        "account.keys_revealed", "key.created", "key.revoked", "key.reset", "account.keys_reset",
      ])
  }

  @Test("Of 200 concurrent creates one succeeds")
  func race() throws {
    let key = try world.issue().secret
    let config = try Folder()
    var text = ""
    for _ in 0..<200 {
      text += "url = \"\(world.latchkey.gateway)\(Self.mount)\"\n"
      text += "output = \"/dev/null\"\n"
    }
    let file = config.file("urls")
    try text.write(toFile: file, atomically: true, encoding: .utf8)
    let finished = try run([
      "curl", "--silent", "--noproxy", "*", "--parallel", "--parallel-max", "100",
      "--request", "POST", "--header", headers[0],
      "--header", "Authorization: apikey \(username):\(key)",
      "--write-out", "%{http_code}\n", "--config", file,
    ])
    let codes = finished.output.split(separator: "\n")
    #expect(codes.count == 200)
    #expect(codes.filter { $0 == "201" }.count == 1)
    #expect(codes.filter { $0 == "400" }.count == 199)
    #expect(try call("GET", key: key).json()["api_keys"].array?.count == 2)
  }
}
