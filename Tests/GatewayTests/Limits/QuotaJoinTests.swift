// Quotas in the three ways to ask: calls that wait for the store, order of judgement, dry runs.
import Foundation
import Gateway
import HTTPServer
import KeyModel
import Synchronization
import TestSupport
import Testing
import Verification

struct QuotaJoinTests {
  private let upstream = TinyUpstream()
  private let refiller = TinyRefiller()

  private func world(
    calls: Int64, waitMilliseconds: Int = 5000, onOutage: Quota.OnOutage = .refuse,
    edit: (inout Policy) -> Void = { _ in }
  ) throws -> GatewayWorld {
    var policy = GatewayWorld.policy()
    policy.quota = Quota(
      calls: calls, scope: .account, resetsAtSecond: 0, counterResetsAtSecond: 0,
      onOutage: onOutage)
    edit(&policy)
    return try GatewayWorld(
      policy: policy, upstream: upstream.url, quota: refiller.cells,
      quotaWaitMilliseconds: waitMilliseconds)
  }

  private func end() {
    upstream.stop()
    refiller.stop()
  }

  private func begin(_ world: GatewayWorld, _ token: String, _ path: String = "/x") -> RawClient {
    Self.begin(world.gateway, token, path)
  }

  private static func begin(_ port: UInt16, _ token: String, _ path: String = "/x") -> RawClient {
    let client = RawClient(port: port)
    client.send("GET \(path) HTTP/1.1\r\nHost: api\r\nAuthorization: Bearer \(token)\r\n\r\n")
    return client
  }

  private func statuses(_ count: Int, _ world: GatewayWorld, _ token: String) -> [Int] {
    (0..<count).map { _ in begin(world, token).receiveAnswer()?.status ?? 0 }
  }

  private func verify(_ world: GatewayWorld, _ token: String, _ more: String = "") -> Answer? {
    world.verify(
      "{\"project\":\"demo\",\"key\":\"\(token)\"\(more)}", operator: world.operatorKey())
  }

  @Test("exactly the day's calls pass, then 429 with the time of the next day")
  func exact() throws {
    defer { end() }
    let world = try world(calls: 3)
    let token = world.issue().token
    #expect(statuses(3, world, token) == [200, 200, 200])
    let refused = try #require(begin(world, token).receiveAnswer())
    #expect(refused.status == 429)
    #expect(refused.json?["code"]?.string == "quota_exceeded")
    let wait = try #require(refused["retry-after"].flatMap { Int($0) })
    #expect((1...86_400).contains(wait))
    #expect(refused["ratelimit"]?.hasPrefix("\"daily\";r=0;t=\(wait);") == true)
    #expect(refiller.reserved == 3)
    #expect(upstream.state.withLock { $0.received.count } == 3)
  }

  @Test("many at once pass exactly the limit")
  func concurrent() throws {
    defer { end() }
    let world = try world(calls: 40)
    let token = world.issue().token
    let passed = Atomic<Int>(0)
    let port = world.gateway
    DispatchQueue.concurrentPerform(iterations: 16) { _ in
      for _ in 0..<5 where Self.begin(port, token).receiveAnswer()?.status == 200 {
        passed.add(1, ordering: .relaxed)
      }
    }
    #expect(passed.load(ordering: .relaxed) == 40)
  }

  @Test("verify and authz count too, and verify says what is left")
  func ways() throws {
    defer { end() }
    let world = try world(calls: 3)
    let token = world.issue().token
    let first = try #require(verify(world, token)?.json)
    #expect(first["code"]?.string == "valid")
    #expect(first["quota"]?["limit"]?.integer == 3)
    #expect(first["quota"]?["remaining"]?.integer == 2)
    #expect(first["quota"]?["resets_at"]?.string?.hasSuffix("T00:00:00Z") == true)
    let allowed = try #require(world.authz(["Authorization: Bearer \(token)"]))
    #expect(allowed.status == 200)
    #expect(allowed["ratelimit-policy"] == "\"daily\";q=3;w=86400")
    #expect(statuses(2, world, token) == [200, 429])
    let nginx = world.authz(
      ["Authorization: Bearer \(token)"], path: "/v1/authz/demo?mode=nginx")
    #expect(nginx?.status == 403 && nginx?["x-latchkey-status"] == "429")
    let last = try #require(verify(world, token)?.json)
    #expect(last["code"]?.string == "quota_exceeded")
    #expect(last["quota"]?["remaining"]?.integer == 0)
  }

  @Test("a dry run says what would be, asks the store where it must, and takes nothing")
  func dryRun() throws {
    defer { end() }
    let world = try world(calls: 1)
    let token = world.issue().token
    for _ in 0..<3 {
      let answer = try #require(verify(world, token, ",\"dry_run\":true")?.json)
      #expect(answer["code"]?.string == "valid")
      #expect(answer["quota"]?["remaining"]?.integer == 1)
    }
    #expect(refiller.reserved == 0)
    #expect(statuses(1, world, token) == [200])
    #expect(
      verify(world, token, ",\"dry_run\":true")?.json?["code"]?.string == "quota_exceeded")
  }

  @Test("a call that waits in vain is told so, and gives back what it had taken")
  func waitsInVain() throws {
    defer { end() }
    refiller.close()
    let world = try world(calls: 9, waitMilliseconds: 300) { policy in
      policy.concurrency = Concurrency(max: 1, scope: .account)
      policy.rates = [
        Rate(calls: 2, seconds: 3600, scope: .account, route: nil, countRefused: false)
      ]
    }
    let token = world.issue().token
    for _ in 0..<3 {
      let answer = try #require(begin(world, token).receiveAnswer())
      #expect(answer.status == 503)
      #expect(answer.json?["code"]?.string == "quota_unavailable")
      #expect(answer["retry-after"] == "1")
    }
    #expect(verify(world, token)?.status == 503)
    #expect(world.meters.slots.total == 0)
    refiller.open()
    #expect(statuses(2, world, token) == [200, 200])
  }

  @Test("a client that leaves while its call waits takes nothing with it")
  func leaves() throws {
    defer { end() }
    refiller.close()
    let world = try world(calls: 2) { $0.concurrency = Concurrency(max: 1, scope: .account) }
    let token = world.issue().token
    do {
      let client = begin(world, token)
      for _ in 0..<2000 where world.meters.slots.total == 0 { usleep(1000) }
      #expect(world.meters.slots.total == 1)
      client.resetOnClose()
    }
    for _ in 0..<2000 where world.meters.slots.total == 1 { usleep(1000) }
    #expect(world.meters.slots.total == 0)
    refiller.open()
    #expect(statuses(3, world, token) == [200, 200, 429])
  }

  @Test("a client that leaves while its call waits is on record, by every way")
  func leavesRecord() throws {
    defer { end() }
    refiller.close()
    let world = try world(calls: 9) { $0.concurrency = Concurrency(max: 3, scope: .account) }
    let token = world.issue().token
    let body = "{\"project\":\"demo\",\"key\":\"\(token)\",\"path\":\"/asked\"}"
    do {
      let clients = [
        begin(world, token), RawClient(port: world.api), RawClient(port: world.api),
      ]
      clients[1].send(
        "GET /v1/authz/demo HTTP/1.1\r\nHost: api\r\nAuthorization: Bearer \(token)\r\n"
          + "X-Forwarded-Uri: /asked\r\n\r\n")
      clients[2].send(
        "POST /v1/verify HTTP/1.1\r\nHost: api\r\nAuthorization: Bearer \(world.operatorKey())\r\n"
          + "Content-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
      for _ in 0..<2000 where world.counts().parked < 3 { usleep(1000) }
      #expect(world.counts().parked == 3)
      for client in clients { client.resetOnClose() }
    }
    for _ in 0..<2000 where world.counts().parked > 0 { usleep(1000) }
    let records = world.records()
    #expect(records.map(\.way).sorted { $0.rawValue < $1.rawValue } == [.gateway, .authz, .verify])
    #expect(records.allSatisfy { $0.status == 499 && $0.keyID != nil })
  }

  @Test("a call with a body waits with it")
  func body() throws {
    defer { end() }
    refiller.close()
    let world = try world(calls: 2)
    let client = RawClient(port: world.gateway)
    client.send(
      "POST /x HTTP/1.1\r\nHost: api\r\nAuthorization: Bearer \(world.issue().token)\r\n"
        + "Content-Length: 5\r\n\r\nhello")
    usleep(20_000)
    refiller.open()
    #expect(client.receiveAnswer()?.text.hasSuffix("--\nhello") == true)
  }

  @Test("while the store is away calls are refused at once, or pass where the policy says so")
  func away() throws {
    defer { end() }
    refiller.close()
    refiller.cells.store(isAway: true)
    let strict = try world(calls: 2)
    #expect(statuses(1, strict, strict.issue().token) == [503])
    let lenient = try world(calls: 2, onOutage: .allow)
    #expect(statuses(3, lenient, lenient.issue().token) == [200, 200, 200])
  }

  @Test("what a rate or a slot refuses is not debited; what the quota refuses counts nowhere")
  func order() throws {
    defer { end() }
    let world = try world(calls: 3) { policy in
      policy.rates = [
        Rate(calls: 4, seconds: 3600, scope: .account, route: nil, countRefused: false)
      ]
      policy.concurrency = Concurrency(max: 1, scope: .account)
    }
    let token = world.issue().token
    var held: RawClient? = begin(world, token, "/silent")
    for _ in 0..<2000 where world.meters.slots.total == 0 { usleep(1000) }
    #expect(statuses(2, world, token) == [429, 429])
    let refused = verify(world, token)?.json
    #expect(refused?["code"]?.string == "concurrency_exceeded")
    #expect(refused?["quota"]?["remaining"]?.integer == 2)
    held?.resetOnClose()
    held = nil
    for _ in 0..<2000 where world.meters.slots.total == 1 { usleep(1000) }
    #expect(statuses(2, world, token) == [200, 200])
    for _ in 0..<3 {
      #expect(begin(world, token).receiveAnswer()?.json?["code"]?.string == "quota_exceeded")
    }
    #expect(world.meters.slots.total == 0)
  }
}
