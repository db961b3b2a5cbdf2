// Leases over real sockets: who asks by verify or authz holds a slot for a time.
import Glibc
import HTTPServer
import KeyModel
import TestSupport
import Testing
import Verification

struct LeaseTests {
  private let world: GatewayWorld
  private let token: String
  private let operatorToken: String

  init() throws {
    var policy = GatewayWorld.policy()
    policy.concurrency = Concurrency(max: 1, scope: .account)
    world = try GatewayWorld(policy: policy)
    token = world.issue().token
    operatorToken = world.operatorKey()
  }

  private func verify(_ more: String = "") -> Answer? {
    world.verify("{\"project\":\"demo\",\"key\":\"\(token)\"\(more)}", operator: operatorToken)
  }

  private func send(
    _ method: String, _ path: String, _ body: String = "", operator token: String? = nil
  ) -> Answer? {
    let client = RawClient(port: world.api)
    let key = token ?? operatorToken
    let length = body.isEmpty && method == "DELETE" ? "" : "Content-Length: \(body.utf8.count)\r\n"
    client.send(
      "\(method) \(path) HTTP/1.1\r\nHost: latchkey\r\nAuthorization: Bearer \(key)\r\n"
        + "Content-Type: application/json\r\n\(length)\r\n\(body)")
    return client.receiveAnswer()
  }

  private func lease(_ seconds: Int = 60) throws -> String {
    let answer = try #require(verify(",\"lease_seconds\":\(seconds)")?.json)
    #expect(answer["code"]?.string == "valid")
    #expect(answer["lease"]?["expires_at"]?.string?.hasSuffix("Z") == true)
    return try #require(answer["lease"]?["id"]?.string)
  }

  @Test("a lease holds a slot until it is ended, once")
  func ended() throws {
    let id = try lease()
    #expect(id.hasPrefix("lea_"))
    let refused = verify(",\"lease_seconds\":60")?.json
    #expect(refused?["code"]?.string == "concurrency_exceeded")
    #expect(refused?["lease"] == .null)
    #expect(verify()?.json?["code"]?.string == "concurrency_exceeded")
    let over = try #require(send("DELETE", "/v1/leases/\(id)"))
    #expect(over.status == 204 && over.body.isEmpty)
    #expect(send("DELETE", "/v1/leases/\(id)")?.status == 404)
    #expect(send("POST", "/v1/leases/\(id)/renew")?.status == 404)
    #expect(world.meters.slots.total == 0)
    _ = try lease()
  }

  @Test("a lease that is over frees its slot by itself; one that was renewed does not")
  func expired() throws {
    let first = try lease(1)
    let renewed = try #require(send("POST", "/v1/leases/\(first)/renew", "{\"lease_seconds\":2}"))
    #expect(renewed.status == 200)
    #expect(renewed.json?["id"]?.string == first)
    usleep(1_100_000)
    #expect(verify()?.json?["code"]?.string == "concurrency_exceeded")
    usleep(1_000_000)
    #expect(verify()?.json?["code"]?.string == "valid")
    #expect(send("POST", "/v1/leases/\(first)/renew")?.status == 404)
  }

  @Test("an operator key without the scope, of another project, or none at all has no say")
  func access() throws {
    let id = try lease()
    let renewal = "/v1/leases/\(id)/renew"
    #expect(send("POST", renewal, operator: world.operatorKey(mayVerify: false))?.status == 403)
    let foreign = world.operatorKey(bound: ProjectID(bits: 99))
    #expect(send("POST", renewal, operator: foreign)?.status == 404)
    #expect(send("DELETE", "/v1/leases/\(id)", operator: foreign)?.status == 404)
    #expect(send("DELETE", "/v1/leases/\(id)", operator: "nonsense")?.status == 401)
    #expect(send("GET", "/v1/leases/\(id)")?.status == 405)
    #expect(send("DELETE", "/v1/leases/lea_nonsense")?.status == 404)
    let own = world.operatorKey(bound: world.project.id)
    #expect(send("POST", renewal, operator: own)?.status == 200)
    #expect(send("DELETE", "/v1/leases/\(id)", operator: own)?.status == 204)
  }

  @Test("what is no length of a lease is refused")
  func malformed() throws {
    for wrong in ["0", "3601", "-1", "1.5", "\"9\"", "true"] {
      #expect(verify(",\"lease_seconds\":\(wrong)")?.status == 400, "\(wrong)")
    }
    let id = try lease()
    for wrong in ["{\"lease_seconds\":0}", "{\"seconds\":1}", "[]", "{", "{\"lease_seconds\":9e9}"]
    {
      #expect(send("POST", "/v1/leases/\(id)/renew", wrong)?.status == 400, "\(wrong)")
    }
    #expect(send("POST", "/v1/leases/\(id)/renew", "{}")?.status == 200)
  }

  @Test("a dry run lends nothing, nor does a project without a limit")
  func nothing() throws {
    let dry = verify(",\"lease_seconds\":9,\"dry_run\":true")?.json
    #expect(dry?["code"]?.string == "valid" && dry?["lease"] == .null)
    #expect(world.meters.slots.total == 0)
    var project = world.project
    project.policy.concurrency = nil
    world.apply(.project(project))
    let free = verify(",\"lease_seconds\":9")?.json
    #expect(free?["code"]?.string == "valid" && free?["lease"] == .null)
  }

  @Test("authz lends to the proxy that asks for it")
  func authz() throws {
    let headers = ["Authorization: Bearer \(token)"]
    let allowed = try #require(world.authz(headers, path: "/v1/authz/demo?lease_seconds=30"))
    let id = try #require(allowed["x-latchkey-lease"])
    #expect(allowed.status == 200)
    #expect(allowed["x-latchkey-lease-expires"]?.hasSuffix("Z") == true)
    let nginx = world.authz(headers, path: "/v1/authz/demo?mode=nginx&lease_seconds=30")
    #expect(nginx?.status == 403 && nginx?["x-latchkey-status"] == "429")
    #expect(send("DELETE", "/v1/leases/\(id)")?.status == 204)
    #expect(world.authz(headers)?["x-latchkey-lease"] == nil)
    for wrong in ["0", "3601", "x", ""] {
      #expect(
        world.authz(headers, path: "/v1/authz/demo?lease_seconds=\(wrong)")?.status == 400)
    }
    // What a client appends to its own path is the call's, not the proxy's.
    #expect(
      world.authz(headers, path: "/v1/authz/demo/x?lease_seconds=30")?["x-latchkey-lease"] == nil)
  }
}
