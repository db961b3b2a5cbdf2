// Members on every engine: one address an account, changes by revision, gone with the account.
import KeyModel
import Testing

@testable import Storage

@Suite struct MemberConformance {
  @Test("a member is stored, found, changed, listed and removed", arguments: Backend.allCases)
  func life(_ backend: Backend) async throws {
    try await backend.withStore { store in
      try await store.addTenant()
      try await store.write { tx in
        for number in 1...3 { try tx.members.insert(Sample.member(number)) }
        try #expect(tx.members.find(Sample.id(2)) == Sample.member(2))
        let found = try tx.members.find(email: "member2@example.com", in: Sample.id(1))
        #expect(found == Sample.member(2))
        var changed = Sample.member(2)
        changed.email = "other@example.com"
        changed.role = "viewer"
        changed.permissions = []
        let stored = try tx.members.update(changed)
        #expect(stored.revision == 2)
        try #expect(tx.members.find(Sample.id(2)) == stored)
        #expect(throws: StoreError.stale) { try tx.members.update(changed) }
        let page = try tx.members.list(account: Sample.id(1), before: Sample.id(3), limit: 1)
        #expect(page == [stored])
        try #expect(tx.members.all(account: Sample.id(1)).map(\.id) == [1, 2, 3].map(Sample.id))
        try #expect(tx.members.delete(Sample.id(2)))
        try #expect(!tx.members.delete(Sample.id(2)))
        try #expect(tx.members.find(Sample.id(2)) == nil)
      }
    }
  }

  @Test(
    "an address is one member's of an account, and free in another", arguments: Backend.allCases)
  func addresses(_ backend: Backend) async throws {
    try await backend.withStore { store in
      try await store.addTenant()
      var other = Sample.member(2, account: 2)
      other.email = Sample.member(1).email
      let elsewhere = other
      try await store.write { tx in
        try tx.accounts.insert(Sample.account(2))
        try tx.members.insert(Sample.member(1))
        try tx.members.insert(elsewhere)
      }
      var same = Sample.member(3)
      same.email = Sample.member(1).email
      let taken = same
      await #expect(throws: StoreError.conflict(constraint: Constraint.memberEmail)) {
        try await store.write { try $0.members.insert(taken) }
      }
      try await store.write { tx in
        try #expect(tx.accounts.delete(Sample.id(1)))
        try #expect(tx.members.find(Sample.id(1)) == nil)
        try #expect(tx.members.find(Sample.id(2)) != nil)
      }
    }
  }
}
