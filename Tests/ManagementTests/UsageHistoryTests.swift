// The days of the usage answer: added up from what the data plane counted, ranged, and the
// account's own.
import KeyModel
import Storage
import Testing

@testable import Management
@testable import Verification

@Suite struct UsageHistoryTests {
  @Test("a batch whose commit was left in doubt is added once, and what came since beside it")
  func doubt() async throws {
    let world = try await World()
    let key = try await world.key(try await world.account()).id
    let now = world.clock.now()
    let made = try await world.store.read { try $0.keys.find(key) }
    let version = try #require(made?.versions.first?.id)
    func use(_ calls: Int64) -> VersionUsage {
      VersionUsage(keyID: key, versionID: version, lastUsedAt: now, calls: calls)
    }
    func store(_ batch: NumberedBatches<VersionUsage>.Batch?) async throws {
      let batch = try #require(batch)
      try await world.store.write { tx in
        if try batch.begin(tx, at: now) { try tx.usage.add(batch.elements) }
      }
    }
    var batches = NumberedBatches<VersionUsage>(writer: Array(repeating: 7, count: 16))
    batches.waiting = [use(3)]
    try await store(batches.next(atMost: 5))
    // Nobody heard of that commit.
    batches.waiting.append(use(4))
    #expect(batches.count == 2)
    try await store(batches.next(atMost: 5))
    batches.stored()
    try await store(batches.next(atMost: 5))
    batches.stored()
    #expect(batches.next(atMost: 5)?.elements == nil && batches.count == 0)
    let stored = try await world.store.read { try $0.keys.find(key) }
    #expect(stored?.calls == 7)
  }

  private func count(
    _ world: World, _ key: KeyID, version: UInt128 = 9, day: Int64, calls: Int64
  ) async {
    await world.management.usage.store([
      UsageDelta(
        keyID: key, versionID: VersionID(bits: version),
        lastUsedAt: Timestamp(seconds: day * 86_400 + 60),
        day: MeterDay(start: Timestamp(seconds: day * 86_400)), calls: calls)
    ])
  }

  private func days(
    _ world: World, _ account: AccountID, edit: (inout UsageQuery) -> Void = { _ in }
  ) async throws -> [String] {
    var query = UsageQuery()
    edit(&query)
    let answer = try await world.management.usage(of: account, query, by: .local)
    return (answer.body?["days"]?.array ?? []).map {
      "\($0["day"]?.string ?? "?") \($0["calls"]?.integer ?? -1)"
    }
  }

  @Test("calls of each day are kept, of all versions and keys, and shown for the days asked for")
  func shown() async throws {
    let world = try await World()
    let account = try await world.account()
    let first = try await world.key(account).id
    let second = try await world.key(account).id
    let today = world.clock.now().day
    await count(world, first, day: today, calls: 3)
    await count(world, first, version: 10, day: today, calls: 4)
    await count(world, second, day: today - 1, calls: 5)
    await count(world, first, day: today - 40, calls: 6)
    #expect(try await days(world, account) == ["2026-11-20 5", "2026-11-21 7"])
    #expect(try await days(world, account) { $0.keyID = first } == ["2026-11-21 7"])
    let old = try await days(world, account) {
      $0.from = today - 50
      $0.to = today - 1
    }
    #expect(old == ["2026-10-12 6", "2026-11-20 5"])
    #expect(
      await code { try await days(world, account) { ($0.from, $0.to) = (today, today - 1) } }
        == .validationFailed)
  }

  @Test("another account's key is not found, and the days of a revoked key stay")
  func bounds() async throws {
    let world = try await World()
    let account = try await world.account()
    let stranger = try await world.account("other")
    let key = try await world.key(account).id
    let today = world.clock.now().day
    await count(world, key, day: today, calls: 1)
    #expect(await code { try await days(world, stranger) { $0.keyID = key } } == .notFound)
    _ = try await world.management.revokeKey(key, force: true, by: World.local)
    #expect(try await days(world, account) == ["2026-11-21 1"])
  }

  @Test("days are forgotten after 400 days")
  func forgotten() async throws {
    let world = try await World()
    let account = try await world.account()
    let key = try await world.key(account).id
    let today = world.clock.now().day
    await count(world, key, day: today, calls: 1)
    await count(world, key, day: today + 1, calls: 2)
    world.clock.advance(seconds: 401 * 86_400)
    try await world.management.sweep()
    let left = try await days(world, account) { ($0.from, $0.to) = (today, today + 2) }
    #expect(left == ["2026-11-22 2"])
  }
}
