// Webhooks from outside: the built binary calls a TLS receiver, and the published library of the
// standard verifies what came.
import Foundation
import Testing

@Suite("Webhooks end to end", .serialized)
struct WebhookTests {
  @Test(
    "Events of the server and of the operator arrive signed, on both engines",
    arguments: Store.allCases)
  func arrival(_ store: Store) throws {
    let world = try HookWorld(store)
    let hook = try world.hook("/ok")
    let secret = try hook["secret"].text()
    let key = try world.latchkey.expect(
      201, "POST", "/v1/accounts/\(world.account)/keys", ["environment": "production"])
    let published = try world.publish("order.created", ["text": "é ✓", "n": 1.5])
    try world.latchkey.expect(202, "POST", "/v1/webhooks/\(hook["id"].text())/test")
    try world.latchkey.expect(204, "DELETE", "/v1/keys/\(key["id"].text())")
    let calls = try world.receiver.wait(4)
    let types = try Set(calls.map { try $0.json()["type"].text() })
    #expect(types == ["key.created", "order.created", "webhook.test", "key.revoked"])
    // Once: nothing was left unknown here.
    #expect(try world.receiver.verified(secret, "/ok") == "4")
    let order = try #require(try calls.first { try $0.json()["type"].string == "order.created" })
    let body = try order.json()
    #expect(
      body.names == ["id", "type", "created_at", "account_id", "environment", "data"])
    #expect(body["id"].string == published["id"].string)
    #expect(order.header("webhook-id") == published["id"].string)
    #expect(order.header("content-type") == "application/json")
    #expect(!calls.contains { $0.body.contains(try! key["secret"].text()) })
    let deliveries = try world.deliveries(try hook["id"].text(), "&state=delivered")
    #expect(deliveries.count == 4)
    let attempt = deliveries[0]["attempts"][0]
    #expect(attempt["status"].int == 200 && attempt["response_excerpt"].string == "received")
    #expect(!attempt["error"].exists && attempt["latency_ms"].int != nil)
  }

  @Test("Retries and replays send the same bytes under the same id, each signed anew")
  func replay() throws {
    let world = try HookWorld(policy: ["webhooks": ["retry": [0, 1, 2]]])
    let hook = try world.hook("/toggle")
    let id = try hook["id"].text()
    try world.publish("order.created")
    let failed = try world.receiver.wait(3)
    #expect(failed.count == 3)
    for (index, wait) in [1.0, 2.0].enumerated() {
      let gap = failed[index + 1].at - failed[index].at
      #expect(gap >= wait * 0.9 && gap <= wait * 1.1 + 0.25)
    }
    let settled = try poll(seconds: 10) { try world.deliveries(id, "&state=failed").count == 1 }
    #expect(settled)
    try world.receiver.recover()
    let delivery = try world.deliveries(id)[0]["id"].text()
    try world.latchkey.expect(202, "POST", "/v1/deliveries/\(delivery)/replay")
    _ = try world.receiver.wait(4)
    let delivered = try poll(seconds: 10) {
      try world.deliveries(id, "&state=delivered").count == 1
    }
    #expect(delivered)
    try world.latchkey.expect(202, "POST", "/v1/deliveries/\(delivery)/replay")
    let calls = try world.receiver.wait(5)
    #expect(calls.count == 5)
    #expect(Set(calls.map(\.body)).count == 1)
    #expect(Set(calls.map { $0.header("webhook-id") }).count == 1)
    #expect(try world.receiver.verified(try hook["secret"].text(), "/toggle") == "5")
    #expect(try world.deliveries(id)[0]["attempts"].array?.count == 5)
  }

  @Test("After a rotation both secrets verify; redirects fail; 410 disables")
  func answers() throws {
    let world = try HookWorld(policy: ["webhooks": ["retry": [0]]])
    let hook = try world.hook("/ok/rotated", ["order.created"])
    let rotated = try world.latchkey.expect(
      201, "POST", "/v1/webhooks/\(hook["id"].text())/rotate-secret", ["overlap_seconds": 60])
    let redirected = try world.hook("/redirect")
    let gone = try world.hook("/gone")
    let watcher = try world.hook("/ok/watch", ["webhook.disabled"])
    try world.publish("order.created")
    _ = try world.receiver.wait(1, "/ok/rotated")
    for secret in [hook, rotated] {
      #expect(try world.receiver.verified(try secret["secret"].text(), "/ok/rotated") == "1")
    }
    let told = try world.receiver.wait(1, "/ok/watch")
    #expect(try told.first?.json()["data"]["webhook_id"].string == gone["id"].string)
    #expect(try told.first?.json()["data"]["reason"].string == "gone")
    #expect(watcher["id"].exists)
    let state = try world.latchkey.expect(200, "GET", "/v1/webhooks/\(gone["id"].text())")
    #expect(state["enabled"].bool == false && state["disabled_reason"].string == "gone")
    let failed = try world.deliveries(try redirected["id"].text())
    #expect(failed.first?["state"].string == "failed")
    #expect(failed.first?["attempts"][0]["status"].int == 302)
    #expect(try world.receiver.calls("/ok").isEmpty)
  }

  @Test("An endpoint that may not be called, or does not answer, fails with its reason")
  func unreachable() throws {
    let world = try HookWorld(policy: ["webhooks": ["retry": [0], "timeout_seconds": 1]])
    let slow = try world.hook("/hang/20")
    try world.publish("order.created")
    let id = try slow["id"].text()
    #expect(try poll(seconds: 10) { try world.deliveries(id, "&state=failed").count == 1 })
    let error = try world.deliveries(id)[0]["attempts"][0]["error"].text()
    #expect(error.hasPrefix("timed_out"))
    let refused = try world.latchkey.call(
      "POST", "/v1/accounts/\(world.account)/webhooks",
      [
        "name": "H", "url": "http://127.0.0.1:1/", "environment": "production", "events": ["*"],
      ])
    #expect(refused.status == 400)
  }
}
