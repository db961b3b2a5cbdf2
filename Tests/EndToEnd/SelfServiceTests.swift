// Keys that manage keys under a policy of one's own: bearer tokens, two environments, restricted
// keys. What one vendor's profile sets is in its own suite.
import Foundation
import Testing

@Suite("Self-service API by policy", .serialized)
struct SelfServiceTests {
  let world: World

  init() throws {
    var policy = TwoEnvironments.policy
    policy["rotation"] = ["reset_all": true]
    policy["public_id"] = "ref-{uuid}"
    policy["publishable"] = ["allow": [["method": "*", "path": "/my/*"]]]
    policy["self_service"] = [
      "path": "/my/keys",
      "list": ["status": 200, "body": "{keys}", "item": ["ref": "{id}", "shown": "{masked}"]],
      "create": [
        "status": 202, "accepts": ["name", "expires_at"],
        "body": ["token": "{secret}", "ref": "{id}", "label": "{name}", "env": "{environment}"],
      ],
      "delete": ["status": 200, "body": ["gone": true]],
      "reset": ["status": 200, "body": ["new": "{keys}", "n": "{count}"], "item": "{secret}"],
    ]
    world = try World(policy: policy)
  }

  private func call(
    _ method: String, _ rest: String = "", key: String?, body: String? = nil
  ) throws -> Answer {
    try world.call(
      "/my/keys" + rest, key: key, method: method,
      arguments: body.map { ["--data-binary", $0] } ?? [])
  }

  @Test("A key sees, makes, removes and resets the keys of its own environment only")
  func environments() throws {
    let (live, test) = (try world.issue(), try world.issue("sandbox"))
    #expect(try call("GET", key: live.secret).json().array?.count == 1)
    let made = try call("POST", key: test.secret, body: #"{"name":"night"}"#)
    #expect(made.status == 202)
    #expect(try made.json()["env"].string == "sandbox")
    #expect(try made.json()["label"].string == "night")
    let ref = try made.json()["ref"].text()
    #expect(ref.hasPrefix("ref-"))
    #expect(try call("DELETE", "/\(ref)", key: live.secret).status == 404)
    let reset = try call("POST", "/reset", key: live.secret).json()
    #expect(reset["n"].int == 1)
    #expect(try call("GET", key: live.secret).status == 401)
    #expect(try call("GET", key: try #require(reset["new"].array?.first?.string)).status == 200)
    #expect(try call("GET", key: test.secret).json().array?.count == 2)
    #expect(try call("DELETE", "/\(ref)", key: test.secret).json()["gone"].bool == true)
    #expect(try world.code(try made.json()["token"].text()) == "revoked")
  }

  @Test("A long list comes in pages, which the Link header joins")
  func pages() throws {
    let account = try world.latchkey.expect(
      201, "POST", "/v1/projects/demo/accounts", ["name": "Many"])["id"].text()
    let secrets = try (0..<5).map { _ in
      try world.latchkey.expect(
        201, "POST", "/v1/accounts/\(account)/keys", ["environment": "production"])["secret"].text()
    }
    var seen: [String] = []
    var query = "?limit=2"
    var sizes: [Int] = []
    while sizes.count < 5 {
      let answer = try call("GET", query, key: secrets[0])
      let refs = try answer.json().array?.map { try $0["ref"].text() } ?? []
      sizes.append(refs.count)
      seen += refs
      guard let link = answer.header("Link") else { break }
      query = try #require(link.firstMatch(of: /<(\?cursor=[0-9a-z]+&limit=2)>; rel="next"/)).1
        .description
    }
    #expect(sizes == [2, 2, 1] && Set(seen).count == 5)
    let all = try call("GET", key: secrets[0]).json().array?.map { try $0["ref"].text() }
    #expect(all == seen)
    #expect(try call("GET", key: secrets[0]).header("Link") == nil)
    for wrong in ["?limit=0", "?limit=201", "?limit=x", "?cursor=!"] {
      #expect(try call("GET", wrong, key: secrets[0]).status == 400, "\(wrong)")
    }
  }

  @Test("The keys of another account do not exist")
  func accounts() throws {
    let mine = try world.issue()
    let other = try world.latchkey.expect(
      201, "POST", "/v1/projects/demo/accounts", ["name": "Other"])["id"].text()
    let theirs = try world.latchkey.expect(
      201, "POST", "/v1/accounts/\(other)/keys", ["environment": "production"])
    let ref = try theirs["public_id"].text()
    for id in [ref, try theirs["id"].text()] {
      let answer = try call("DELETE", "/\(id)", key: mine.secret)
      #expect(answer.status == 404)
      #expect(answer.header("Content-Type") == "application/problem+json")
    }
    #expect(try call("GET", key: mine.secret).json().array?.count == 1)
    #expect(try world.code(try theirs["secret"].text()) == "valid")
  }

  @Test("A publishable key manages nothing; a read-only key reads a list without secrets")
  func restricted() throws {
    let publishable = try world.issue("production", ["kind": "publishable"]).secret
    let reading = try world.issue("production", ["access": "read_only"]).secret
    for (method, rest) in [("GET", ""), ("POST", ""), ("POST", "/reset"), ("DELETE", "/x")] {
      #expect(try call(method, rest, key: publishable).status == 403)
    }
    #expect(try call("GET", key: reading).status == 200)
    for (method, rest) in [("POST", ""), ("POST", "/reset"), ("DELETE", "/x")] {
      #expect(try call(method, rest, key: reading).status == 403)
    }
  }

  @Test("A key without the mount among its routes is refused; what it makes has its bounds")
  func bounds() throws {
    let elsewhere = try world.issue(
      "production", ["routes": [["method": "*", "path": "/echo"]]]
    ).secret
    #expect(try call("GET", key: elsewhere).status == 403)
    let end = "2099-01-01T00:00:00Z"
    let bounded = try world.issue(
      "production", ["routes": [["method": "*", "path": "/my/*"]], "expires_at": end]
    ).secret
    let body = #"{"expires_at":"2100-01-01T00:00:00Z"}"#
    let made = try call("POST", key: bounded, body: body)
    #expect(made.status == 202)
    let verified = try world.verify(["key": try made.json()["token"].text()])
    let key = try world.latchkey.expect(200, "GET", "/v1/keys/\(try verified["key_id"].text())")
    #expect(key["expires_at"].string?.hasPrefix("2099-01-01T00:00:00") == true)
    #expect(key["routes"].array?.count == 1)
    #expect(key["created_by"].string?.hasPrefix("key:key_") == true)
  }

  @Test("These calls are not counted")
  func counting() throws {
    let key = try world.issue()
    for _ in 0..<3 { _ = try call("GET", key: key.secret) }
    _ = try world.call("/echo", key: key.secret)
    #expect(try world.latchkey.expect(200, "GET", "/v1/keys/\(key.id)")["calls_today"].int == 1)
  }
}
