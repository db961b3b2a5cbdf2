// Every event that the server makes by itself has the data that its schema in the catalogue tells
// receivers of: all that is required, of the right types, and nothing besides.
import Delivery
import KeyModel
import Storage
import Testing

@testable import Management

@Suite("Schemas of events")
struct EventSchemaTests {
  @Test("The data of every type of event is as its schema says")
  func all() async throws {
    let world = try await World()
    let account = try await world.account(policy: [
      "auto_cycling": ["plans": [], "retries_within_cycle": 0],
      "rotation": ["reset": true, "overlap_max_seconds": 60],
      "leaks": ["action": "notify"],
    ])
    let hooks = try await world.hooks(account, [("production", ["*"])])
    try await keys(world, account)
    try await cycles(world, account)
    try await quotas(world, account)
    try await webhooks(world, account, hooks[0])
    let events = try await world.store.read { tx in
      try tx.deliveries.due(of: hooks[0], at: .latest, limit: 200).map {
        ($0.eventType, try JSONReader.read(Array($0.data.utf8)))
      }
    }
    for (type, data) in events {
      let kind = try #require(EventKind(rawValue: type), "\(type)")
      let faults = Schema.faults(data, kind.schema)
      #expect(faults == [], "\(type): \(JSONWriter.compactText(data))")
    }
    #expect(Set(events.map(\.0)) == Set(EventKind.allCases.map(\.rawValue)))
    let modes = events.compactMap { $0.1["mode"]?.string }
    #expect(Set(modes) == ["rotate", "reset"])
    let percents = events.compactMap { $0.1["percent"]?.integer }
    #expect(percents.sorted() == [80, 100])
  }

  private func keys(_ world: World, _ account: AccountID) async throws {
    let management = world.management
    var new = NewKey(environment: "production")
    new.expiresAt = world.clock.now().adding(seconds: 8 * 86_400)
    try await management.tellOfExpiries()
    _ = try await management.createKey(of: account, new, by: World.local)
    world.clock.advance(seconds: 86_400 + 60)
    try await management.tellOfExpiries()
    let key = try await world.key(account)
    _ = try await management.rotateKey(key.id, KeyRotation(), by: World.local)
    _ = try await management.resetKey(key.id, by: World.local)
    var fields = Fields([
      "key": .string(key.id.description), "url": "https://x.example/1", "source": "commit",
    ])
    _ = try await management.reportLeak(try LeakReport(&fields), by: World.local)
    for id in [key.id] { _ = try await management.revokeKey(id, by: World.local) }
  }

  /// One that is acknowledged and one that is not.
  private func cycles(_ world: World, _ account: AccountID) async throws {
    let management = world.management
    _ = try await management.setAutoCycling(
      of: account,
      NewCycling(
        endpoint: "https://keys.example/in", everyDays: 1,
        startsOn: world.clock.now().day + 2), by: World.local)
    let clock = world.clock
    let runner = CycleRunner(
      management: management, elapsed: { clock.now().microseconds }, report: { _ in })
    for reply in [ScriptedEndpoint.echo, ScriptedEndpoint.status(500)] {
      world.endpoint.answer(reply)
      _ = try await management.runCycle(of: account, CyclingRun(), by: World.local)
      await runner.look()
      await runner.drain()
    }
  }

  private func quotas(_ world: World, _ account: AccountID) async throws {
    let subject = QuotaSubject(id: account.bits, account: account)
    try await world.store.write { tx in
      try world.management.tellOfQuotas(
        [80, 100].map {
          QuotaNotice(
            subject: subject, scope: .account, percent: $0, limit: 100, used: $0,
            dayStart: world.clock.now())
        }, tx)
    }
  }

  /// A second webhook is disabled; the first one hears of it.
  private func webhooks(_ world: World, _ account: AccountID, _ hook: WebhookID) async throws {
    _ = try await world.management.testWebhook(hook, by: World.local)
    let now = world.clock.now()
    try await world.store.write { tx in
      guard let first = try tx.webhooks.find(hook) else { throw Missing() }
      let second = Webhook(
        id: WebhookID(now: now, random: 77), projectID: first.projectID, accountID: account,
        name: "", url: "https://gone.example", environment: "production",
        events: ["order.created"], sealedSecrets: [], createdAt: now)
      try tx.webhooks.insert(second)
      _ = try world.management.heed(
        .endpoint(.disable(.gone)), of: second.id, tx, now: now)
    }
  }

  @Test("The check finds what does not fit")
  func check() {
    let schema = EventKind.keyRotated.schema
    let good: JSONValue = [
      "key_id": "k", "environment": "production", "version_id": "v", "mode": "reset",
    ]
    #expect(Schema.faults(good, schema) == [])
    #expect(Schema.faults([:], schema).count == 4)
    for (name, value) in [
      ("mode", "other"), ("mode", 1), ("key_id", .null), ("surprise", "x"),
    ] as [(String, JSONValue)] {
      var object = good.object ?? [:]
      object[name] = value
      #expect(Schema.faults(.object(object), schema).count == 1, "\(name)")
    }
  }
}

/// The part of JSON Schema that the catalogue uses.
private enum Schema {
  static func faults(_ data: JSONValue, _ schema: JSONValue) -> [String] {
    guard let object = data.object, let properties = schema["properties"]?.object else {
      return ["no object"]
    }
    let required = (schema["required"]?.array ?? []).compactMap(\.string)
    let missing = required.filter { object[$0] == nil }.map { "\($0) is missing" }
    let wrong = object.members.compactMap { member -> String? in
      guard let wanted = properties[member.name] else { return "\(member.name) is unknown" }
      return fits(member.value, wanted) ? nil : "\(member.name) does not fit"
    }
    return missing + wrong
  }

  private static func fits(_ value: JSONValue, _ schema: JSONValue) -> Bool {
    if let constant = schema["const"] { return value == constant }
    if let choices = schema["enum"]?.array, !choices.contains(value) { return false }
    let types = schema["type"]?.array?.compactMap(\.string) ?? [schema["type"]?.string ?? ""]
    guard types.contains(where: { isOf($0, value) }) else { return false }
    guard schema["format"] == "date-time", let text = value.string else { return true }
    return RFC3339.parse(text) != nil
  }

  private static func isOf(_ type: String, _ value: JSONValue) -> Bool {
    switch type {
    case "string": value.string != nil
    case "integer": value.integer != nil
    case "null": value == .null
    default: false
    }
  }
}
