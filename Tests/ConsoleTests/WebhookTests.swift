// Webhooks over the management API: limits, codes, secrets, deliveries and events.
import KeyModel
import Testing

@Suite("Webhooks over the API")
struct WebhookTests {
  private static func body(
    _ url: String = "https://a.example/in", events: String = #"["key.created"]"#,
    environment: String = "production"
  ) -> String {
    #"{"name":"N","url":"\#(url)","environment":"\#(environment)","events":\#(events)}"#
  }

  private struct Place {
    let site: Site
    let account: String
    var path: String { "/v1/accounts/\(account)/webhooks" }

    init(profile: String = "default", policy: String = "{}") async throws {
      site = try await Site()
      try await site.project("demo", profile: profile, policy: policy)
      account = try await site.account("demo")
    }

    func make(_ body: String = WebhookTests.body()) async -> Reply {
      await site.ask("POST", path, body)
    }
  }

  @Test(
    "A webhook is made, listed, shown, changed and removed; its secret comes once and by reveal")
  func life() async throws {
    let place = try await Place()
    let made = await place.make()
    #expect(made.status == 201)
    let (id, secret) = (try made.text("id"), try made.text("secret"))
    #expect(id.hasPrefix("whk_") && secret.hasPrefix("whsec_"))
    #expect(made.body["enabled"] == true && made.body["disabled_reason"] == .null)
    #expect(made.body["token"] == nil)
    let shown = await place.site.ask("GET", "/v1/webhooks/\(id)")
    #expect(shown.status == 200 && shown.body["secret"] == nil)
    #expect(shown.body["events"] == ["key.created"])
    let listed = await place.site.ask("GET", place.path)
    #expect(listed.body["data"]?.array?.count == 1)
    let revealed = await place.site.ask("POST", "/v1/webhooks/\(id)/reveal")
    #expect(try revealed.text("secret") == secret)
    let changed = await place.site.ask(
      "PATCH", "/v1/webhooks/\(id)", #"{"enabled":false,"events":["*"],"name":"M"}"#)
    #expect(changed.body["disabled_reason"] == "manual" && changed.body["name"] == "M")
    #expect(await place.site.ask("POST", "/v1/webhooks/\(id)/test").code == "webhook_disabled")
    let enabled = await place.site.ask("PATCH", "/v1/webhooks/\(id)", #"{"enabled":true}"#)
    #expect(enabled.body["enabled"] == true && enabled.body["disabled_reason"] == .null)
    let rotated = await place.site.ask("POST", "/v1/webhooks/\(id)/rotate-secret")
    #expect(rotated.status == 201)
    #expect(try rotated.text("secret") != secret)
    #expect(rotated.body["previous_secret_until"]?.string != nil)
    #expect(await place.site.ask("DELETE", "/v1/webhooks/\(id)").status == 204)
    #expect(await place.site.ask("GET", "/v1/webhooks/\(id)").status == 404)
    let audit = await place.site.ask("GET", "/v1/audit?project=demo")
    let actions = Set(audit.body["data"]?.array?.compactMap { $0["action"]?.string } ?? [])
    #expect(
      actions.isSuperset(of: [
        "webhook.created", "webhook.updated", "webhook.revealed", "webhook.secret_rotated",
        "webhook.deleted",
      ]))
    #expect(!"\(audit.body)".contains(secret))
  }

  @Test(
    "What is no webhook is refused with its pointer",
    arguments: [
      (body("http://a.example/"), "/url"), (body("https://u@a.example/"), "/url"),
      (body(events: "[]"), "/events"), (body(events: #"["no such type"]"#), "/events/0"),
      (body(environment: "moon"), "/environment"),
      (#"{"name":"N","url":"https://a.example","events":["*"]}"#, "/environment"),
      (#"{"url":"https://a.example","environment":"production","events":["*"]}"#, "/name"),
      (#"{"name":"N","environment":"production","events":["*"]}"#, "/url"),
      (#"{"name":"N","url":7,"environment":"production","events":["*"]}"#, "/url"),
      (
        #"{"name":"N","url":"https://a.example","environment":"production","events":["*"],"x":1}"#,
        "/x"
      ),
    ])
  func invalid(_ body: String, _ pointer: String) async throws {
    let place = try await Place()
    let reply = await place.make(body)
    #expect(reply.status == 400 && reply.code == "validation_failed")
    #expect(reply.pointers == [pointer])
  }

  @Test("The policy's cap and unique URL answer 409 with their codes")
  func limits() async throws {
    let capped = try await Place(policy: #"{"webhooks":{"max":1}}"#)
    #expect(await capped.make().status == 201)
    let second = await capped.make(Self.body("https://b.example"))
    #expect(second.status == 409 && second.code == "webhook_limit_reached")
    let unique = try await Place(policy: #"{"webhooks":{"unique_url":true}}"#)
    #expect(await unique.make().status == 201)
    let same = await unique.make()
    #expect(same.status == 409 && same.code == "webhook_url_taken")
    #expect(await unique.make(Self.body(environment: "sandbox")).status == 201)
    let other = try await unique.make(Self.body("https://b.example")).text("id")
    let moved = await unique.site.ask(
      "PATCH", "/v1/webhooks/\(other)", #"{"url":"https://a.example/in"}"#)
    #expect(moved.code == "webhook_url_taken")
    for url in [
      "HTTPS://A.example/in", "https://a.example:443/in?", "https://a.example/%69n",
      "https://a.example/./x/%2e%2e/in",
    ] {
      let spelled = await unique.make(Self.body(url))
      #expect(spelled.code == "webhook_url_taken", "\(url)")
      let patched = await unique.site.ask(
        "PATCH", "/v1/webhooks/\(other)", #"{"url":"\#(url)"}"#)
      #expect(patched.code == "webhook_url_taken", "\(url)")
    }
    let respelled = await unique.site.ask(
      "PATCH", "/v1/webhooks/\(other)", #"{"url":"https://B.example:443?"}"#)
    #expect(respelled.status == 200 && respelled.body["url"] == "https://B.example:443?")
  }

  @Test("Webhooks of one URL that a policy allowed can be changed under one that does not")
  func doubles() async throws {
    let free = try await Place()
    let hook = try await free.make().text("id")
    #expect(await free.make().status == 201)
    let changed = await free.site.ask(
      "PATCH", "/v1/projects/demo", #"{"policy":{"webhooks":{"unique_url":true}}}"#)
    #expect(changed.status == 200)
    for (patch, status) in [
      (#"{"enabled":false}"#, 200), (#"{"url":"HTTPS://a.example/in"}"#, 200),
      (#"{"environment":"sandbox"}"#, 200), (#"{"environment":"production"}"#, 409),
    ] {
      #expect(
        await free.site.ask("PATCH", "/v1/webhooks/\(hook)", patch).status == status, "\(patch)")
    }
  }

  @Test("An event of the operator's own becomes a delivery of each webhook that subscribed")
  func events() async throws {
    let place = try await Place()
    let hook = try await place.make(Self.body(events: #"["order.created"]"#)).text("id")
    _ = await place.make(Self.body(events: #"["order.created"]"#, environment: "sandbox"))
    let path = "/v1/accounts/\(place.account)/events"
    let published = await place.site.ask(
      "POST", path,
      #"{"type":"order.created","environment":"production","data":{"n":1}}"#)
    #expect(published.status == 202 && published.body["deliveries"] == 1)
    let listed = await place.site.ask("GET", "/v1/webhooks/\(hook)/deliveries?state=pending")
    let delivery = try #require(listed.body["data"]?.array?.first)
    #expect(delivery["event_id"] == published.body["id"])
    #expect(delivery["event_type"] == "order.created" && delivery["attempts"] == [])
    let id = delivery["id"]?.string ?? ""
    let shown = await place.site.ask("GET", "/v1/deliveries/\(id)")
    let sent = try JSONReader.read(shown.body["request"]?["body"]?.string ?? "")
    #expect(sent["data"] == ["n": 1] && sent["id"] == published.body["id"])
    let replayed = await place.site.ask("POST", "/v1/deliveries/\(id)/replay")
    #expect(replayed.status == 202 && replayed.body["state"] == "pending")
    let all = await place.site.ask(
      "POST", "/v1/webhooks/\(hook)/replay", #"{"since":"2026-01-01T00:00:00Z"}"#)
    #expect(all.status == 202 && all.body["replayed"] == 0)
    for (bad, pointer) in [
      (#"{"type":"key.created","environment":"production","data":{}}"#, "/type"),
      (#"{"type":"order.created","environment":"production","data":[]}"#, "/data"),
      (#"{"type":"order.created","data":{}}"#, "/environment"),
    ] {
      #expect(await place.site.ask("POST", path, bad).pointers == [pointer])
    }
  }

  @Test("A request with an idempotency key publishes once")
  func idempotency() async throws {
    let place = try await Place()
    let hook = try await place.make(Self.body(events: #"["*"]"#)).text("id")
    for _ in 0..<2 {
      _ = await place.site.ask(
        "POST", "/v1/accounts/\(place.account)/events",
        #"{"type":"a","environment":"production","data":{}}"#, idempotency: "once")
    }
    let listed = await place.site.ask("GET", "/v1/webhooks/\(hook)/deliveries")
    #expect(listed.body["data"]?.array?.count == 1)
  }

  @Test("The catalogue has the server's types and the project's, each with a schema")
  func catalogue() async throws {
    let place = try await Place(profile: "truv")
    let types = await place.site.ask("GET", "/v1/projects/demo/event-types").body["data"]?.array
    let names = types?.compactMap { $0["type"]?.string } ?? []
    #expect(Set(names).isSuperset(of: ["order-created", "key.revoked", "cycle.committed"]))
    #expect(types?.allSatisfy { $0["schema"]?.object != nil } == true)
    let first = await place.site.ask("GET", "/v1/projects/demo/event-types?limit=2").body
    #expect(first["data"]?.array == types.map { Array($0.prefix(2)) })
    let cursor = try #require(first["next_cursor"]?.string)
    let rest = await place.site.ask(
      "GET", "/v1/projects/demo/event-types?limit=200&cursor=\(cursor)")
    #expect(rest.body["data"]?.array == types.map { Array($0.dropFirst(2)) })
    #expect(rest.body["next_cursor"] == .null)
    #expect(
      await place.make(Self.body(events: #"["order-created"]"#, environment: "sandbox")).status
        == 201)
    #expect(
      await place.make(Self.body(events: #"["order.created"]"#, environment: "sandbox")).pointers
        == ["/events/0"])
  }

  @Test("Lists are paged, and a member needs the permission for webhooks")
  func pages() async throws {
    let place = try await Place()
    for number in 0..<3 { _ = await place.make(Self.body("https://\(number).example")) }
    let first = await place.site.ask("GET", place.path + "?limit=2")
    let cursor = try first.text("next_cursor")
    let second = await place.site.ask("GET", place.path + "?limit=2&cursor=\(cursor)")
    #expect(second.body["data"]?.array?.count == 1 && second.body["next_cursor"] == .null)
    let developer = try await place.site.session(
      try await place.site.member(place.account, "developer"))
    let refused = await place.site.ask("GET", place.path, token: "", session: developer)
    #expect(refused.status == 403 && refused.code == "insufficient_permission")
    let admin = try await place.site.session(
      try await place.site.member(place.account, "admin"))
    #expect(await place.site.ask("GET", place.path, token: "", session: admin).status == 200)
  }
}
