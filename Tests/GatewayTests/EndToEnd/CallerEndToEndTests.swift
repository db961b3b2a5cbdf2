// Who presented a key, by all three doors, over real sockets.
import HTTPServer
import KeyModel
import TestSupport
import Testing

struct CallerEndToEndTests {
  private let world: GatewayWorld
  private let token: String
  private let key: KeyRecord

  init() throws {
    world = try GatewayWorld()
    (token, key) = world.issue()
  }

  @Test("the gateway sees address, user agent and route, also where it refuses; never the query")
  func gateway() throws {
    let refused = world.issue { $0.routes = [RoutePattern(method: "GET", path: "/only")] }
    for secret in [token, token, refused.token, world.newToken()] {
      let client = RawClient(port: world.gateway)
      client.send(
        """
        GET /v1/orders/42?page=seven HTTP/1.1\r\nHost: a\r\nUser-Agent: shop/1\r\n\
        Authorization: Bearer \(secret)\r\n\r\n
        """)
      _ = try #require(client.receiveAnswer())
    }
    let seen = world.callers()
    let caller = KeyCaller(
      address: "127.0.0.1", userAgent: "shop/1", route: "GET /v1/orders/{id}")
    #expect(seen.count == 2 && seen.allSatisfy { $0.caller == caller })
    #expect(seen.first { $0.keyID == key.id }?.calls == 2)
    #expect(seen.first { $0.keyID == refused.key.id }?.calls == 1)
  }

  @Test("forward-auth sees the original route; what the proxy does not tell is not known")
  func authz() throws {
    let credential = "Authorization: Bearer \(token)"
    let agent = "User-Agent: shop/1"
    #expect(
      world.authz(
        [credential, agent, "X-Forwarded-Uri: /v1/a?b", "X-Forwarded-Method: PUT"])?.status == 200)
    #expect(world.authz([credential])?.status == 200)
    #expect(
      Set(world.callers().map(\.caller)) == [
        KeyCaller(address: "127.0.0.1", userAgent: "shop/1", route: "PUT /v1/a"),
        KeyCaller(address: "127.0.0.1", userAgent: "", route: ""),
      ])
  }

  @Test("verify sees what its body says, and nothing of a dry run")
  func verify() throws {
    let operatorToken = world.operatorKey()
    func verify(_ more: String) {
      let body = "{\"project\":\"demo\",\"key\":\"\(token)\"\(more)}"
      #expect(world.verify(body, operator: operatorToken)?.json?["valid"] == true)
    }
    let told = """
      ,"address":"2001:db8::1","user_agent":"app\\u0007/2","method":"GET","path":"/v1/a?q=1"
      """
    verify(told + ",\"dry_run\":true")
    verify(",\"address\":\"192.0.2.66\",\"dry_run\":true")
    verify(told)
    verify("")
    let seen = world.callers()
    #expect(
      Set(seen.map(\.caller)) == [
        KeyCaller(address: "2001:db8::1", userAgent: "app/2", route: "GET /v1/a"),
        KeyCaller(address: "", userAgent: "", route: ""),
      ])
    #expect(seen.allSatisfy { $0.calls == 1 && $0.versionID == key.versions[0].id })
  }
}
