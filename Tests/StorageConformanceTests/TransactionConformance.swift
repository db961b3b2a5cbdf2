// What a transaction promises: all or nothing per body, also when bodies share a commit.
import KeyModel
import Testing

@testable import Storage

private struct Refused: Error, Equatable {}

@Suite struct TransactionConformance {
  @Test(
    "a body that throws leaves nothing behind and its error comes back", arguments: Backend.allCases
  )
  func rollback(_ backend: Backend) async throws {
    try await backend.withStore { store in
      await #expect(throws: Refused()) {
        try await store.write { tx in
          try tx.projects.insert(Sample.project(1))
          throw Refused()
        }
      }
      try await #expect(store.read { try $0.projects.count() } == 0)
      try await store.write { try $0.projects.insert(Sample.project(1)) }
      try await #expect(store.read { try $0.projects.count() } == 1)
    }
  }

  @Test("in a shared commit each body stands or falls alone", arguments: Backend.allCases)
  func savepoints(_ backend: Backend) async throws {
    try await backend.withStore { store in
      let outcomes = await withTaskGroup(of: (Int, Bool).self) { group in
        for number in 0..<200 {
          group.addTask {
            do {
              try await store.write { tx in
                try tx.projects.insert(Sample.project(number))
                try tx.changes.append(.project(Sample.id(number)))
                if number % 3 == 0 { throw Refused() }
                // A statement of its own that fails undoes the body as well.
                if number % 3 == 1 { try tx.projects.insert(Sample.project(number)) }
              }
              return (number, true)
            } catch {
              return (number, false)
            }
          }
        }
        return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
      }
      let (stored, changes) = try await store.read { tx in
        (try tx.projects.all().map(\.id), try tx.changes.after(0, limit: 1000))
      }
      let expected = (0..<200).filter { $0 % 3 == 2 }
      #expect(outcomes.filter(\.value).keys.sorted() == expected)
      #expect(stored == expected.map(Sample.id))
      #expect(changes.count == expected.count)
    }
  }

  @Test("a caught statement error still fails the body", arguments: Backend.allCases)
  func caughtErrors(_ backend: Backend) async throws {
    try await backend.withStore { store in
      let conflict = StoreError.conflict(constraint: Constraint.projectSlug)
      await #expect(throws: conflict) {
        try await store.write { tx in
          try tx.projects.insert(Sample.project(1))
          var same = Sample.project(2)
          same.slug = Sample.project(1).slug
          try? tx.projects.insert(same)
        }
      }
      try await #expect(store.read { try $0.projects.count() } == 0)
    }
  }

  @Test("a read sees one snapshot and cannot write", arguments: Backend.allCases)
  func reads(_ backend: Backend) async throws {
    try await backend.withStore { store in
      await #expect(throws: StoreError.readOnly) {
        try await store.read { try $0.projects.insert(Sample.project(1)) }
      }
      try await #expect(store.read { try $0.projects.count() } == 0)
    }
  }

  @Test("what one write stored the next read sees", arguments: Backend.allCases)
  func readYourWrites(_ backend: Backend) async throws {
    try await backend.withStore { store in
      for number in 1...50 {
        try await store.write { try $0.projects.insert(Sample.project(number)) }
        try await #expect(store.read { try $0.projects.find(Sample.id(number)) } != nil)
      }
    }
  }

  @Test("a closed store refuses and closing twice is harmless", arguments: Backend.allCases)
  func closing(_ backend: Backend) async throws {
    try await backend.withDatabase { location in
      let store = try Store.open(location)
      store.close()
      store.close()
      await #expect(throws: StoreError.closed) { try await store.write { _ in } }
      await #expect(throws: StoreError.closed) { try await store.read { _ in } }
    }
  }

  @Test("what was committed is there after opening again", arguments: Backend.lasting)
  func reopening(_ backend: Backend) async throws {
    try await backend.withDatabase { location in
      let first = try Store.open(location)
      try await first.addTenant()
      first.close()
      let second = try Store.open(location)
      defer { second.close() }
      try await #expect(second.read { try $0.accounts.find(Sample.id(1)) } == Sample.account(1))
    }
  }
}
