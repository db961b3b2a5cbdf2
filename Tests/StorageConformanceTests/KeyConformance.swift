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
}
