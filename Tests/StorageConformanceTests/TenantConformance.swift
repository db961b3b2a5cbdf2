// Projects, accounts and applications, on every engine.
import KeyModel
import Testing

@testable import Storage

@Suite struct TenantConformance {
  @Test("a project is stored, found, changed, listed and deleted", arguments: Backend.allCases)
  func projects(_ backend: Backend) async throws {
    try await backend.withStore { store in
      try await store.write { tx in
        for number in 1...5 { try tx.projects.insert(Sample.project(number)) }
      }
      var changed = Sample.project(2)
      changed.slug = "renamed"
      changed.policyPatch = .null
      changed.upstream = nil
      changed.hosts = []
      changed.upstreamTimeoutSeconds = nil
      let update = changed
      let stored = try await store.write { try $0.projects.update(update) }
      try await store.read { tx in
        try #expect(tx.projects.find(Sample.id(1)) == Sample.project(1))
        try #expect(tx.projects.find(slug: "renamed") == stored)
        try #expect(tx.projects.find(slug: "project-2") == nil)
        #expect(stored.revision == 2)
        try #expect(tx.projects.list(limit: 2).map(\.id) == [5, 4].map(Sample.id))
        try #expect(
          tx.projects.list(before: Sample.id(4), limit: 200).map(\.id) == [3, 2, 1].map(Sample.id))
        try #expect(tx.projects.all().map(\.id) == (1...5).map(Sample.id))
        try #expect(tx.projects.count() == 5)
      }
      await #expect(throws: StoreError.stale) {
        try await store.write { try $0.projects.update(update) }
      }
      try await #expect(store.write { try $0.projects.delete(Sample.id(2)) })
      try await #expect(store.write { try $0.projects.delete(Sample.id(2)) } == false)
      try await #expect(store.read { try $0.projects.find(Sample.id(2)) } == nil)
    }
  }

  @Test("an account is stored, found, changed, listed and deleted", arguments: Backend.allCases)
  func accounts(_ backend: Backend) async throws {
    try await backend.withStore { store in
      var bare = Sample.account(7)
      bare.externalID = nil
      bare.plan = nil
      bare.brands = []
      bare.sealedClientSecret = []
      let plain = bare
      try await store.write { tx in
        try tx.projects.insert(Sample.project(1))
        try tx.projects.insert(Sample.project(2))
        for number in 1...5 { try tx.accounts.insert(Sample.account(number)) }
        try tx.accounts.insert(Sample.account(6, project: 2))
        try tx.accounts.insert(plain)
      }
      var changed = Sample.account(3)
      changed.name = "renamed"
      changed.state = .suspended
      changed.brands = []
      let update = changed
      let stored = try await store.write { try $0.accounts.update(update) }
      try await store.read { tx in
        try #expect(tx.accounts.find(Sample.id(3)) == stored)
        try #expect(tx.accounts.find(Sample.id(7)) == plain)
        try #expect(tx.accounts.find(clientID: "client-6") == Sample.account(6, project: 2))
        try #expect(
          tx.accounts.find(externalID: "ext-1", in: Sample.id(1)) == Sample.account(1))
        try #expect(tx.accounts.find(externalID: "ext-1", in: Sample.id(2)) == nil)
        let page = try tx.accounts.list(project: Sample.id(1), before: Sample.id(7), limit: 3)
        #expect(page.map(\.id) == [5, 4, 3].map(Sample.id))
        try #expect(tx.accounts.count(project: Sample.id(1)) == 6)
        var seen: [AccountID] = []
        let note: (Account) -> Void = { seen.append($0.id) }
        try tx.accounts.forEach(note)
        #expect(seen == (1...7).map(Sample.id))
      }
      await #expect(throws: StoreError.stale) {
        try await store.write { try $0.accounts.update(update) }
      }
      try await #expect(store.write { try $0.accounts.delete(Sample.id(3)) })
      try await #expect(store.write { try $0.accounts.delete(Sample.id(3)) } == false)
    }
  }

  @Test("a removed application is out of sight and its keys stay", arguments: Backend.allCases)
  func applications(_ backend: Backend) async throws {
    try await backend.withStore { store in
      try await store.addTenant()
      try await store.write { tx in
        for number in 2...4 { try tx.applications.insert(Sample.application(number)) }
        try tx.keys.insert(Sample.key(9, application: 3))
        var changed = Sample.application(2)
        changed.access = nil
        changed.name = "renamed"
        let stored = try tx.applications.update(changed)
        try #expect(tx.applications.find(Sample.id(2)) == stored)
        try #expect(tx.applications.remove(Sample.id(3), at: Sample.now))
        try #expect(!tx.applications.remove(Sample.id(3), at: Sample.now))
        try #expect(tx.applications.find(Sample.id(3)) == nil)
        try #expect(tx.applications.count(account: Sample.id(1)) == 3)
        let page = try tx.applications.list(account: Sample.id(1), before: Sample.id(4), limit: 9)
        #expect(page.map(\.id) == [2, 1].map(Sample.id))
        try #expect(tx.keys.find(Sample.id(9)) != nil)
        #expect(throws: StoreError.stale) { try tx.applications.update(changed) }
      }
    }
  }

  @Test("deleting a project or an account takes along what it owns", arguments: Backend.allCases)
  func cascades(_ backend: Backend) async throws {
    try await backend.withStore { store in
      try await store.addTenant()
      try await store.write { tx in
        try tx.accounts.insert(Sample.account(2))
        try tx.applications.insert(Sample.application(2, account: 2))
        try tx.keys.insert(Sample.key(10))
        try tx.keys.insert(Sample.key(20, account: 2, application: 2))
        try tx.usage.add([
          VersionUsage(
            keyID: Sample.id(10), versionID: Sample.id(10), lastUsedAt: Sample.now, calls: 1)
        ])
        try tx.keyring.insert(
          WrappedKey(
            id: 1, purpose: WrappedKey.accountKey, accountID: Sample.id(1), masterKeyID: "m",
            wrapped: [1], createdAt: Sample.now))
        try #expect(tx.accounts.delete(Sample.id(1)))
        try #expect(tx.keys.find(Sample.id(10)) == nil)
        try #expect(tx.keys.find(lookup: Sample.lookup(10)) == nil)
        try #expect(tx.applications.find(Sample.id(1)) == nil)
        try #expect(tx.keyring.find(1) == nil)
        try #expect(tx.keys.find(Sample.id(20)) != nil)
        try #expect(tx.projects.delete(Sample.id(1)))
        try #expect(tx.keys.find(Sample.id(20)) == nil)
        try #expect(tx.accounts.find(Sample.id(2)) == nil)
      }
    }
  }
}
