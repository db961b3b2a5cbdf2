// Whatever becomes of a call, its slot comes back. `LATCHKEY_ENDINGS` makes the run longer, and
// `LATCHKEY_TEST_SEED` another one.
import Foundation
import HTTPServer
import KeyModel
import Synchronization
import TestSupport
import Testing
import Verification

struct SlotEndingTests {
  private let upstream = TinyUpstream()

  private func world(
    _ max: Int, limits: Limits = Limits(), workers: Int = 1, timeoutSeconds: Int64 = 30
  ) throws -> GatewayWorld {
    var policy = GatewayWorld.policy()
    policy.concurrency = Concurrency(max: max, scope: .account)
    return try GatewayWorld(
      policy: policy, upstream: upstream.url, limits: limits, timeoutSeconds: timeoutSeconds,
      workers: workers)
  }

  private func begin(_ world: GatewayWorld, _ token: String, _ path: String) -> RawClient {
    let client = RawClient(port: world.gateway)
    client.send("GET \(path) HTTP/1.1\r\nHost: api\r\nAuthorization: Bearer \(token)\r\n\r\n")
    return client
  }

  /// True as soon as so many slots are in use; false after twenty seconds.
  private func uses(_ count: Int64, _ world: GatewayWorld) -> Bool {
    for _ in 0..<4000 {
      if world.meters.slots.total == count { return true }
      usleep(5000)
    }
    return false
  }

  @Test("a call beyond the limit is refused until one before it ends")
  func limit() throws {
    defer { upstream.stop() }
    let world = try world(2)
    let (one, two) = (world.issue().token, world.issue().token)
    var first: RawClient? = begin(world, one, "/silent")
    let second = begin(world, two, "/silent")
    #expect(uses(2, world))
    let refused = try #require(begin(world, one, "/x").receiveAnswer())
    #expect(refused.status == 429)
    #expect(refused.json?["code"]?.string == "concurrency_exceeded")
    #expect(refused["retry-after"] == "1")
    first?.resetOnClose()
    first = nil
    #expect(uses(1, world))
    #expect(begin(world, one, "/x").receiveAnswer()?.status == 200)
    withExtendedLifetime(second) {}
  }

  @Test("verify and authz are refused while the gateway's slots are taken, and take none")
  func elsewhere() throws {
    defer { upstream.stop() }
    let world = try world(1)
    let (token, operatorToken) = (world.issue().token, world.operatorKey())
    func code() -> String? {
      world.verify("{\"project\":\"demo\",\"key\":\"\(token)\"}", operator: operatorToken)?
        .json?["code"]?.string
    }
    #expect(code() == "valid" && code() == "valid")
    let held = begin(world, token, "/silent")
    #expect(uses(1, world))
    #expect(code() == "concurrency_exceeded")
    #expect(world.authz(["Authorization: Bearer \(token)"])?.status == 429)
    withExtendedLifetime(held) {}
  }

  @Test("a client that closes its sending half keeps its slot for a grace, then it is gone")
  func halfClosed() throws {
    defer { upstream.stop() }
    var limits = Limits()
    limits.halfCloseGraceMilliseconds = 300
    let world = try world(4, limits: limits)
    let token = world.issue().token
    let answered = begin(world, token, "/x")
    answered.finishSending()
    #expect(answered.receiveAnswer()?.status == 200)
    let held = begin(world, token, "/silent")
    #expect(uses(1, world))
    held.finishSending()
    #expect(uses(0, world))
    #expect(upstream.waits { $0.abandoned == 1 })
    #expect(held.receiveToEnd() == [])
  }

  @Test("the last slot is back before a client can have read the whole answer")
  func order() throws {
    defer { upstream.stop() }
    let world = try world(1)
    let token = world.issue().token
    let client = RawClient(port: world.gateway)
    for number in 0..<300 {
      let method = number % 3 == 0 ? "HEAD" : "GET"
      let whole = method == "HEAD" ? "/size/3000" : "/chunks/3000"
      let path = number % 2 == 0 ? whole : "/status/204"
      client.send(
        "\(method) \(path) HTTP/1.1\r\nHost: api\r\nAuthorization: Bearer \(token)\r\n\r\n")
      let status = try #require(client.receiveAnswer(toHEAD: method == "HEAD")).status
      #expect(status == (number % 2 == 0 ? 200 : 204))
    }
  }

  @Test("an upstream that does not answer in time gives the slot back")
  func timeout() throws {
    defer { upstream.stop() }
    let world = try world(1, timeoutSeconds: 1)
    let token = world.issue().token
    #expect(begin(world, token, "/silent").receiveAnswer()?.status == 504)
    #expect(world.meters.slots.total == 0)
  }

  @Test("a drain that ends calls gives their slots back")
  func drain() throws {
    defer { upstream.stop() }
    var limits = Limits()
    limits.drainSeconds = 1
    let world = try world(50, limits: limits)
    let token = world.issue().token
    let clients = (0..<20).map { _ in begin(world, token, "/silent") }
    #expect(uses(20, world))
    world.engine.drain()
    #expect(world.meters.slots.total == 0)
    withExtendedLifetime(clients) {}
  }

  @Test("after thousands of random endings no slot is left behind", .timeLimit(.minutes(60)))
  func endings() throws {
    defer { upstream.stop() }
    let environment = ProcessInfo.processInfo.environment
    let count = environment["LATCHKEY_ENDINGS"].flatMap { Int($0) } ?? 4000
    let seed = environment["LATCHKEY_TEST_SEED"].flatMap { UInt64($0) } ?? 0
    var limits = Limits()
    limits.halfCloseGraceMilliseconds = 200
    let world = try world(24, limits: limits, workers: 2, timeoutSeconds: 1)
    let ending = RandomEnding(port: world.gateway, token: world.issue().token)
    let threads = 16
    DispatchQueue.concurrentPerform(iterations: threads) { thread in
      var draws = Draws(state: (seed &* 16 &+ UInt64(thread)) &* 7919 &+ 1)
      for _ in 0..<(count / threads) { ending.run(&draws) }
    }
    #expect(uses(0, world))
    let answer = begin(world, ending.token, "/x").receiveAnswer()
    #expect(answer?.status == 200)
    print("endings of seed \(seed): \(count / threads * threads), \(world.meters.slots.total) left")
  }
}
