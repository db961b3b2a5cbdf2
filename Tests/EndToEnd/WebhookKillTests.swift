// kill -9 of the server while it delivers to an endpoint that fails at random. Every event whose
// 202 was read must arrive, with one id and the same bytes however often it is sent.
// `make soak` sets LATCHKEY_TEST_EVENTS.
import Foundation
import Testing

@Suite("Webhooks through kills", .serialized)
struct WebhookKillTests {
  private static let events =
    ProcessInfo.processInfo.environment["LATCHKEY_TEST_EVENTS"].flatMap { Int($0) } ?? 2000
  private static let rounds = max(8, events / 5000)

  @Test("No event is missing after kills, 5xx and time-outs", arguments: Store.chosen)
  func kills(_ store: Store) throws {
    let receiver = try Receiver()
    let installation = try Installation(store)
    var latchkey = try Latchkey(installation, arguments: receiver.arguments)
    let waits: [Int] = [0] + Array(repeating: 1, count: 31)
    try latchkey.expect(
      201, "POST", "/v1/projects",
      [
        "slug": "demo", "name": "Demo",
        "policy": ["webhooks": ["retry": waits, "timeout_seconds": 2]],
      ])
    let account = try latchkey.expect(
      201, "POST", "/v1/projects/demo/accounts", ["name": "Acme"])["id"].text()
    let hook = try latchkey.expect(
      201, "POST", "/v1/accounts/\(account)/webhooks",
      [
        "name": "H", "url": receiver.url + "/flaky/10", "environment": "production",
        "events": ["order.created"],
      ])
    let script = Place.repository + "/Tests/EndToEnd/Support/publish.py"
    let published = receiver.folder.file("published")
    var random = Seeded(state: 17)
    let share = Self.events / Self.rounds
    for round in 0..<Self.rounds {
      let publisher = try Child(
        [
          "python3", script, "\(latchkey.apiPort)", installation.operatorKey, account,
          "production", "order.created", "\(round * share)", "\(share)", published,
        ], folder: receiver.folder.path, name: "publish\(round)")
      if round % 2 == 0 {
        // In the middle of it.
        usleep(UInt32.random(in: 50_000...400_000, using: &random))
      } else {
        _ = try publisher.wait(seconds: 300)
        usleep(UInt32.random(in: 1000...200_000, using: &random))
      }
      latchkey.child.stop(SIGKILL)
      _ = try publisher.wait(seconds: 60)
      latchkey = try Latchkey(installation, arguments: receiver.arguments)
    }
    let ids = Set(
      try String(contentsOfFile: published, encoding: .utf8).split(separator: "\n").map {
        String($0)
      })
    var missing = ids
    let hasAll = try poll(seconds: 240 + Double(Self.events) / 100) {
      usleep(500_000 + UInt32(Self.events) * 50)
      let arrived = try receiver.calls().filter { $0.status == 200 }
      missing = ids.subtracting(arrived.compactMap { $0.header("webhook-id") })
      return missing.isEmpty
    }
    #expect(hasAll, "\(missing.count) of \(ids.count) are missing")
    // A repeated delivery may still be on its way, and would be verified but not counted.
    latchkey.child.stop(SIGTERM)
    let calls = try receiver.calls()
    let bodies = Dictionary(grouping: calls) { $0.header("webhook-id") ?? "" }
    #expect(bodies.values.allSatisfy { Set($0.map(\.body)).count == 1 })
    let good = calls.filter { $0.status == 200 }.count
    print(
      "webhooks through kills, \(store): \(ids.count) events, \(missing.count) missing, "
        + "\(calls.count) calls, \(good - ids.count) duplicates")
    #expect(try receiver.verified(try hook["secret"].text(), "/flaky/10") == "\(calls.count)")
  }
}
