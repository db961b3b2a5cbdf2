// Callers of versions: added up, bounded, forgotten in time, and gone with their key.
import KeyModel
import Testing

@testable import Storage

@Suite struct CallerConformance {
  private func sighting(
    _ agent: String, version: Int = 5, second: Int64 = 0, calls: Int64 = 1
  ) -> CallerSighting {
    CallerSighting(
      keyID: Sample.id(5), versionID: Sample.id(version),
      caller: KeyCaller(address: "192.0.2.1", userAgent: agent, route: "GET /v1/{id}"),
      lastSeenAt: Sample.now.adding(seconds: second), calls: calls)
  }

  @Test("batches of several servers add up; the latest time stays", arguments: Backend.allCases)
  func addUp(_ backend: Backend) async throws {
    try await backend.withStore { store in
      try await store.addTenant()
      try await store.write { tx in
        try tx.keys.insert(Sample.key(5))
        try tx.callers.add([sighting("a", second: 9, calls: 2), sighting("b", version: 6)])
        try tx.callers.add([sighting("a", second: 3, calls: 5), sighting("☃", second: 1)])
        var gone = sighting("x")
        gone.keyID = Sample.id(77)
        try tx.callers.add([gone])
      }
      let seen = try await store.read { try $0.callers.list(of: Sample.id(5)) }
      #expect(
        seen == [
          sighting("a", second: 9, calls: 7), sighting("☃", second: 1),
          sighting("b", version: 6),
        ])
      try await #expect(store.read { try $0.callers.list(of: Sample.id(77)) } == [])
    }
  }

  @Test("beyond the bound the oldest callers become one", arguments: Backend.allCases)
  func bound(_ backend: Backend) async throws {
    try await backend.withStore { store in
      try await store.addTenant()
      let many = (0..<100).map { sighting("agent \($0)", second: Int64($0), calls: 3) }
      try await store.write { tx in
        try tx.keys.insert(Sample.key(5))
        try tx.callers.add(many.reversed())
        try tx.callers.add([sighting("last", second: 200)])
      }
      let seen = try await store.read { try $0.callers.list(of: Sample.id(5)) }
      #expect(seen.count == KeyCaller.perVersion + 1)
      #expect(seen.first == sighting("last", second: 200))
      let others = try #require(seen.first { $0.caller == .others })
      #expect(others.calls == 3 * 37 && others.lastSeenAt == Sample.now.adding(seconds: 36))
    }
  }

  @Test("callers go when their day is past, and with their account", arguments: Backend.allCases)
  func end(_ backend: Backend) async throws {
    try await backend.withStore { store in
      try await store.addTenant()
      let later = sighting("later", second: 3 * 86_400)
      try await store.write { tx in
        try tx.keys.insert(Sample.key(5))
        try tx.callers.add([sighting("a"), sighting("b"), sighting("c"), later])
        let before = Sample.now.adding(seconds: 86_400)
        try #expect(tx.callers.purge(before: Sample.now, limit: 10) == 0)
        try #expect(tx.callers.purge(before: before, limit: 2) == 2)
        try #expect(tx.callers.purge(before: before, limit: 2) == 1)
        try #expect(tx.callers.list(of: Sample.id(5)) == [later])
        _ = try tx.accounts.delete(Sample.id(1))
        try #expect(tx.callers.list(of: Sample.id(5)) == [])
      }
    }
  }
}
