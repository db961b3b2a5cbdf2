// Keys, their versions and their use, on every engine.
import KeyModel
import Testing

@testable import Storage

@Suite struct KeyConformance {
  @Test("a key comes back as it was stored", arguments: Backend.allCases)
  func roundTrip(_ backend: Backend) async throws {
    try await backend.withStore { store in
      try await store.addTenant()
      var key = Sample.key(5)
      key.versions.append(Sample.version(6, key: 5, ordinal: 2))
      let stored = key
      try await store.write { try $0.keys.insert(stored) }
      try await store.read { tx in
        try #expect(tx.keys.find(stored.id) == stored)
        try #expect(tx.keys.find(lookup: Sample.lookup(6)) == stored)
        try #expect(tx.keys.find(publicID: "PFK-5", in: stored.projectID) == stored)
        try #expect(tx.keys.find(Sample.id(4)) == nil)
        try #expect(tx.keys.find(lookup: Sample.lookup(5000)) == nil)
      }
    }
  }

  @Test(
    "an update needs the stored revision and leaves versions alone", arguments: Backend.allCases)
  func update(_ backend: Backend) async throws {
    try await backend.withStore { store in
      try await store.addTenant()
      let read = Sample.key(5)
      var changed = read
      changed.name = "renamed"
      changed.state = .revoked
      changed.revokedAt = Sample.now
      changed.expiresAt = Sample.now.adding(seconds: 5)
      changed.routes = []
      let update = changed
      try await store.write { try $0.keys.insert(read) }
      let stored = try await store.write { try $0.keys.update(update) }
      #expect(stored.revision == 2)
      let found = try await store.read { try $0.keys.find(read.id) }
      #expect(found == stored)
      await #expect(throws: StoreError.stale) { try await store.write { try $0.keys.update(read) } }
    }
  }

  @Test("versions are added, changed and deleted one by one", arguments: Backend.allCases)
  func versions(_ backend: Backend) async throws {
    try await backend.withStore { store in
      try await store.addTenant()
      try await store.write { tx in
        try tx.keys.insert(Sample.key(5))
        try tx.keys.insert(Sample.version(6, key: 5, ordinal: 2))
        var first = Sample.version(5, key: 5)
        first.state = .retiring
        first.acceptedUntil = Sample.now
        first.lookup = Sample.lookup(77)
        first.pepperID = 2
        first.sealedSecret = nil
        try tx.keys.update(first)
        try #expect(tx.keys.find(Sample.id(5))?.versions.first == first)
        try #expect(tx.keys.countVersions() == 2)
        try #expect(tx.keys.delete(first))
        try #expect(!tx.keys.delete(first))
        try #expect(tx.keys.find(Sample.id(5))?.versions.map(\.number) == [2])
        try #expect(tx.keys.find(lookup: Sample.lookup(77)) == nil)
        #expect(throws: StoreError.stale) { try tx.keys.update(first) }
      }
    }
  }

  @Test("lists are newest first, filtered and paged", arguments: Backend.allCases)
  func lists(_ backend: Backend) async throws {
    try await backend.withStore { store in
      try await store.addTenant()
      let keys = (10..<40).map(Self.varied)
      try await store.write { tx in
        try tx.applications.insert(Sample.application(2))
        for key in keys { try tx.keys.insert(key) }
      }
      let filters: [(KeyFilter, (Key) -> Bool)] = [
        (KeyFilter(account: Sample.id(1)), { _ in true }),
        (KeyFilter(account: Sample.id(2)), { _ in false }),
        (
          KeyFilter(account: Sample.id(1), environment: "sandbox"),
          { $0.environment == "sandbox" }
        ),
        (
          KeyFilter(account: Sample.id(1), application: Sample.id(2)),
          { $0.applicationID == Sample.id(2) }
        ),
        (
          KeyFilter(account: Sample.id(1), kind: .publishable, standing: .revoked),
          { $0.kind == .publishable && $0.state == .revoked }
        ),
        (
          KeyFilter(account: Sample.id(1), standing: .active(at: Sample.now)),
          { $0.state == .active && ($0.expiresAt ?? .init(seconds: .max / 2_000_000)) > Sample.now }
        ),
        (
          KeyFilter(account: Sample.id(1), standing: .expired(at: Sample.now)),
          { $0.state == .active && ($0.expiresAt.map { $0 <= Sample.now } ?? false) }
        ),
      ]
      for (filter, fits) in filters {
        let expected = keys.filter(fits)
        let (listed, all, count) = try await store.read { tx in
          var listed: [Key] = []
          while true {
            let page = try tx.keys.list(filter, before: listed.last?.id, limit: 7)
            listed += page
            if page.count < 7 { break }
          }
          return (listed, try tx.keys.all(filter), try tx.keys.count(filter))
        }
        #expect(listed == expected.reversed())
        #expect(all == expected)
        #expect(count == Int64(expected.count))
      }
    }
  }

  private static func varied(_ number: Int) -> Key {
    var key = Sample.key(number, application: number % 3 == 0 ? 2 : 1)
    key.environment = number % 2 == 0 ? "production" : "sandbox"
    key.kind = number % 5 == 0 ? .publishable : .secret
    key.state = number % 4 == 0 ? .revoked : .active
    key.revokedAt = key.state == .revoked ? Sample.now : nil
    key.expiresAt = number % 7 == 0 ? Sample.now.adding(seconds: Int64(number - 20)) : nil
    return key
  }

  @Test("public integers count up per project", arguments: Backend.allCases)
  func publicIntegers(_ backend: Backend) async throws {
    try await backend.withStore { store in
      try await store.addTenant()
      try await store.write { try $0.projects.insert(Sample.project(2)) }
      let numbers = try await store.write { tx in
        [
          try tx.keys.nextPublicInteger(Sample.id(1)), try tx.keys.nextPublicInteger(Sample.id(1)),
          try tx.keys.nextPublicInteger(Sample.id(2)),
        ]
      }
      #expect(numbers == [1, 2, 1])
      await #expect(throws: StoreError.stale) {
        try await store.write { try $0.keys.nextPublicInteger(Sample.id(3)) }
      }
    }
  }

  @Test("the record scan gives what reading key by key gives", arguments: Backend.allCases)
  func records(_ backend: Backend) async throws {
    try await backend.withStore { store in
      try await store.addTenant()
      var keys = (10..<40).map(Self.varied)
      for index in keys.indices where index % 3 == 1 {
        keys[index].versions.append(Sample.version(1000 + index, key: 10 + index, ordinal: 2))
      }
      keys[7].versions = []
      let stored = keys
      try await store.write { tx in
        try tx.applications.insert(Sample.application(2))
        for key in stored { try tx.keys.insert(key) }
      }
      let records = try await store.read { tx in
        var records: [KeyRecord] = []
        try tx.keys.forEachRecord { records.append($0) }
        return records
      }
      #expect(records == stored.map(KeyRecord.init))
    }
  }

  @Test("usage adds up within a day and starts anew on the next", arguments: Backend.allCases)
  func usage(_ backend: Backend) async throws {
    try await backend.withStore { store in
      try await store.addTenant()
      let day = Timestamp(seconds: 86_400 * 20_000)
      func use(_ version: Int, at seconds: Int64, calls: Int64) -> VersionUsage {
        VersionUsage(
          keyID: Sample.id(5), versionID: Sample.id(version),
          lastUsedAt: day.adding(seconds: seconds), calls: calls)
      }
      let gone = VersionUsage(
        keyID: Sample.id(99), versionID: Sample.id(99), lastUsedAt: day, calls: 1)
      let first = [
        use(5, at: 10, calls: 3), use(5, at: 5, calls: 4), use(6, at: 7, calls: 1), gone,
      ]
      try await store.write { tx in
        try tx.keys.insert(Sample.key(5))
        try tx.keys.insert(Sample.version(6, key: 5, ordinal: 2))
        try tx.usage.add(first)
      }
      var key = try #require(try await store.read { try $0.keys.find(Sample.id(5)) })
      #expect(key.lastUsedAt == day.adding(seconds: 10))
      #expect((key.callsDay.start.day, key.calls) == (20_000, 8))
      #expect(key.versions.map(\.lastUsedAt) == [10, 7].map { day.adding(seconds: $0) })

      let later = [use(6, at: 86_400, calls: 2), use(6, at: 1, calls: 50)]
      try await store.write { try $0.usage.add(later) }
      key = try #require(try await store.read { try $0.keys.find(Sample.id(5)) })
      #expect((key.callsDay.start.day, key.calls) == (20_001, 2))
      #expect(key.lastUsedAt == day.adding(seconds: 86_400))
    }
  }
}
