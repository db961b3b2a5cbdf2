// What is put on record of calls, by all three doors, over real sockets: each once, with the
// columns that the contract names, and nothing that is a secret.
import HTTPServer
import KeyModel
import TestSupport
import Testing

final class RequestRecordTests {
  private let upstream = TinyUpstream()
  private let world: GatewayWorld
  private let token: String
  private let key: KeyRecord

  init() throws {
    var policy = GatewayWorld.policy()
    policy.records.headers = ["X-Trace", "X-None"]
    world = try GatewayWorld(policy: policy, upstream: upstream.url, timeoutSeconds: 1)
    (token, key) = world.issue()
  }

  deinit { upstream.stop() }

  @discardableResult
  private func call(
    _ target: String, method: String = "GET", headers: [String] = [], body: String = "",
    with token: String? = nil
  ) -> Answer? {
    world.call(target, method: method, headers: headers, body: body, with: token ?? self.token)
  }

  private func request(_ target: String, method: String = "GET", headers: [String] = []) -> String {
    GatewayWorld.request(target, method: method, headers: headers, with: token)
  }

  @Test("an admitted call: who, what, how much, how long; never its query or its credential")
  func admitted() throws {
    let answer = try #require(
      call(
        "/size/1234?page=secret", method: "POST",
        headers: [
          "Content-Length: 5", "X-Brand: north", "User-Agent: shop/1", "X-Trace: one",
          "Cookie: sid=1",
        ], body: "hello"))
    let records = world.records()
    let record = try #require(records.first)
    #expect(records.count == 1)
    #expect(record.id.description == answer["x-request-id"])
    #expect(record.projectID == world.project.id && record.accountID == world.account.id)
    #expect(record.keyID == key.id && record.versionID == key.versions[0].id)
    #expect(record.applicationID == key.applicationID)
    #expect(record.environment == "production" && record.brand == "north")
    #expect(record.method == "POST" && record.path == "/size/1234" && record.status == 200)
    #expect(record.bytesIn == 5 && record.bytesOut == 1234)
    #expect(record.userAgent == "shop/1" && record.way == .gateway && record.denial == nil)
    #expect(IPAddress(high: record.addressHigh, low: record.addressLow).text == "127.0.0.1")
    let waited = try #require(record.upstreamLatencyMicroseconds)
    #expect(waited > 0 && waited <= record.latencyMicroseconds)
    #expect(record.headers == "x-trace: one\n")
  }

  @Test("a refused call stands in the account's log where its key is known, else in the project's")
  func refused() throws {
    let revoked = world.issue { $0.revoked = true }
    call("/a", with: revoked.token)
    call("/b", with: world.newToken())
    call("/c", with: "nonsense")
    RawClient(port: world.gateway).send("HEAD /d HTTP/1.1\r\nHost: a\r\n\r\n")
    call("/e", method: "TRACE")
    call("/f", headers: ["X-Brand: south"], with: world.issue(environment: 1).token)
    let records = world.records()
    let told = records.map { "\($0.path) \($0.status) \($0.denial?.name ?? "-")" }.sorted()
    #expect(
      told == [
        "/a 401 revoked", "/b 401 not_found", "/c 401 malformed", "/d 401 missing", "/e 405 -",
        "/f 200 -",
      ])
    for record in records where "/b/c/d/e".contains(record.path) {
      #expect(record.accountID == nil && record.keyID == nil && record.environment == "")
      #expect(record.projectID == world.project.id)
    }
    #expect(records.first { $0.path == "/a" }?.keyID == revoked.key.id)
    #expect(records.first { $0.path == "/a" }?.upstreamLatencyMicroseconds == nil)
    #expect(records.first { $0.path == "/d" }?.bytesOut == 0)
    #expect(records.first { $0.path == "/f" }?.brand == "")
    #expect(records.first { $0.path == "/f" }?.environment == "sandbox")
  }

  @Test("where the policy says so, only calls that fail are on record, or none")
  func fewer() throws {
    for (calls, want) in [
      (RecordRules.Calls.failed, ["/status/404 404", "/b 401"]), (.none, [String]()),
    ] {
      var policy = GatewayWorld.policy()
      policy.records.calls = calls
      let world = try GatewayWorld(policy: policy, upstream: upstream.url, timeoutSeconds: 1)
      let (token, _) = world.issue()
      #expect(world.call("/size/3", with: token)?.status == 200)
      #expect(world.call("/status/404", with: token)?.status == 404)
      #expect(world.call("/b", with: world.newToken())?.status == 401)
      #expect(world.records().map { "\($0.path) \($0.status)" } == want)
      #expect(world.callers().reduce(0) { $0 + $1.calls } == 2)
    }
  }

  @Test("a call whose upstream fails, or whose client goes, has one record that says so")
  func broken() throws {
    call("/garbage")
    call("/silent")
    let cut = RawClient(port: world.gateway)
    cut.send(request("/cut"))
    _ = cut.receiveToEnd()
    var impatient: RawClient? = RawClient(port: world.gateway)
    impatient?.resetOnClose()
    impatient?.send(request("/silent"))
    #expect(upstream.waits { $0.received.count == 4 })
    impatient = nil
    #expect(upstream.waits { $0.abandoned >= 1 })
    let told = world.records().map { "\($0.path) \($0.status)" }.sorted()
    #expect(told == ["/cut 200", "/garbage 502", "/silent 499", "/silent 504"])
  }

  @Test("a client that stops in the middle of its body is told so, and its upstream is not blamed")
  func stalled() {
    let client = RawClient(port: world.gateway)
    let head = request("/stalled", method: "POST", headers: ["Content-Length: 6"])
    client.send(head + "ab")
    let answer = client.receiveAnswer()
    #expect(answer?.status == 408)
    #expect(answer?.text.contains("request_timeout") == true)
    #expect(world.records().map { "\($0.path) \($0.status)" } == ["/stalled 408"])
  }

  @Test("what is a key of the project, or begins like one, is not put on record")
  func keysInText() {
    let broken = String(token.dropLast()) + "~"
    call("/v1/\(token)/x", headers: ["X-Trace: a \(token), b"])
    call("/v1/sk_live/orders;a=\(broken)")
    call("/v1/sk_live_orders-of-november/1")
    call("/v1/%73\(token.dropFirst())", headers: ["User-Agent: curl \(token)"])
    let records = world.records()
    #expect(
      records.map(\.path) == [
        "/v1/[redacted]/x", "/v1/sk_live/orders;a=[redacted]", "/v1/sk_live_orders-of-november/1",
        "/v1/[redacted]",
      ])
    #expect(records.last?.userAgent == "curl [redacted]")
    #expect(records.first?.headers == "x-trace: a [redacted], b\n")
  }

  @Test("forward-auth: the original call, and the true status")
  func authz() {
    let credential = "Authorization: Bearer \(token)"
    let told = ["X-Forwarded-Uri: /v1/a?b", "X-Forwarded-Method: PUT", "X-Brand: north"]
    #expect(world.authz([credential, "User-Agent: shop/1"] + told)?.status == 200)
    #expect(world.authz([credential])?.status == 200)
    #expect(world.authz(told, path: "/v1/authz/demo?mode=nginx")?.status == 401)
    let records = world.records()
    #expect(
      records.map { "\($0.method) \($0.path) \($0.status) \($0.denial?.name ?? "-") \($0.brand)" }
        == ["PUT /v1/a 200 - north", "GET  200 - ", "PUT /v1/a 401 missing "])
    #expect(records.allSatisfy { $0.way == .authz })
  }

  @Test("verify: what its body says; a dry run and a bad request leave nothing")
  func verify() {
    let operatorToken = world.operatorKey()
    func verify(_ more: String, key: String? = nil) {
      let body = "{\"project\":\"demo\",\"key\":\"\(key ?? token)\"\(more)}"
      _ = world.verify(body, operator: operatorToken)
    }
    let told = """
      ,"address":"2001:db8::1","user_agent":"app/2","method":"GET","path":"/v1/a?q=1",\
      "brand":"north"
      """
    verify(told + ",\"status\":404")
    verify(told + ",\"dry_run\":true")
    verify("")
    verify(told, key: world.newToken())
    verify(",\"unknown\":1")
    let records = world.records()
    #expect(
      records.map { "\($0.method) \($0.path) \($0.status) \($0.denial?.name ?? "-") \($0.brand)" }
        == ["GET /v1/a 404 - north", "  200 - ", "GET /v1/a 401 not_found "])
    #expect(records.allSatisfy { $0.way == .verify })
    #expect(
      records.first.map { IPAddress(high: $0.addressHigh, low: $0.addressLow).text }
        == "2001:db8::1")
    #expect(records.first?.userAgent == "app/2")
  }
}
