// Events are in the store exactly if the change that caused them is.
import KeyModel
import Management
import Storage
import Testing

@Suite("Events")
struct EventTests {
  @Test("A key's life is told to the webhooks that subscribed, in their environment")
  func keys() async throws {
    let world = try await World()
    let account = try await world.account()
    let hooks = try await world.hooks(
      account, [("production", ["key.created", "key.revoked"]), ("sandbox", ["*"])])
    let key = try await world.key(account)
    _ = try await world.management.rotateKey(key.id, KeyRotation(), by: World.local)
    _ = try await world.management.revokeKey(key.id, by: World.local)
    _ = try await world.key(account, "sandbox")
    try await #expect(world.types(hooks[0]) == ["key.created", "key.revoked"])
    try await #expect(world.types(hooks[1]) == ["key.created"])
  }

  @Test("What is sent has the members of the contract, and no secret")
  func body() async throws {
    let world = try await World()
    let account = try await world.account()
    let hooks = try await world.hooks(account, [("production", ["*"])])
    let key = try await world.key(account)
    let due = try await world.store.read { [world] tx in
      try tx.deliveries.due(of: hooks[0], at: world.clock.now(), limit: 9)
    }
    let first = try #require(due.first)
    let body = try JSONReader.read(first.body)
    #expect(
      body.object?.members.map(\.name) == [
        "id", "type", "created_at", "account_id", "environment", "data",
      ])
    #expect(body["id"]?.string == first.delivery.eventID.description)
    #expect(body["data"]?["key_id"]?.string == key.id.description)
    #expect(!String(decoding: first.body, as: UTF8.self).contains(key.secret))
  }

  @Test("A change that is refused leaves no event")
  func refused() async throws {
    let world = try await World()
    let account = try await world.account(
      policy: ["limits": ["keys": ["max": 1, "min": 0, "per": "account"]]])
    let hooks = try await world.hooks(account, [("production", ["*"])])
    _ = try await world.key(account)
    await #expect(code { try await world.key(account) } == .keyLimitReached)
    try await #expect(world.types(hooks[0]) == ["key.created"])
  }
}

extension World {
  /// Webhooks straight in the store.
  func hooks(
    _ account: AccountID, _ wanted: [(environment: String, events: [String])]
  ) async throws -> [WebhookID] {
    let now = clock.now()
    return try await store.write { tx in
      guard let owner = try tx.accounts.find(account) else { throw Missing() }
      return try wanted.enumerated().map { number, one in
        let id = WebhookID(now: now, random: UInt128(number))
        try tx.webhooks.insert(
          Webhook(
            id: id, projectID: owner.projectID, accountID: account, name: "",
            url: "https://hooks.example/\(number)", environment: one.environment,
            events: one.events, sealedSecrets: [], createdAt: now))
        return id
      }
    }
  }

  /// Oldest first.
  func types(_ webhook: WebhookID) async throws -> [String] {
    try await store.read { try $0.deliveries.list(of: webhook, limit: 50) }.map(\.eventType)
      .reversed()
  }
}
