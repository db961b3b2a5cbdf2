// The engine against scripted endpoints: what is sent, when, how often, and what becomes of it.
import Crypto
import Foundation
import KeyModel
import Storage
import TestSupport
import Testing

@testable import Delivery

@Suite("The delivery engine")
struct DeliveryEngineTests {
  private static let url = "https://a.example/in"

  @Test("An attempt follows the schedule within a tenth, with one id and the same bytes")
  func gaps() async throws {
    let retry: [Int64] = [0, 5, 300, 1800, 7200, 18000, 36000]
    let world = try await DeliveryWorld(retry: retry)
    let hook = try await world.webhook(Self.url)
    world.endpoints.answer(Self.url, 500)
    try await world.emit(Self.url)
    try await world.live(seconds: 80_000)
    let delivery = try #require(try await world.deliveries(hook).first)
    #expect(delivery.state == .failed && delivery.attempts.count == 7)
    let times = delivery.attempts.map(\.at.microseconds)
    for (index, wait) in retry.enumerated().dropFirst() {
      let gap = Double(times[index] - times[index - 1]) / 1e6
      #expect(abs(gap - Double(wait)) <= Double(wait) * 0.1, "gap \(index)")
    }
    let calls = world.endpoints.calls
    #expect(Set(calls.map(\.body)).count == 1)
    #expect(Set(calls.map { Self.header($0, "webhook-id") }).count == 1)
    #expect(Set(calls.map { Self.header($0, "webhook-timestamp") }).count == 7)
  }

  private static func header(_ request: OutboundRequest, _ name: String) -> String {
    request.headers.first { $0.name == name }?.value ?? ""
  }

  @Test("410 disables at once; what waits is cancelled")
  func gone() async throws {
    let world = try await DeliveryWorld()
    let hook = try await world.webhook(Self.url)
    world.endpoints.answer(Self.url, 410)
    try await world.emit(Self.url, 50)
    try await world.live(seconds: 100)
    let webhook = try await world.store.read { try $0.webhooks.find(hook) }
    #expect(webhook?.disabledReason == .gone)
    let states = try await world.states(hook)
    #expect(states[.pending] == nil && states[.delivered] == nil)
    #expect((states[.cancelled] ?? 0) >= 40)
  }

  @Test("A redirect is a failure and is not followed")
  func redirect() async throws {
    for status in [301, 302, 303, 307, 308] {
      let world = try await DeliveryWorld(retry: [0])
      let hook = try await world.webhook(Self.url)
      world.endpoints.answer(Self.url, status, [("Location", "https://b.example/")])
      try await world.emit(Self.url)
      try await world.settle()
      try await #expect(world.states(hook) == [.failed: 1])
      #expect(world.endpoints.calls.map(\.url) == [Self.url])
    }
  }

  @Test("Retry-After holds the whole endpoint back for so long")
  func retryAfter() async throws {
    let world = try await DeliveryWorld(retry: [0, 5])
    _ = try await world.webhook(Self.url)
    world.endpoints.answer(Self.url, 429, [("Retry-After", "600")])
    try await world.emit(Self.url)
    try await world.settle()
    try await world.emit(Self.url, 5)
    try await world.live(seconds: 590)
    #expect(world.endpoints.calls.count == 1)
    world.endpoints.answer(Self.url, 200)
    try await world.live(seconds: 20)
    #expect(world.endpoints.calls.count == 7)
  }

  @Test("An endpoint that fails for the policy's time is disabled; one that recovers is not")
  func failing() async throws {
    let waits: [Int64] = [0, 60, 600, 600, 600, 600, 600, 600, 600, 600]
    let world = try await DeliveryWorld(retry: waits, disableAfter: 3600)
    let dead = try await world.webhook(Self.url)
    let alive = try await world.webhook("https://b.example")
    world.endpoints.answer(Self.url, 500)
    world.endpoints.answer("https://b.example", 500)
    try await world.emit(Self.url, 3)
    try await world.emit("https://b.example", 3)
    try await world.live(seconds: 1800)
    world.endpoints.answer("https://b.example", 200)
    try await world.live(seconds: 3600)
    let (first, second) = try await world.store.read { tx in
      (try tx.webhooks.find(dead), try tx.webhooks.find(alive))
    }
    #expect(first?.disabledReason == .failing && second?.disabledReason == nil)
    try await #expect(world.states(alive) == [.delivered: 3])
  }

  @Test("A hundred endpoints that hang do not hold up one that answers, of the same account")
  func isolation() async throws {
    let world = try await DeliveryWorld()
    let gate = Gate()
    for number in 0..<100 {
      let url = "https://hung\(number).example"
      _ = try await world.webhook(url)
      world.endpoints.answer(url) { _ in
        await gate.pass()
        return .failure(OutboundFailure(.timedOut, "no answer", mayHaveArrived: true))
      }
      try await world.emit(url, 10)
    }
    let healthy = try await world.webhook(Self.url)
    world.endpoints.answer(Self.url, 200)
    await until {
      await world.turn()
      return gate.count >= 100
    }
    #expect(gate.count >= 100)
    try await world.emit(Self.url, 150)
    await until {
      _ = await world.engine.round([healthy])
      return (try? await world.states(healthy)) == [.delivered: 150]
    }
    try await #expect(world.states(healthy) == [.delivered: 150])
    #expect(gate.count <= 512)
    gate.open()
    await until { await world.engine.isQuiet }
  }

  @Test("Four hundred endpoints of one account that hang leave room for others and its prompt one")
  func accounts() async throws {
    let world = try await DeliveryWorld()
    let prompt = try await world.webhook(Self.url)
    world.endpoints.answer(Self.url, 200)
    try await world.emit(Self.url)
    try await world.settle()
    let gate = Gate()
    for number in 0..<400 {
      let url = "https://hung\(number).example"
      _ = try await world.webhook(url)
      world.endpoints.answer(url) { _ in
        await gate.pass()
        return .failure(OutboundFailure(.timedOut, "no answer", mayHaveArrived: true))
      }
      try await world.emit(url, 3)
    }
    let bound = DeliverySettings().accountShare.slow
    await until {
      await world.turn()
      return gate.count >= bound
    }
    let new = "https://new.example"
    let neighbour = try await world.webhook(new, of: world.neighbour)
    world.endpoints.answer(new, 200)
    try await world.emit(new, 150, of: world.neighbour)
    try await world.emit(Self.url, 150)
    await until {
      _ = await world.engine.round([prompt, neighbour])
      let states = [try? await world.states(prompt), try? await world.states(neighbour)]
      return states == [[.delivered: 151], [.delivered: 150]]
    }
    try await #expect(world.states(prompt) == [.delivered: 151])
    try await #expect(world.states(neighbour) == [.delivered: 150])
    #expect(gate.count == bound)
    gate.open()
    await until { await world.engine.isQuiet }
  }

  @Test("What is stored while a page is read is not sent again")
  func rereading() async throws {
    let world = try await DeliveryWorld()
    let id = try await world.webhook(Self.url)
    try await world.emit(Self.url)
    let (found, page) = try await world.store.read { tx in
      (try tx.webhooks.find(id), try tx.deliveries.due(of: id, at: world.clock.now, limit: 9))
    }
    let (hook, due) = (try #require(found), try #require(page.first))
    let secrets = WebhookSecrets(entropy: SeededEntropy(seed: 1))
    var run = QueueRun(
      WebhookQueue(webhookID: id, epoch: 1, health: EndpointHealth()), hook,
      Assignment(rules: world.rules, material: SigningMaterial(current: secrets)),
      leasedUntil: .latest)
    run.take([due], limit: 16, next: nil)
    #expect(run.start() == due)
    run.asked()
    let now = world.clock.now
    let report = AttemptReport(
      .success(OutboundAnswer(status: 200)), started: now, now: now, secrets: [])
    run.stored(run.ended(due, report, now: now, random: 0).delivery)
    run.take([due], limit: 16, next: nil)
    #expect(run.ready.isEmpty)
    // Due again, as after a replay.
    run.asked()
    run.take([due], limit: 16, next: nil)
    #expect(run.ready == [due])
  }

  @Test("Nothing is started under a claim that has run out")
  func lapsedClaim() async throws {
    let world = try await DeliveryWorld()
    let id = try await world.webhook(Self.url)
    try await world.emit(Self.url)
    let (now, end) = (world.clock.now, world.clock.now.adding(seconds: 30))
    let (found, page) = try await world.store.read { tx in
      (try tx.webhooks.find(id), try tx.deliveries.due(of: id, at: now, limit: 9))
    }
    let secrets = WebhookSecrets(entropy: SeededEntropy(seed: 1))
    var run = QueueRun(
      WebhookQueue(webhookID: id, epoch: 1, health: EndpointHealth()), try #require(found),
      Assignment(rules: world.rules, material: SigningMaterial(current: secrets)),
      leasedUntil: end)
    run.take(page, limit: 16, next: nil)
    #expect(run.canStart(now) && !run.canStart(end))
    run.leasedUntil = end.adding(seconds: 30)
    #expect(run.canStart(end))
  }

  @Test("Without a failure each event is sent once, however often the store is asked meanwhile")
  func once() async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let world = try await DeliveryWorld(.sqliteFile(path: folder.appending(path: "d.db").path))
    let hook = try await world.webhook(Self.url)
    world.endpoints.answer(Self.url, 200)
    for _ in 0..<20 {
      try await world.emit(Self.url, 100)
      for _ in 0..<20 { _ = await world.engine.round([hook]) }
    }
    await until {
      _ = await world.engine.round([hook])
      return await world.engine.totals.delivered >= 2000
    }
    await until { await world.engine.isQuiet }
    let sent = world.endpoints.calls.map { Self.header($0, "webhook-id") }
    #expect(sent.count == 2000 && Set(sent).count == 2000)
    world.store.close()
  }

  @Test("Random failures: in the end everything has arrived, once as the store knows")
  func chaos() async throws {
    let world = try await DeliveryWorld(retry: [0] + [Int64](repeating: 10, count: 31))
    let hook = try await world.webhook(Self.url)
    let dice = Dice()
    world.endpoints.answer(Self.url) { _ in
      switch dice.roll(10) {
      case 0: .success(OutboundAnswer(status: 500))
      case 1: .failure(OutboundFailure(.timedOut, "no answer", mayHaveArrived: true))
      case 2: .success(OutboundAnswer(status: 503))
      default: .success(OutboundAnswer(status: 200))
      }
    }
    for _ in 0..<10 {
      try await world.emit(Self.url, 20)
      try await world.live(seconds: 7)
    }
    try await world.live(seconds: 2000)
    try await #expect(world.states(hook) == [.delivered: 200])
    let ids = Set(world.endpoints.calls.map { Self.header($0, "webhook-id") })
    #expect(ids.count == 200)
  }

  @Test("Two servers on one store: each delivery is made, and a dead server's claims pass on")
  func nodes() async throws {
    let cluster = try PostgresCluster(settings: ["fsync=off"])
    let url = "postgresql://latchkey@127.0.0.1:\(cluster.port)/postgres"
    let first = try await DeliveryWorld(.postgres(url: url))
    let hook = try await first.webhook(Self.url)
    let gate = Gate()
    first.endpoints.answer(Self.url) { _ in
      await gate.pass()
      return .success(OutboundAnswer(status: 200))
    }
    try await first.emit(Self.url, 8)
    _ = await first.engine.round()
    let second = try await DeliveryWorld(sharing: first)
    _ = await second.engine.round()
    await until { gate.count >= 4 }
    // The first holds the queue: the second starts nothing.
    #expect(first.endpoints.calls.count == 4)
    first.clock.move(to: first.clock.now.adding(seconds: 31))
    first.endpoints.answer(Self.url, 200)
    await until {
      _ = await second.engine.round()
      return (try? await first.states(hook)) == [.delivered: 8]
    }
    try await #expect(first.states(hook) == [.delivered: 8])
    // What the first hears now is too late to count.
    gate.open()
    await until { await first.engine.isQuiet }
    try await #expect(first.states(hook) == [.delivered: 8])
    try await #expect(first.deliveries(hook).allSatisfy { $0.attempts.count == 1 })
    first.store.close()
    cluster.stop()
  }

  @Test("What is kept of an answer is short, printable and holds none of our secrets")
  func excerpt() {
    let body = Array("a\u{0}b whsec_x ".utf8) + [0xFF] + [UInt8](repeating: 0x63, count: 5000)
    let report = AttemptReport(
      .success(OutboundAnswer(status: 500, body: body)), started: Timestamp(seconds: 0),
      now: Timestamp(seconds: 1), secrets: ["whsec_x"])
    let text = report.attempt.responseExcerpt ?? ""
    #expect(
      text.hasPrefix("a\u{FFFD}b [redacted] \u{FFFD}ccc") && text.unicodeScalars.count == 1024)
    #expect(report.attempt.error == "status 500")
  }
}

private final class Dice: Sendable {
  private let state = Locked(SeededGenerator(seed: 9))
  func roll(_ sides: UInt64) -> UInt64 { state.withLock { $0.next() % sides } }
}
