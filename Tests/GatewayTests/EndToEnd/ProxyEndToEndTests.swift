// The gateway over real sockets in front of a small server: what arrives there, what comes back.
import HTTPServer
import KeyModel
import Synchronization
import TestSupport
import Testing

final class ProxyEndToEndTests {
  private let upstream = TinyUpstream()
  private let world: GatewayWorld
  private let token: String
  private let key: KeyRecord

  init() throws {
    world = try GatewayWorld(upstream: upstream.url + "/")
    (token, key) = world.issue()
  }

  deinit { upstream.stop() }

  private func call(
    _ target: String, method: String = "GET", headers: [String] = [], body: String = "",
    with token: String? = nil
  ) -> Answer? {
    world.call(target, method: method, headers: headers, body: body, with: token ?? self.token)
  }

  private func request(
    _ target: String, method: String = "GET", headers: [String] = [], with token: String? = nil
  ) -> String {
    GatewayWorld.request(target, method: method, headers: headers, with: token ?? self.token)
  }

  @Test("a call passes with its identity and without its credential; a revoked key's does not")
  func passesThenRefuses() throws {
    let answer = try #require(call("/v1/a%2Fb?c=d"))
    #expect(answer.status == 200)
    let received = try #require(upstream.last)
    #expect(received.head.hasPrefix("GET /v1/a%2Fb?c=d HTTP/1.1\r\n"))
    #expect(received.lines("authorization").isEmpty)
    #expect(!received.head.contains(token))
    #expect(received.lines("x-latchkey-key") == ["X-Latchkey-Key: \(key.id)"])
    #expect(received.lines("host") == ["Host: 127.0.0.1:\(upstream.port)"])
    #expect(received.lines("x-forwarded-host") == ["X-Forwarded-Host: api.example"])
    #expect(received.lines("x-forwarded-for") == ["X-Forwarded-For: 127.0.0.1"])
    let requestID = try #require(answer["x-request-id"])
    #expect(received.lines("x-request-id") == ["X-Request-Id: \(requestID)"])
    let before = upstream.state.withLock { $0.received.count }
    world.revoke(key)
    let refused = try #require(call("/v1/a"))
    #expect(refused.status == 401)
    #expect(refused["www-authenticate"]?.hasPrefix("Bearer ") == true)
    #expect(refused["x-request-id"]?.hasPrefix("req_") == true)
    #expect(upstream.state.withLock { $0.received.count } == before)
  }

  @Test("two credentials in one call are refused in the policy's words, at both doors")
  func twoCredentials() throws {
    var policy = GatewayWorld.policy()
    policy.errors["invalid"] = ErrorTemplate(status: 401, headers: [], body: ["status": "fail"])
    let world = try GatewayWorld(policy: policy, upstream: upstream.url)
    let (token, _) = world.issue()
    let (other, _) = world.issue()
    let line = "Authorization: Bearer \(token)"
    let before = upstream.state.withLock { $0.received.count }
    for second in [line, "Authorization: Bearer \(other)", "authorization: x", "X-Key: \(other)"] {
      let answers = [
        world.call("/v1/a", headers: [second], with: token), world.authz([line, second]),
      ]
      for answer in answers {
        let answer = try #require(answer)
        #expect(answer.status == 401)
        #expect(answer.text == #"{"status":"fail"}"#)
      }
    }
    #expect(upstream.state.withLock { $0.received.count } == before)
  }

  @Test("the headers of every answer are on whatever the gateway answers, once")
  func answerHeaders() throws {
    var policy = GatewayWorld.policy()
    policy.answerHeaders = [
      .init(name: "X-Vendor-Request", value: "{request_id}"), .init(name: "X-Up", value: "ours"),
    ]
    policy.errors["missing"] = ErrorTemplate(
      status: 403, headers: [.init(name: "x-up", value: "own")])
    let world = try GatewayWorld(policy: policy, upstream: upstream.url)
    let (token, key) = world.issue()
    let auth = "Authorization: Bearer \(token)\r\n"
    func answer(_ lines: String) -> Answer? {
      let client = RawClient(port: world.gateway)
      client.send("GET /size/3 HTTP/1.1\r\nHost: a\r\n\(lines)\r\n")
      return client.receiveAnswer()
    }
    let passed = try #require(answer(auth))
    let refused = try #require(answer(""))
    let asked = try #require(world.authz(["Authorization: Bearer \(token)"]))
    let broken = try #require(
      world.authz(["Authorization: Bearer \(token)", "X-Forwarded-Uri: a"]))
    world.revoke(key)
    let revoked = try #require(answer(auth))
    let statuses = [passed, refused, asked, broken, revoked].map(\.status)
    #expect(statuses == [200, 403, 200, 400, 401])
    for one in [passed, refused, asked, broken, revoked] {
      #expect(one["x-request-id"]?.hasPrefix("req_") == true)
      #expect(one["x-vendor-request"] == one["x-request-id"])
      #expect(one.headers["x-up"] == [one.status == 403 ? "own" : "ours"])
    }
    let silent = try GatewayWorld(policy: policy, upstream: "http://127.0.0.1:1")
    let client = RawClient(port: silent.gateway)
    let (other, _) = silent.issue()
    client.send("GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \(other)\r\n\r\n")
    let down = try #require(client.receiveAnswer())
    #expect(down.status == 502)
    #expect(down["x-vendor-request"] == down["x-request-id"])
  }

  @Test("the dot that ends a full name changes nothing about the host")
  func trailingDot() throws {
    let (sandbox, _) = world.issue(environment: 1)
    func status(_ host: String, _ token: String) -> Int? {
      let client = RawClient(port: world.gateway)
      client.send(
        "GET /size/1 HTTP/1.1\r\nHost: \(host)\r\nAuthorization: Bearer \(token)\r\n\r\n")
      return client.receiveAnswer()?.status
    }
    for host in ["sandbox.example", "sandbox.example.", "SANDBOX.example.:8081"] {
      #expect(status(host, sandbox) == 200)
      #expect(status(host, token) == 401)
    }
    #expect(status("sandbox.example..", sandbox) == 200)
    #expect(status("sandbox.example.:x", sandbox) == 400)
  }

  @Test("no path leaves the base path of the upstream")
  func basePath() throws {
    let world = try GatewayWorld(upstream: upstream.url + "/base")
    let (token, _) = world.issue()
    func status(_ target: String) -> Int? {
      let client = RawClient(port: world.gateway)
      client.send(request(target, with: token))
      return client.receiveAnswer()?.status
    }
    #expect(status("/v1/a;b//c") == 200)
    #expect(upstream.last?.head.hasPrefix("GET /base/v1/a;b//c HTTP/1.1\r\n") == true)
    let before = upstream.state.withLock { $0.received.count }
    for target in ["/../a", "/a/%2e%2e/%2E%2e/b", "/..;/a", "/a\\..\\..\\b", "/.."] {
      #expect(status(target) == 400)
    }
    #expect(upstream.state.withLock { $0.received.count } == before)
  }

  @Test("no forged identity reaches the upstream, in any spelling, Connection notwithstanding")
  func stripsForgeries() throws {
    let forged = [
      "X-Latchkey-Key: forged", "x-latchkey-key: forged", "X_Latchkey_Key: forged",
      "X.Latchkey.Key: forged", "X-Latchkey_Account: forged", "X-LATCHKEY-ASSERTION: forged",
      "X-Latchkey-Whatever: forged", "X-Latchkey: forged", "x_latchkey: forged",
      "X-Forwarded-For: 6.6.6.6", "X_Forwarded_For: 6.6.6.6",
      "Forwarded: for=6.6.6.6", "X-Original-URI: /forged", "X-Request-Id: forged",
      "Connection: X-Latchkey-Key, X-Forwarded-For, x-hop", "X-Hop: forged",
    ]
    #expect(call("/a", headers: forged)?.status == 200)
    let received = try #require(upstream.last)
    #expect(!received.head.contains("forged"))
    #expect(!received.head.contains("6.6.6.6"))
    #expect(received.lines("x-latchkey-key").count == 1)
    #expect(received.lines("connection").isEmpty)
  }

  @Test(
    "bodies go both ways, sized and chunked, small and large", arguments: [0, 1, 70_000, 900_000])
  func bodies(size: Int) throws {
    let body = String(decoding: TinyUpstream.pattern(size).map { $0 & 0x3F | 0x20 }, as: UTF8.self)
    let sized = try #require(
      call("/echo", method: "POST", headers: ["Content-Length: \(size)"], body: body))
    #expect(sized.status == 200)
    #expect(upstream.last?.body == Array(body.utf8))
    #expect(sized.body.count == (upstream.last?.head.utf8.count ?? 0) + 4 + size)
    let chunks = size == 0 ? "" : "\(String(size, radix: 16))\r\n\(body)\r\n"
    let chunked = call(
      "/echo", method: "PUT", headers: ["Transfer-Encoding: chunked"], body: chunks + "0\r\n\r\n")
    #expect(chunked?.status == 200)
    #expect(upstream.last?.body == Array(body.utf8))
    #expect(upstream.last?.lines("transfer-encoding") == ["Transfer-Encoding: chunked"])
    #expect(call("/size/\(size)")?.body == TinyUpstream.pattern(size))
    #expect(call("/chunks/\(size)")?.body == TinyUpstream.pattern(size))
  }

  @Test("answers keep their meaning: HEAD, 204, 304, hop-by-hop, ended by the connection")
  func answers() throws {
    let head = try #require(call("/size/1234", method: "HEAD"))
    #expect(head.status == 200)
    #expect(head["content-length"] == "1234")
    #expect(head["x-up"] == "1")
    for status in [204, 304, 404, 500] {
      let answer = try #require(call("/status/\(status)"))
      #expect(answer.status == status)
      #expect(answer["x-hop"] == nil)
      #expect(answer["connection"] == nil)
    }
    #expect(call("/close-delimited")?.text == "until the end")
    #expect(call("/options", method: "OPTIONS")?.status == 200)
  }

  @Test("pipelined calls are answered in order over one connection to the upstream")
  func pipelined() throws {
    let client = RawClient(port: world.gateway)
    client.send((1...20).map { request("/size/\($0)") }.joined())
    for size in 1...20 {
      #expect(client.receiveAnswer()?.body == TinyUpstream.pattern(size))
    }
    #expect(upstream.state.withLock { $0.connections } == 1)
  }

  @Test("refusals keep the connection, bodies of refused calls included")
  func keepsAlive() throws {
    let client = RawClient(port: world.gateway)
    for _ in 0..<3 {
      client.send(
        request("/a", method: "POST", headers: ["Content-Length: 5"], with: "wrong") + "hello")
      #expect(client.receiveAnswer()?.status == 401)
      client.send(request("/a"))
      #expect(client.receiveAnswer()?.status == 200)
    }
    client.send("GET /a HTTP/1.1\r\nHost: a\r\n\r\n")
    #expect(client.receiveAnswer()?["www-authenticate"] == "Bearer realm=\"demo\"")
    client.send("HEAD /a HTTP/1.1\r\nHost: a\r\n\r\n")
    let head = try #require(client.receiveAnswer(toHEAD: true))
    #expect(head.status == 401)
    client.send(request("/a"))
    #expect(client.receiveAnswer()?.status == 200)
  }

  @Test(
    "an upstream that is down, broken or silent is told as such",
    arguments: [
      ("/nothing", 502, "upstream_broken"), ("/garbage", 502, "upstream_broken"),
      ("/silent", 504, "upstream_timeout"),
    ])
  func failures(path: String, status: Int, code: String) throws {
    let world = try GatewayWorld(upstream: upstream.url, timeoutSeconds: 1)
    let (token, _) = world.issue()
    let client = RawClient(port: world.gateway)
    client.send(request(path, method: "POST", headers: ["Content-Length: 0"], with: token))
    let answer = try #require(client.receiveAnswer())
    #expect(answer.status == status)
    #expect(answer["content-type"] == "application/problem+json")
    #expect(answer.json?["code"]?.string == code)
    #expect(answer["x-request-id"]?.hasPrefix("req_") == true)
  }

  @Test("nobody listening is 502; no upstream at all says so")
  func unreachable() throws {
    let down = try GatewayWorld(upstream: "http://127.0.0.1:\(Loopback.silentPort())")
    for (world, code) in [(down, "upstream_unreachable"), (try GatewayWorld(), "upstream_missing")]
    {
      let (token, _) = world.issue()
      let client = RawClient(port: world.gateway)
      client.send(
        request("/a", method: "POST", headers: ["Content-Length: 3"], with: token) + "abc")
      let answer = try #require(client.receiveAnswer())
      #expect(answer.status == 502)
      #expect(answer.json?["code"]?.string == code)
    }
  }

  @Test("an answer that is cut off reaches the client as cut off")
  func cutOff() {
    let client = RawClient(port: world.gateway)
    client.send(request("/cut"))
    #expect(client.receiveThrough("\r\n\r\n") != nil)
    #expect(client.receiveExactly(1000) == nil)
  }

  @Test("an upstream that answers before the body is complete is heard")
  func early() {
    let answer = call(
      "/early", method: "POST", headers: ["Content-Length: 100000"],
      body: String(repeating: "x", count: 5000))
    #expect(answer?.status == 413)
    #expect(answer?.text == "much")
  }

  @Test("when the client goes, its call is given up")
  func clientGone() {
    var client: RawClient? = RawClient(port: world.gateway)
    client?.send(request("/silent"))
    #expect(upstream.waits { $0.received.count == 1 })
    // A closed sending half alone would not say that it is gone.
    client?.resetOnClose()
    client = nil
    #expect(upstream.waits { $0.abandoned == 1 })
  }

  @Test("a slow reader holds back the upstream, and gets all of it in the end")
  func slowReader() {
    let total = 64 << 20
    let client = RawClient(port: world.gateway, receiveBuffer: 65_536)
    client.send(request("/flood/\(total)"))
    #expect(client.receiveThrough("\r\n\r\n") != nil)
    var before = -1
    // As soon as two looks see the same number, everything on the way is full.
    _ = upstream.waits { state in
      defer { before = state.flooded }
      return state.flooded > 0 && state.flooded == before
    }
    #expect(upstream.state.withLock { $0.flooded } < 24 << 20)
    var got = 0
    while got < total, let piece = client.receiveSome(1 << 20), !piece.isEmpty {
      got += piece.count
    }
    #expect(got == total)
  }

  @Test("an upstream that reads slowly holds back the client")
  func slowUpstream() {
    let client = RawClient(port: world.gateway)
    let total = 64 << 20
    client.send(request("/hold", method: "POST", headers: ["Content-Length: \(total)"]))
    client.wait(milliseconds: 500)
    let block = [UInt8](repeating: 0x62, count: 1 << 20)
    var sent = 0
    while sent < total, client.send(block) { sent += block.count }
    #expect(sent < 40 << 20)
    upstream.state.withLock { $0.mayRead = true }
  }

  @Test("TRACE and CONNECT are refused, upgrades are not passed on")
  func methods() throws {
    #expect(call("/a", method: "TRACE")?.status == 405)
    #expect(call("/a", headers: ["Connection: Upgrade", "Upgrade: websocket"])?.status == 200)
    #expect(upstream.last?.lines("upgrade").isEmpty == true)
    #expect(
      call("/a", method: "POST", headers: ["Expect: 100-continue", "Content-Length: 0"])?.status
        == 200)
    #expect(upstream.last?.lines("expect").isEmpty == true)
  }

  @Test("the host selects project and environment")
  func hosts() throws {
    let client = RawClient(port: world.gateway)
    client.send(
      "GET /a HTTP/1.1\r\nHost: SANDBOX.example:81\r\nAuthorization: Bearer \(token)\r\n\r\n")
    #expect(client.receiveAnswer()?.status == 401)
    let (sandbox, _) = world.issue(environment: 1)
    client.send(
      "GET /a HTTP/1.1\r\nHost: sandbox.example\r\nAuthorization: Bearer \(sandbox)\r\n\r\n")
    #expect(client.receiveAnswer()?.status == 200)
    #expect(upstream.last?.lines("x-latchkey-environment") == ["X-Latchkey-Environment: sandbox"])
    var other = world.project
    other.id = ProjectID(bits: 99)
    other.slug = "other"
    other.hosts = ["other.example"]
    other.policy.environments.removeLast()
    world.apply(.project(other))
    client.send("GET /a HTTP/1.1\r\nHost: nobody.example\r\n\r\n")
    #expect(client.receiveAnswer()?.status == 404)
  }

  @Test("a trusted proxy's X-Forwarded-For is carried on")
  func trusted() throws {
    let loopback = try #require(CIDR("127.0.0.0/8"))
    let world = try GatewayWorld(upstream: upstream.url, trusted: [loopback])
    let (token, _) = world.issue()
    let client = RawClient(port: world.gateway)
    let lines = ["X-Forwarded-For: 203.0.113.9", "X-Forwarded-Proto: https"]
    client.send(request("/a", headers: lines, with: token))
    #expect(client.receiveAnswer()?.status == 200)
    let received = try #require(upstream.last)
    #expect(received.lines("x-forwarded-for") == ["X-Forwarded-For: 203.0.113.9, 127.0.0.1"])
    #expect(received.lines("x-forwarded-proto") == ["X-Forwarded-Proto: https"])
  }
}
