// Calls per key and day: added up, ranged, forgotten in time, and gone with their key.
import KeyModel
import Testing

@testable import Storage

@Suite struct UsageHistoryConformance {
  private static let today: Int64 = 20_000

  private func usage(
    _ key: Int, version: Int, day: Int64, calls: Int64
  ) -> VersionUsage {
    VersionUsage(
      keyID: Sample.id(key), versionID: Sample.id(version),
      lastUsedAt: Timestamp(seconds: day * 86_400 + 3),
      day: MeterDay(start: Timestamp(seconds: day * 86_400)), calls: calls)
  }

  @Test("batches and versions add up per key and day", arguments: Backend.allCases)
  func addUp(_ backend: Backend) async throws {
    let today = Self.today
    try await backend.withStore { store in
      try await store.addTenant()
      try await store.write { tx in
        try tx.keys.insert(Sample.key(5))
        try tx.keys.insert(Sample.key(6))
        try tx.history.add(
          KeyDay.adding([
            usage(5, version: 1, day: today, calls: 2), usage(5, version: 2, day: today, calls: 3),
            usage(6, version: 3, day: today - 1, calls: 7),
            usage(77, version: 4, day: today, calls: 1),
          ]))
        try tx.history.add(KeyDay.adding([usage(6, version: 3, day: today, calls: 10)]))
      }
      let account: AccountID = Sample.id(1)
      try await store.read { tx in
        try #expect(
          tx.history.days(of: account, in: 0...today) == [
            DayCalls(day: today - 1, calls: 7), DayCalls(day: today, calls: 15),
          ])
        try #expect(
          tx.history.days(of: account, in: (today - 9)...(today - 1))
            == [DayCalls(day: today - 1, calls: 7)])
        let key: KeyID = Sample.id(5)
        try #expect(tx.history.days(of: key, in: 0...today) == [DayCalls(day: today, calls: 5)])
      }
    }
  }

  @Test("old days go in bounded steps, and a key's days with the key", arguments: Backend.allCases)
  func end(_ backend: Backend) async throws {
    let today = Self.today
    try await backend.withStore { store in
      try await store.addTenant()
      let account: AccountID = Sample.id(1)
      try await store.write { tx in
        try tx.keys.insert(Sample.key(5))
        try tx.history.add((0..<5).map { KeyDay(keyID: Sample.id(5), day: today - $0, calls: 1) })
        try #expect(tx.history.purge(before: today - 1, limit: 2) == 2)
        try #expect(tx.history.purge(before: today - 1, limit: 2) == 1)
        try #expect(tx.history.purge(before: today - 1, limit: 2) == 0)
        try #expect(tx.history.days(of: account, in: 0...today).map(\.day) == [today - 1, today])
        _ = try tx.accounts.delete(account)
        let key: KeyID = Sample.id(5)
        try #expect(tx.history.days(of: key, in: 0...today) == [])
      }
    }
  }
}
