// What a worker counts of its calls: each once, under the way it came and what was decided.
import Foundation
import HTTPServer
import KeyModel
import TestSupport
import Testing

@testable import Gateway

struct CallTallyTests {
  private let upstream = TinyUpstream()

  @Test("each decision counts once under its door and code, each ending once")
  func decisions() throws {
    defer { upstream.stop() }
    let world = try GatewayWorld(upstream: upstream.url)
    let (token, key) = world.issue()
    let (gone, other) = world.issue()
    world.revoke(other)
    func get(_ token: String, _ path: String = "/x") -> Int? {
      let client = RawClient(port: world.gateway)
      client.send("GET \(path) HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \(token)\r\n\r\n")
      return client.receiveAnswer()?.status
    }
    #expect([get(token), get(token), get(gone), get("nonsense")] == [200, 200, 401, 401])
    _ = world.authz(["Authorization: Bearer \(token)"])
    _ = world.authz(["Authorization: Bearer \(gone)"])
    let operatorKey = world.operatorKey()
    for more in ["", ",\"dry_run\":true"] {
      _ = world.verify(
        "{\"project\":\"demo\",\"key\":\"\(token)\"\(more)}", operator: operatorKey)
    }
    _ = world.verify("{", operator: operatorKey)
    let counts = world.counts()
    #expect(
      counts.decisions[.gateway]?.filter { $0.value > 0 } == [
        .valid: 2, .revoked: 1, .malformed: 1,
      ])
    #expect(counts.decisions[.authz]?.filter { $0.value > 0 } == [.valid: 1, .revoked: 1])
    #expect(counts.decisions[.verify]?.filter { $0.value > 0 } == [.valid: 1])
    #expect(counts.decisions[.dryRun]?.filter { $0.value > 0 } == [.valid: 1])
    #expect(Door.allCases.map { counts.deciding[$0]?.count } == [4, 2, 1, 1])
    #expect(counts.gateway.count == 4 && counts.upstream.count == 2)
    #expect(counts.gateway.nanoseconds >= counts.upstream.nanoseconds)
    #expect(counts.answers == [0, 0, 2, 0, 2, 0])
    #expect(counts.problems.filter { $0.value > 0 } == ["malformed_json": 1])
    #expect(counts.forwarded == 0 && counts.parked == 0)
    world.revoke(key)
  }

  @Test("a call at an upstream is in flight until it ends, however it does; failures have names")
  func inFlight() throws {
    defer { upstream.stop() }
    let world = try GatewayWorld(upstream: upstream.url)
    let token = world.issue().token
    do {
      let client = RawClient(port: world.gateway)
      client.send("GET /silent HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \(token)\r\n\r\n")
      for _ in 0..<2000 where world.counts().forwarded == 0 { usleep(1000) }
      #expect(world.counts().forwarded == 1)
      client.resetOnClose()
    }
    for _ in 0..<2000 where world.counts().forwarded == 1 { usleep(1000) }
    let counts = world.counts()
    #expect(counts.forwarded == 0 && counts.answers[4] == 1 && counts.upstream.count == 0)
    let away = try GatewayWorld(upstream: "http://127.0.0.1:\(Loopback.silentPort())")
    let client = RawClient(port: away.gateway)
    client.send("GET /x HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \(away.issue().token)\r\n\r\n")
    #expect(client.receiveAnswer()?.status == 502)
    #expect(away.counts().problems.filter { $0.value > 0 } == ["upstream_unreachable": 1])
    #expect(away.counts().answers[5] == 1 && away.counts().forwarded == 0)
  }
}
