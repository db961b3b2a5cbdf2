// Requests that come twice: same answer, no second effect, secrets for ten minutes only.
import Crypto
import KeyModel
import Management
import Storage
import Testing

@Suite("Idempotency")
struct IdempotencyTests {
  private func caller(_ body: String = "{}", key: String = "k") -> Caller {
    Caller(
      .local,
      idempotency: IdempotencyKey(key: key, route: "POST /keys", body: Array(body.utf8)))
  }

  private func count(_ world: World, _ account: AccountID) async throws -> Int? {
    try await world.management.listKeys(of: account, KeyQuery(), PageRequest(), by: .local)
      .body?["data"]?.array?.count
  }

  @Test("The same key and body give the same answer, secret included, for ten minutes")
  func replay() async throws {
    let world = try await World()
    let account = try await world.account()
    let new = NewKey(environment: "production")
    let first = try await world.management.createKey(of: account, new, by: caller())
    world.clock.advance(seconds: 599)
    let second = try await world.management.createKey(of: account, new, by: caller())
    #expect(second.replayed && second.status == 201 && second.body == first.body)
    #expect(try await count(world, account) == 1)
    world.clock.advance(seconds: 1)
    let third = try await world.management.createKey(of: account, new, by: caller())
    #expect(third.body?["secret"] == nil && third.body?["secret_expired"] == true)
    #expect(third.body?["id"] == first.body?["id"])
  }

  @Test("Another body with the same key is refused; a day later the key is free again")
  func mismatch() async throws {
    let world = try await World()
    let account = try await world.account()
    let new = NewKey(environment: "production")
    let management = world.management
    _ = try await management.createKey(of: account, new, by: caller())
    #expect(
      await code {
        try await management.createKey(of: account, new, by: caller("{\"name\":\"x\"}"))
      } == .idempotencyMismatch)
    world.clock.advance(seconds: 86_400)
    _ = try await management.createKey(of: account, new, by: caller("{\"name\":\"x\"}"))
    #expect(try await count(world, account) == 2)
  }

  @Test("A refused request leaves no marker: the same key may try again")
  func refused() async throws {
    let world = try await World()
    let account = try await world.account()
    let management = world.management
    #expect(
      await code {
        try await management.createKey(
          of: account, NewKey(environment: "nowhere"), by: caller())
      } == .validationFailed)
    let answer = try await management.createKey(
      of: account, NewKey(environment: "production"), by: caller())
    #expect(answer.status == 201 && !answer.replayed)
  }

  @Test("50 requests at once with one key make one key; the others replay or are in flight")
  func concurrent() async throws {
    let world = try await World()
    let account = try await world.account()
    let management = world.management
    let caller = caller()
    let outcomes = await withTaskGroup(of: ProblemCode?.self) { group in
      for _ in 0..<50 {
        group.addTask {
          await code {
            try await management.createKey(
              of: account, NewKey(environment: "production"), by: caller)
          }
        }
      }
      return await group.reduce(into: [ProblemCode?]()) { $0.append($1) }
    }
    #expect(outcomes.allSatisfy { $0 == nil || $0 == .idempotencyInFlight })
    #expect(try await count(world, account) == 1)
  }

  @Test("The sweep erases sealed secrets after ten minutes and markers after a day")
  func sweep() async throws {
    let world = try await World()
    let account = try await world.account()
    _ = try await world.management.createKey(
      of: account, NewKey(environment: "production"), by: caller())
    func marker(_ key: String) async throws -> IdempotencyMarker? {
      try await world.store.read {
        try $0.idempotency.find(principal: "local", route: "POST /keys", key: key)
      }
    }
    // The store has a digest of what the client sent, which may be a secret put there by mistake.
    #expect(try await marker("k") == nil)
    let digest = Hex.encode(BLAKE2b.digest(of: Array("k".utf8)))
    #expect(try await marker(digest)?.sealedSecret != nil)
    world.clock.advance(seconds: 601)
    try await world.management.sweep()
    #expect(try await marker(digest) != nil)
    #expect(try await marker(digest)?.sealedSecret == nil)
    world.clock.advance(seconds: 86_400)
    try await world.management.sweep()
    #expect(try await marker(digest) == nil)
  }
}
