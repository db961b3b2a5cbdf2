// nginx with the shipped configuration between a client, the engine and an upstream.
import KeyModel
import TestSupport
import Testing

final class NginxTests {
  private let upstream = TinyUpstream()
  private let world: GatewayWorld
  private let nginx: Nginx

  init() throws {
    var policy = GatewayWorld.policy()
    policy.errors["account_suspended"] = ErrorTemplate(
      status: 429, headers: [.init(name: "Retry-After", value: "7")])
    policy.errors["expired"] = ErrorTemplate(status: 402)
    world = try GatewayWorld(policy: policy)
    nginx = try Nginx(latchkey: world.api, upstream: upstream.port)
  }

  deinit { upstream.stop() }

  private func call(
    _ token: String?, _ target: String = "/v1/a?b=c", method: String = "GET",
    headers: [String] = [], body: String = ""
  ) -> Answer? {
    let client = RawClient(port: nginx.port)
    let lines = headers.map { $0 + "\r\n" }.joined()
    let authorization = token.map { "Authorization: Bearer \($0)\r\n" } ?? ""
    client.send(
      "\(method) \(target) HTTP/1.1\r\nHost: api.example\r\n\(authorization)\(lines)\r\n\(body)")
    return client.receiveAnswer(toHEAD: method == "HEAD")
  }

  @Test("a call passes with its identity and nothing forged")
  func passes() throws {
    let (token, key) = world.issue()
    let forged = [
      "X-Latchkey-Key: forged", "X_Latchkey_Key: forged", "X.Latchkey.Key: forged",
      "x-latchkey-account: forged", "X-Latchkey-Assertion: forged", "X-Latchkey-Status: forged",
      "X-Original-URI: /forged", "X-Original-Method: forged", "X-Forwarded-Uri: /forged",
      "X-Forwarded-Method: forged", "X-Forwarded-For: forged", "Forwarded: forged",
      "Connection: X-Latchkey-Key", "X-Latchkey: forged", "X-Latchkey-Lease: forged",
      "X-Latchkey-Lease-Expires: forged",
    ]
    let answer = try #require(
      call(token, method: "POST", headers: forged + ["Content-Length: 5"], body: "hello"))
    #expect(answer.status == 200)
    let received = try #require(upstream.last)
    #expect(received.head.hasPrefix("POST /v1/a?b=c HTTP/1.1\r\n"))
    #expect(received.body == Array("hello".utf8))
    #expect(!received.head.contains("forged"))
    #expect(!received.head.contains(token))
    #expect(received.lines("x-latchkey-key") == ["X-Latchkey-Key: \(key.id)"])
    let names = ["Account", "Application", "Environment", "Access", "Kind", "Assertion"]
    for name in names { #expect(received.lines("X-Latchkey-\(name)").count == 1) }
  }

  @Test("refusals are 401 with its challenge, 403, or 429 with its Retry-After, never 500")
  func refuses() throws {
    let missing = try #require(call(nil))
    #expect(missing.status == 401)
    #expect(missing["www-authenticate"] == "Bearer realm=\"demo\"")
    let (reading, _) = world.issue { $0.access = .readOnly }
    #expect(call(reading, method: "GET")?.status == 200)
    #expect(call(reading, method: "POST", headers: ["Content-Length: 0"])?.status == 403)
    #expect(call(reading, "/a?_method=PUT")?.status == 403)
    let (routed, _) = world.issue { $0.routes = [RoutePattern(method: "*", path: "/v1/*")] }
    #expect(call(routed, "/v1/x")?.status == 200)
    #expect(call(routed, "/v2/x")?.status == 403)
    #expect(call(routed, "/v1/%2e%2e/v2")?.status == 403)
    let (expired, _) = world.issue { $0.expiresAt = Timestamp(seconds: 1) }
    #expect(call(expired)?.status == 402)
    let (token, key) = world.issue()
    world.revoke(key)
    #expect(call(token)?.status == 401)
    let (limited, _) = world.issue()
    var account = world.account
    account.suspended = true
    world.apply(.account(account))
    let slow = try #require(call(limited))
    #expect(slow.status == 429)
    #expect(slow["retry-after"] == "7")
    #expect(slow["x-request-id"]?.hasPrefix("req_") == true)
  }

  @Test("the API's own 403 is not taken for a refusal of ours")
  func keepsUpstreamAnswers() {
    let (token, _) = world.issue()
    #expect(call(token, "/status/403")?.status == 403)
    #expect(call(token, "/status/403")?["x-request-id"] == nil)
    #expect(call(token, "/size/100")?.body == TinyUpstream.pattern(100))
  }
}
