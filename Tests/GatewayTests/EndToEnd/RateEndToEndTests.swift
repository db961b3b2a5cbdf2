// Rate limits over real sockets, in the three ways to ask.
import HTTPServer
import KeyModel
import Synchronization
import TestSupport
import Testing

struct RateEndToEndTests {
  private static func rate(
    _ calls: Int64, _ scope: MeterScope, seconds: Int64 = 3600, route: RoutePattern? = nil,
    except: [RoutePattern] = [], countRefused: Bool = false
  ) -> Rate {
    Rate(
      calls: calls, seconds: seconds, scope: scope, route: route, except: except,
      countRefused: countRefused)
  }

  private func world(
    _ rates: [Rate], trusted: [CIDR] = [], edit: (inout Policy) -> Void = { _ in }
  ) throws -> (world: GatewayWorld, upstream: TinyUpstream) {
    let upstream = TinyUpstream()
    var policy = GatewayWorld.policy()
    policy.rates = rates
    edit(&policy)
    return (
      try GatewayWorld(policy: policy, upstream: upstream.url, trusted: trusted), upstream
    )
  }

  private func call(
    _ world: GatewayWorld, _ token: String?, _ path: String = "/x", method: String = "GET",
    from address: String? = nil
  ) -> Answer? {
    world.call(
      path, method: method, headers: address.map { ["X-Forwarded-For: \($0)"] } ?? [], with: token)
  }

  private func statuses(_ count: Int, _ call: () -> Answer?) -> [Int] {
    (0..<count).map { _ in call()?.status ?? 0 }
  }

  @Test("the gateway passes as many as the rule has, then 429 with the time to wait")
  func gateway() throws {
    let (world, upstream) = try world([Self.rate(3, .account)])
    defer { upstream.stop() }
    let token = world.issue().token
    #expect(statuses(3) { call(world, token) } == [200, 200, 200])
    let refused = try #require(call(world, token))
    #expect(refused.status == 429)
    #expect(refused["retry-after"] == "1200" || refused["retry-after"] == "1199")
    #expect(refused.json?["code"]?.string == "rate_limited")
    // The limit is the account's, not the key's.
    #expect(call(world, world.issue().token)?.status == 429)
    #expect(upstream.state.withLock { $0.received.count } == 3)
  }

  @Test("a policy's own answer is told limit, remainder and when")
  func placeholders() throws {
    let (world, upstream) = try world([Self.rate(1, .key)]) { policy in
      policy.errors["rate_limited"] = ErrorTemplate(
        status: 429, body: .string("{limit} {remaining} {retry_after} {resets_at}"))
    }
    defer { upstream.stop() }
    let token = world.issue().token
    #expect(call(world, token)?.status == 200)
    let text = try #require(call(world, token)?.text)
    let parts = text.dropFirst().dropLast().split(separator: " ")
    #expect(parts.count == 4 && parts[0] == "1" && parts[1] == "0")
    #expect(Int(parts[2]).map { (3599...3600).contains($0) } == true)
    #expect(parts[3].hasSuffix("Z"))
  }

  @Test("of several rules each must pass, and what one refused the others do not count")
  func several() throws {
    let (world, upstream) = try world([Self.rate(5, .account), Self.rate(2, .key)])
    defer { upstream.stop() }
    let (one, two) = (world.issue().token, world.issue().token)
    #expect(statuses(6) { call(world, one) } == [200, 200, 429, 429, 429, 429])
    #expect(statuses(3) { call(world, two) } == [200, 200, 429])
    #expect(statuses(2) { call(world, world.issue().token) } == [200, 429])
  }

  @Test("two rules of one scope hold beside each other")
  func twins() throws {
    let (world, upstream) = try world([Self.rate(4, .key), Self.rate(2, .key)])
    defer { upstream.stop() }
    let token = world.issue().token
    #expect(statuses(4) { call(world, token) } == [200, 200, 429, 429])
  }

  @Test("a rule with a route counts that route's calls only, however its path is spelt")
  func routes() throws {
    let documents = RoutePattern(method: "POST", path: "/documents*")
    let (world, upstream) = try world([
      Self.rate(2, .account, route: documents),
      Self.rate(1, .account, route: RoutePattern(method: "*", path: "/*"), except: [documents]),
    ])
    defer { upstream.stop() }
    let token = world.issue().token
    #expect(statuses(2) { call(world, token, "/documents", method: "POST") } == [200, 200])
    #expect(call(world, token, "/documents/7", method: "POST")?.status == 429)
    for path in ["/%64ocuments", "//documents", "/x/../documents"] {
      #expect(call(world, token, path, method: "POST")?.status == 429)
    }
    #expect(call(world, token, "/documents")?.status == 200)
    #expect(call(world, token, "/other")?.status == 429)
  }

  @Test("a rule with exceptions counts a call whose path could be read as another")
  func exceptions() throws {
    let documents = RoutePattern(method: "POST", path: "/documents*")
    let (world, upstream) = try world([Self.rate(1, .account, except: [documents])])
    defer { upstream.stop() }
    let token = world.issue().token
    #expect(statuses(3) { call(world, token, "/documents", method: "POST") } == [200, 200, 200])
    #expect(call(world, token, "/documents/../other", method: "POST")?.status == 200)
    #expect(call(world, token, "/documents/../other", method: "POST")?.status == 429)
    #expect(call(world, token, "/documents", method: "POST")?.status == 200)
  }

  @Test("an address is limited whatever its credential, and IPv6 by /64")
  func addresses() throws {
    let trusted = try [#require(CIDR("127.0.0.0/8"))]
    let (world, upstream) = try world([Self.rate(3, .address)], trusted: trusted)
    defer { upstream.stop() }
    let token = world.issue().token
    let guesses = [nil, "nonsense", world.newToken()]
    #expect(guesses.map { call(world, $0, from: "192.0.2.1")?.status } == [401, 401, 401])
    #expect(call(world, token, from: "192.0.2.1")?.status == 429)
    #expect(call(world, nil, from: "192.0.2.1")?.status == 429)
    #expect(call(world, token, from: "192.0.2.2")?.status == 200)
    let rotating = (1...4).map { call(world, token, from: "2001:db8::\($0)")?.status }
    #expect(rotating == [200, 200, 200, 429])
    #expect(call(world, token, from: "2001:db8:0:1::1")?.status == 200)
  }

  @Test("verify is refused with its code; a dry run says what would be and takes nothing")
  func verify() throws {
    let (world, upstream) = try world([Self.rate(2, .account), Self.rate(9, .address)])
    defer { upstream.stop() }
    let (token, operatorToken) = (world.issue().token, world.operatorKey())
    func code(_ more: String = "") -> String? {
      world.verify("{\"project\":\"demo\",\"key\":\"\(token)\"\(more)}", operator: operatorToken)?
        .json?["code"]?.string
    }
    #expect((0..<5).map { _ in code(",\"dry_run\":true") } == Array(repeating: "valid", count: 5))
    #expect((0..<3).map { _ in code() } == ["valid", "valid", "rate_limited"])
    #expect(code(",\"dry_run\":true") == "rate_limited")
  }

  @Test("verify limits the address it is told")
  func verifyAddress() throws {
    let (world, upstream) = try world([Self.rate(1, .address)])
    defer { upstream.stop() }
    let (token, operatorToken) = (world.issue().token, world.operatorKey())
    func code(_ address: String) -> String? {
      world.verify(
        "{\"project\":\"demo\",\"key\":\"\(token)\"\(address)}", operator: operatorToken)?
        .json?["code"]?.string
    }
    #expect(code("") == "valid" && code("") == "valid")
    let one = ",\"address\":\"192.0.2.1\""
    #expect(code(one) == "valid" && code(one) == "rate_limited")
    #expect(code(",\"address\":\"192.0.2.2\"") == "valid")
  }

  @Test("authz answers 429, and for nginx 403 with the true status and the time to wait")
  func authz() throws {
    let (world, upstream) = try world([Self.rate(1, .application)])
    defer { upstream.stop() }
    let headers = ["Authorization: Bearer \(world.issue().token)"]
    #expect(world.authz(headers)?.status == 200)
    let plain = try #require(world.authz(headers))
    #expect(plain.status == 429 && plain["retry-after"] != nil)
    let nginx = try #require(world.authz(headers, path: "/v1/authz/demo?mode=nginx"))
    #expect(nginx.status == 403)
    #expect(nginx["x-latchkey-status"] == "429")
    #expect(nginx["retry-after"].flatMap { Int($0) }.map { (3598...3600).contains($0) } == true)
  }

  @Test("refused calls count where the rule says so, whichever limit refused them")
  func countRefused() throws {
    let (world, upstream) = try world([
      Self.rate(1, .key), Self.rate(3, .account, countRefused: true),
    ])
    defer { upstream.stop() }
    let token = world.issue().token
    #expect(statuses(3) { call(world, token) } == [200, 429, 429])
    #expect(call(world, world.issue().token)?.status == 429)
  }

  @Test("a request that keeps failing is refused for a while; other requests and callers go on")
  func identicalFailing() throws {
    var rule = Self.rate(3, .account, countRefused: true)
    rule.identicalFailing = true
    let (world, upstream) = try world([rule])
    defer { upstream.stop() }
    let token = world.issue().token
    let failing = statuses(5) { call(world, token, "/status/404?a=1") }
    #expect(failing == [404, 404, 404, 429, 429])
    let refused = try #require(call(world, token, "/status/404?a=1"))
    #expect(refused["retry-after"] == "1200" && refused["ratelimit"] != nil)
    #expect(upstream.state.withLock { $0.received.count } == 3)
    #expect(call(world, token, "/status/404?a=2")?.status == 404)
    #expect(call(world, token, "/status/404?a=1", method: "DELETE")?.status == 404)
    #expect(statuses(5) { call(world, token) } == [200, 200, 200, 200, 200])
    #expect(statuses(5) { call(world, token, "/status/503") } == [503, 503, 503, 503, 503])
    #expect(call(world, token)?["ratelimit"] == nil)
  }

  @Test("a limit that is changed holds from the next call on, and begins anew")
  func changed() throws {
    let (world, upstream) = try world([Self.rate(2, .account)])
    defer { upstream.stop() }
    let token = world.issue().token
    #expect(statuses(3) { call(world, token) } == [200, 200, 429])
    var project = world.project
    project.policy.rates = []
    world.apply(.project(project))
    #expect(call(world, token)?.status == 200)
    project.policy.rates = [Self.rate(4, .account)]
    world.apply(.project(project))
    #expect(statuses(5) { call(world, token) } == [200, 200, 200, 200, 429])
  }
}
