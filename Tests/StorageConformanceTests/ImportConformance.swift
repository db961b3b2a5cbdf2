// What an import asks of a store, on every engine: many rows in few statements, and who has what.
import KeyModel
import Testing

@testable import Storage

@Suite struct ImportConformance {
  private func key(_ number: Int) -> Key {
    var key = Sample.key(number)
    key.versions[0].algorithm = .sha256
    if number % 2 == 0 { key.publicID = nil }
    return key
  }

  @Test(
    "many keys come back as they were stored, whatever their number", arguments: Backend.allCases)
  func many(_ backend: Backend) async throws {
    try await backend.withStore { store in
      try await store.addTenant()
      var next = 10
      for count in [0, 1, 7, 8, 9, 64, 137] {
        let keys = (next..<(next + count)).map { key($0) }
        next += count
        try await store.write { try $0.keys.insert(keys) }
        let found = try await store.read { try $0.keys.find(keys.map(\.id)) }
        #expect(found.sorted { $0.id < $1.id } == keys)
      }
      var scanned = 0
      let algorithms = try await store.read { tx in
        var all: Set<LookupAlgorithm> = []
        try tx.keys.forEachRecord { all.formUnion($0.versions.map(\.algorithm)) }
        return all
      }
      scanned = try await store.read { try Int($0.keys.count(KeyFilter(account: Sample.id(1)))) }
      #expect(scanned == next - 10 && algorithms == [.sha256])
    }
  }

  @Test("a key that is there undoes all that come with it", arguments: Backend.allCases)
  func whole(_ backend: Backend) async throws {
    try await backend.withStore { store in
      try await store.addTenant()
      try await store.write { try $0.keys.insert(Sample.key(500)) }
      let keys = (490...510).map { key($0) }
      await #expect(throws: StoreError.self) { try await store.write { try $0.keys.insert(keys) } }
      let left = try await store.read { try $0.keys.count(KeyFilter(account: Sample.id(1))) }
      #expect(left == 1)
    }
  }

  @Test("look-up values and public ids give their owners", arguments: Backend.allCases)
  func owners(_ backend: Backend) async throws {
    try await backend.withStore { store in
      try await store.addTenant()
      try await store.write { tx in try tx.keys.insert((10..<40).map { key($0) }) }
      try await store.read { tx in
        let owners = try tx.keys.owners(of: (0..<300).map { Sample.lookup($0) })
        #expect(Set(owners.keys) == Set((10..<40).map { Sample.lookup($0) }))
        let one = KeyOwner(keyID: Sample.id(17), accountID: Sample.id(1), projectID: Sample.id(1))
        #expect(owners[Sample.lookup(17)] == one)
        let ids = ["PFK-11", "PFK-12", "PFK-13", "none"]
        #expect(try tx.keys.taken(publicIDs: ids, in: Sample.id(1)) == ["PFK-11", "PFK-13"])
        #expect(try tx.keys.taken(publicIDs: ids, in: Sample.id(2)).isEmpty)
        #expect(try tx.keys.taken(publicIDs: [], in: Sample.id(1)).isEmpty)
        #expect(try tx.keys.owners(of: []).isEmpty)
      }
    }
  }

  @Test("public numbers go on after those that were used", arguments: Backend.allCases)
  func numbers(_ backend: Backend) async throws {
    try await backend.withStore { store in
      try await store.addTenant()
      let numbers = try await store.write { tx in
        try tx.keys.usePublicIntegers(upTo: 41, Sample.id(1))
        let first = try tx.keys.nextPublicInteger(Sample.id(1))
        try tx.keys.usePublicIntegers(upTo: 7, Sample.id(1))
        return [first, try tx.keys.nextPublicInteger(Sample.id(1))]
      }
      #expect(numbers == [42, 43])
    }
  }

  @Test("changes take a range of positions in their order", arguments: Backend.allCases)
  func positions(_ backend: Backend) async throws {
    try await backend.withStore { store in
      let subjects = (0..<75).map { ChangeSubject.key(Sample.id($0)) }
      try await store.write { tx in
        try #expect(tx.changes.append(.keyring) == 1)
        try #expect(tx.changes.append(subjects) == 2)
        try #expect(tx.changes.append(.keyring) == 77)
      }
      let changes = try await store.read { try $0.changes.after(1, limit: 75) }
      #expect(changes.map(\.subject) == subjects)
      #expect(changes.map(\.position) == (2...76).map { Int64($0) })
    }
  }

  @Test("a project that has imports says so for good", arguments: Backend.allCases)
  func marked(_ backend: Backend) async throws {
    try await backend.withStore { store in
      try await store.addTenant()
      let before = try await store.read { try $0.projects.find(Sample.id(1)) }
      #expect(before?.hasImports == false)
      let updated = try await store.write { tx in
        try tx.projects.markImports(Sample.id(1))
        guard let project = try tx.projects.find(Sample.id(1)) else { throw StoreError.stale }
        return try tx.projects.update(project)
      }
      #expect(updated.hasImports)
      #expect(try await store.read { try $0.projects.find(Sample.id(1))?.hasImports } == true)
    }
  }
}
