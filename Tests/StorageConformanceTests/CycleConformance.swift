// Settings and cycles: what is written comes back, and the schema keeps one open cycle per key.
import KeyModel
import Testing

@testable import Storage

@Suite struct CycleConformance {
  private static let now = Sample.now

  private static func settings(_ account: Int = 1) -> CyclingSettings {
    var settings = CyclingSettings(
      projectID: Sample.id(1), accountID: Sample.id(account), environment: "production",
      endpoint: "https://keys.example/in", everyDays: 30, startsOn: 20_000, overlapSeconds: 60,
      createdAt: now)
    settings.nextSlotAt = now.adding(seconds: 100)
    return settings
  }

  private static func cycle(_ number: Int, key: Int = 10, slot: Int64? = 0) -> Cycle {
    Cycle(
      id: Sample.id(number), projectID: Sample.id(1), accountID: Sample.id(1),
      keyID: Sample.id(key), environment: "production",
      cause: slot == nil ? .manual : .scheduled, slotAt: slot.map { now.adding(seconds: $0) },
      requestID: "request-\(number)", generation: 2, oldVersion: Sample.id(key),
      newVersion: Sample.id(100 + number), endpoint: "https://keys.example/in",
      endpointRevision: 3, startedAt: now, deadline: now.adding(seconds: 600))
  }

  private static func fill(_ store: Store) async throws {
    try await store.addTenant()
    try await store.write { tx in
      try tx.keys.insert([Sample.key(10), Sample.key(11)])
    }
  }

  @Test(
    "settings come back as they were written, one row per environment", arguments: Backend.allCases)
  func settings(_ backend: Backend) async throws {
    try await backend.withStore { store in
      try await Self.fill(store)
      let first = Self.settings()
      var changed = first
      changed.endpoint = "https://other.example/"
      changed.isEnabled = false
      changed.disabledReason = "endpoint_gone"
      changed.nextSlotAt = nil
      changed.endpointRevision = 2
      changed.updatedAt = Self.now.adding(seconds: 9)
      try await store.write { [changed] tx in
        try tx.cycling.insert(first)
        #expect(try tx.cycling.find(first.accountID, environment: "production") == first)
        #expect(try tx.cycling.find(first.accountID, environment: "sandbox") == nil)
        #expect(try tx.cycling.due(at: Self.now.adding(seconds: 99), limit: 9).isEmpty)
        #expect(try tx.cycling.due(at: Self.now.adding(seconds: 100), limit: 9) == [first])
        #expect(try tx.cycling.countDue(before: Self.now.adding(seconds: 101)) == 1)
        var expected = changed
        expected.revision = 2
        #expect(try tx.cycling.update(changed) == expected)
        #expect(try tx.cycling.list(first.accountID) == [expected])
        #expect(throws: StoreError.stale) { try tx.cycling.update(changed) }
        #expect(try tx.cycling.due(at: Self.now.adding(seconds: 999), limit: 9).isEmpty)
      }
      await #expect(
        throws: StoreError.conflict(constraint: "auto_cycling_account_id_environment")
      ) { try await store.write { try $0.cycling.insert(first) } }
    }
  }

  @Test(
    "a cycle comes back as it was written, and an old revision changes nothing",
    arguments: Backend.allCases)
  func life(_ backend: Backend) async throws {
    try await backend.withStore { store in
      try await Self.fill(store)
      try await store.write { tx in
        let first = Self.cycle(50)
        try tx.cycles.insert(first)
        #expect(try tx.cycles.find(first.id) == first)
        #expect(try tx.cycles.open(of: first.keyID) == first)
        var leased = first
        leased.state = .delivering
        leased.attempts = 1
        leased.failures = 2
        leased.nextAttemptAt = nil
        leased.isInDoubt = true
        leased.lease = CycleLease(epoch: 4, until: Self.now.adding(seconds: 45))
        leased.reason = "timed_out"
        let stored = try tx.cycles.update(leased)
        #expect(stored.revision == 2)
        #expect(try tx.cycles.find(first.id) == stored)
        #expect(throws: StoreError.stale) { try tx.cycles.update(leased) }
        #expect(try tx.cycles.due(at: Self.now.adding(seconds: 44), limit: 9).isEmpty)
        #expect(try tx.cycles.due(at: Self.now.adding(seconds: 45), limit: 9) == [stored])
        #expect(try tx.cycles.lastCommit(of: first.keyID) == nil)
        var ended = stored
        ended.state = .committed
        ended.proof = .use
        ended.reason = nil
        ended.endedAt = Self.now.adding(seconds: 50)
        ended = try tx.cycles.update(ended)
        #expect(try tx.cycles.find(first.id) == ended)
        #expect(try tx.cycles.open(of: first.keyID) == nil)
        #expect(try tx.cycles.due(at: Self.now.adding(seconds: 9999), limit: 9).isEmpty)
        #expect(try tx.cycles.lastCommit(of: first.keyID) == Self.now.adding(seconds: 50))
      }
    }
  }

  @Test(
    "a key has one open cycle, and one per slot whatever became of it", arguments: Backend.allCases)
  func uniqueness(_ backend: Backend) async throws {
    try await backend.withStore { store in
      try await Self.fill(store)
      try await store.write { try $0.cycles.insert(Self.cycle(50)) }
      await #expect(throws: StoreError.conflict(constraint: Constraint.openCycle)) {
        try await store.write { try $0.cycles.insert(Self.cycle(51, slot: nil)) }
      }
      try await store.write { tx in
        try tx.cycles.insert(Self.cycle(52, key: 11))
        var first = Self.cycle(50)
        first.state = .failed
        _ = try tx.cycles.update(first)
      }
      await #expect(throws: StoreError.conflict(constraint: Constraint.cycleSlot)) {
        try await store.write { try $0.cycles.insert(Self.cycle(53)) }
      }
      try await store.write { tx in
        try tx.cycles.insert(Self.cycle(54, slot: nil))
        let account: AccountID = Sample.id(1)
        #expect(try tx.cycles.open(of: account, environment: "production").count == 2)
        let all = try tx.cycles.list(account, limit: 9)
        #expect(all.map(\.id) == [Sample.id(54), Sample.id(52), Sample.id(50)])
        #expect(try tx.cycles.list(account, before: all[1].id, limit: 9).map(\.id) == [all[2].id])
        #expect(try tx.cycles.list(account, environment: "sandbox", limit: 9).isEmpty)
      }
    }
  }

  @Test(
    "a call with the new version shows, and all goes with its account", arguments: Backend.allCases)
  func use(_ backend: Backend) async throws {
    try await backend.withStore { store in
      try await Self.fill(store)
      try await store.write { tx in
        let cycle = Self.cycle(50)
        try tx.cycling.insert(Self.settings())
        try tx.cycles.insert(cycle)
        let old = VersionUsage(
          keyID: cycle.keyID, versionID: cycle.oldVersion, lastUsedAt: Self.now, calls: 1)
        try tx.usage.add([old])
        #expect(try tx.cycles.used(limit: 9).isEmpty)
        #expect(try !tx.cycles.isUsed(cycle))
        var new = old
        new.versionID = cycle.newVersion
        try tx.usage.add([new])
        #expect(try tx.cycles.used(limit: 9) == [cycle.id])
        #expect(try tx.cycles.isUsed(cycle))
        _ = try tx.accounts.delete(Sample.id(1))
        #expect(try tx.cycles.find(cycle.id) == nil)
        #expect(try tx.cycling.list(Sample.id(1)).isEmpty)
      }
    }
  }
}
