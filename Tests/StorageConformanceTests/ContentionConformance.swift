// Many tasks at once: limits hold, nothing is lost, the feed's order is the order of commits.
import KeyModel
import Testing

@testable import Storage

private struct LimitReached: Error {}

@Suite struct ContentionConformance {
  @Test("of 200 creations against a limit of two exactly two succeed", arguments: Backend.allCases)
  func limit(_ backend: Backend) async throws {
    try await backend.withStore { store in
      try await store.addTenant()
      let filter = KeyFilter(account: Sample.id(1), standing: .active(at: Sample.now))
      let created = await Self.successes(200) { number in
        try await store.write { tx in
          guard try tx.keys.count(filter) < 2 else { throw LimitReached() }
          try tx.keys.insert(Sample.key(number))
        }
      }
      #expect(created == 2)
      try await #expect(store.read { try $0.keys.count(filter) } == 2)
    }
  }

  @Test("two processes on one database hold a limit together")
  func limitAcrossStores() async throws {
    try await Backend.postgres.withDatabase { location in
      let stores = [try Store.open(location), try Store.open(location)]
      defer { for store in stores { store.close() } }
      try await stores[0].addTenant()
      let filter = KeyFilter(account: Sample.id(1))
      let created = await Self.successes(200) { number in
        try await stores[number % 2].write { tx in
          guard try tx.keys.count(filter) < 2 else { throw LimitReached() }
          try tx.keys.insert(Sample.key(number))
          try tx.changes.append(.key(Sample.id(number)))
        }
      }
      #expect(created == 2)
      try await #expect(stores[1].read { try $0.changes.latest() } == 2)
    }
  }

  @Test("counting up from many tasks loses nothing", arguments: Backend.allCases)
  func counting(_ backend: Backend) async throws {
    try await backend.withStore { store in
      try await store.addTenant()
      let done = await Self.successes(300) { _ in
        _ = try await store.write { try $0.keys.nextPublicInteger(Sample.id(1)) }
      }
      #expect(done == 300)
      try await #expect(store.write { try $0.keys.nextPublicInteger(Sample.id(1)) } == 301)
    }
  }

  /// A reader that polls must never see a position appear below one it has seen.
  @Test("changes become visible in the order of their positions", arguments: Backend.allCases)
  func feedOrder(_ backend: Backend) async throws {
    try await backend.withStore { store in
      let poller = Task {
        var seen: [Change] = []
        while seen.count < 300 {
          let after = seen.last?.position ?? 0
          seen += try await store.read { try $0.changes.after(after, limit: 50) }
        }
        return seen
      }
      let written = await Self.successes(300) { number in
        try await store.write { tx in
          try tx.changes.append(.key(Sample.id(number)))
          // Undone bodies leave no position behind that a poller could have passed.
          if number % 7 == 0 { throw LimitReached() }
        }
      }
      let rest = 300 - written
      for number in 0..<rest {
        try await store.write { _ = try $0.changes.append(.account(Sample.id(number))) }
      }
      let seen = try await poller.value
      #expect(seen.map(\.position) == (1...300).map(Int64.init))
      #expect(Set(seen.map(\.subject)).count == 300)
    }
  }

  @Test("the feed is trimmed from below and says how far", arguments: Backend.allCases)
  func trimming(_ backend: Backend) async throws {
    try await backend.withStore { store in
      try await store.write { tx in
        for number in 1...10 { try tx.changes.append(.operatorKey(Sample.id(number))) }
        try #expect(tx.changes.trim(below: 4) == 3)
        try #expect(tx.changes.trimmed() == 3)
        try #expect(tx.changes.after(0, limit: 2).map(\.position) == [4, 5])
        try #expect(tx.changes.trim(below: 1000, limit: 2) == 2)
        try #expect(tx.changes.trimmed() == 5)
        try #expect(tx.changes.trim(below: 1000, limit: 5) == 5)
        try #expect(tx.changes.trimmed() == 10)
        try #expect(tx.changes.append(.project(Sample.id(1))) == 11)
        let left = try tx.changes.after(10, limit: 9)
        #expect(left == [Change(position: 11, subject: .project(Sample.id(1)))])
      }
    }
  }

  private static func successes(
    _ count: Int, _ body: @escaping @Sendable (Int) async throws -> Void
  ) async -> Int {
    await withTaskGroup(of: Bool.self) { group in
      for number in 0..<count {
        group.addTask {
          do {
            try await body(number)
            return true
          } catch {
            return false
          }
        }
      }
      return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
    }
  }
}
