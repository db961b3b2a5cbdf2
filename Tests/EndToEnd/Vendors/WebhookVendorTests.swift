// The webhooks of three vendors held to their own statements, by their numbers. What a receiver of
// theirs would compute is computed here by Python, as their documents show it.
import Foundation
import Testing

@Suite("Vendors' webhooks", .serialized)
struct WebhookVendorTests {
  /// Runs Python and gives what it prints.
  private static func python(_ script: String, _ arguments: [String]) throws -> String {
    let done = try run(["python3", "-c", script] + arguments)
    guard done.status == 0 else { throw Failure(done.errors) }
    return done.output.trimmingCharacters(in: .whitespacesAndNewlines)
  }

  @Test(
    """
    TW-40 TW-41 TW-42 TW-43 TW-44 TW-45 Ten webhooks, https only; a token of 86 characters of each \
    hook's own, whatever becomes of keys; the vendor's body; the same event again after a failure
    """)
  func truework() throws {
    let world = try HookWorld(profile: "truework", policy: ["webhooks": ["retry": [0, 1]]])
    let path = "/v1/accounts/\(world.account)/webhooks"
    let hook = try world.hook("/toggle/1", ["order.completed"])
    let token = try hook["token"].text()
    #expect(token.wholeMatch(of: /[A-Za-z0-9_-]{86}/) != nil)
    let key = try world.latchkey.expect(
      201, "POST", "/v1/accounts/\(world.account)/keys", ["environment": "production"])
    try world.latchkey.expect(204, "DELETE", "/v1/keys/\(key["id"].text())")
    try world.publish("order.completed", ["order": 7])
    let failed = try #require(try world.receiver.wait(1, "/toggle/1").first)
    try world.receiver.recover()
    let call = try #require(try world.receiver.wait(2, "/toggle/1").last)
    #expect(call.status == 200 && call.body == failed.body)
    #expect(call.header("X-Truework-Token") == token)
    let body = try call.json()
    #expect(body.names == ["version", "hook", "data"])
    #expect(body["hook"].names == ["id", "event", "target", "triggered_at"])
    #expect(body["hook"]["event"].string == "order.completed")
    #expect(body["hook"]["target"].string == world.receiver.url + "/toggle/1")
    #expect(body["hook"]["id"].string == hook["id"].string && body["data"]["order"].int == 7)
    try world.latchkey.expect(204, "DELETE", "/v1/webhooks/\(hook["id"].text())")
    #expect(try world.hook("/toggle/1", ["order.completed"])["token"].string != token)
    for number in 2...10 { _ = try world.hook("/ok/\(number)", ["order.completed"]) }
    let eleventh = try world.latchkey.call(
      "POST", path,
      [
        "name": "H", "url": world.receiver.url, "environment": "production", "events": ["*"],
      ])
    #expect(eleventh.status == 409)
    #expect(try eleventh.json()["code"].string == "webhook_limit_reached")
  }

  @Test(
    """
    VF-50 VF-51 VF-52 The signature is the HMAC of Python's repr of the data with the client \
    secret, in base 64, and keys do not change it; the body is event and data
    """)
  func veryfi() throws {
    let world = try HookWorld(profile: "veryfi")
    let client = try world.latchkey.expect(
      200, "POST", "/v1/accounts/\(world.account)/client-secret/reveal")["client_secret"].text()
    _ = try world.hook("/ok/v", ["document.created"])
    let data: [String: Any] = [
      "id": 123_456_789, "created": "2021-10-20 15:27:26", "it's": "\"é\" ✓\n", "total": 1.10,
      "big": 12_000_000_000_000_000.0, "none": NSNull(), "ok": true, "list": [1, "a'b"],
    ]
    try world.publish("document.created", data)
    _ = try world.receiver.wait(1, "/ok/v")
    try world.latchkey.expect(
      201, "POST", "/v1/accounts/\(world.account)/keys", ["environment": "production"])
    try world.publish("document.created", data)
    let calls = try world.receiver.wait(2, "/ok/v")
    #expect(calls.count == 2)
    for call in calls {
      #expect(try call.json().names == ["event", "data"])
      let expected = try Self.python(
        """
        import sys, hmac, hashlib, base64, json
        data = json.loads(sys.argv[1])["data"]
        mac = hmac.new(sys.argv[2].encode(), str(data).encode("utf-8"), hashlib.sha256)
        print(base64.b64encode(mac.digest()).decode())
        """, [call.body, client])
      #expect(call.header("x-veryfi-signature") == expected)
    }
  }

  @Test(
    """
    TV-40 TV-41 TV-42 TV-43 TV-44 TV-45 TV-46 TV-47 Name, URL, environment and the vendor's \
    events; a URL once in an environment; the vendor's body; X-WEBHOOK-SIGN by the oldest key's \
    secret, and by the next one's after its deletion; failures are tried again under the same id
    """)
  func truv() throws {
    let world = try HookWorld(
      profile: "truv", policy: ["webhooks": ["retry": [0, 1]]], environment: "sandbox")
    let keys = try (0..<2).map { _ in
      try world.latchkey.expect(
        201, "POST", "/v1/accounts/\(world.account)/keys", ["environment": "sandbox"])
    }
    let hook = try world.hook("/toggle/t", ["order-created"])
    #expect(hook["name"].exists && hook["environment"].string == "sandbox")
    let again = try world.latchkey.call(
      "POST", "/v1/accounts/\(world.account)/webhooks",
      [
        "name": "H", "url": world.receiver.url + "/toggle/t", "environment": "sandbox",
        "events": ["link-deleted"],
      ])
    #expect(try again.status == 409 && again.json()["code"].string == "webhook_url_taken")
    try world.publish("order-created", ["user_id": "u1", "template_id": NSNull()])
    let failed = try #require(try world.receiver.wait(1, "/toggle/t").first)
    try world.receiver.recover()
    let first = try #require(try world.receiver.wait(2, "/toggle/t").last)
    #expect(try failed.json()["webhook_id"].string == first.json()["webhook_id"].string)
    let body = try first.json()
    #expect(
      body.names == [
        "webhook_id", "event_type", "event_created_at", "updated_at", "user_id", "template_id",
      ])
    #expect(body["event_type"].string == "order-created")
    #expect(first.header("user-agent") == "Truv-Webhook-Service/2.0")
    try world.latchkey.expect(204, "DELETE", "/v1/keys/\(keys[0]["id"].text())")
    try world.publish("order-created", ["user_id": "u2"])
    let second = try #require(try world.receiver.wait(3, "/toggle/t").last)
    for (call, key) in zip([first, second], keys) {
      let expected = try Self.python(
        """
        import sys, hmac, hashlib
        mac = hmac.new(sys.argv[2].encode(), sys.argv[1].encode(), hashlib.sha256)
        print("v1=" + mac.hexdigest())
        """, [call.body, try key["secret"].text()])
      #expect(call.header("X-WEBHOOK-SIGN") == expected)
    }
  }

  @Test("TV-48 TV-49 A webhook is enabled again by PATCH; what was sent is listed with its status")
  func truvHistory() throws {
    let world = try HookWorld(
      profile: "truv", policy: ["webhooks": ["retry": [0]]], environment: "sandbox")
    let id = try world.hook("/gone/x", ["order-created"])["id"].text()
    try world.publish("order-created")
    let disabled = try poll(seconds: 10) {
      try world.latchkey.expect(200, "GET", "/v1/webhooks/\(id)")["enabled"].bool == false
    }
    #expect(disabled)
    let enabled = try world.latchkey.expect(
      200, "PATCH", "/v1/webhooks/\(id)", ["enabled": true])
    #expect(enabled["enabled"].bool == true && !enabled["disabled_reason"].exists)
    let delivery = try #require(try world.deliveries(id, "&event_type=order-created").first)
    #expect(delivery["attempts"][0]["status"].int == 410)
    let shown = try world.latchkey.expect(200, "GET", "/v1/deliveries/\(delivery["id"].text())")
    #expect(shown["request"]["url"].string == world.receiver.url + "/gone/x")
    #expect(try JSON(parsing: Data(shown["request"]["body"].text().utf8))["event_type"].exists)
  }
}
