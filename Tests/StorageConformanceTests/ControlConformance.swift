// Operator keys, audit, idempotency, keyring and meta, on every engine.
import KeyModel
import Testing

@testable import Storage

@Suite struct ControlConformance {
  @Test(
    "operator keys are found by id and look-up value, and revoked once", arguments: Backend.allCases
  )
  func operatorKeys(_ backend: Backend) async throws {
    try await backend.withStore { store in
      try await store.write { tx in
        try tx.projects.insert(Sample.project(1))
        func key(_ number: Int, project: ProjectID?) -> OperatorKey {
          OperatorKey(
            id: Sample.id(number), name: "ci", lookup: Sample.lookup(number), pepperID: 1,
            hint: "wxyz", scopes: project == nil ? [] : ["verify", "keys.write"],
            projectID: project, createdAt: Sample.now)
        }
        let bound = key(1, project: Sample.id(1))
        try tx.operatorKeys.insert(bound)
        for number in 2...4 { try tx.operatorKeys.insert(key(number, project: nil)) }
        try #expect(tx.operatorKeys.find(bound.id) == bound)
        try #expect(tx.operatorKeys.find(lookup: Sample.lookup(2)) == key(2, project: nil))
        try #expect(
          tx.operatorKeys.list(before: Sample.id(4), limit: 2).map(\.id) == [3, 2].map(Sample.id))
        try #expect(tx.operatorKeys.revoke(Sample.id(2), at: Sample.now))
        try #expect(!tx.operatorKeys.revoke(Sample.id(2), at: Sample.now))
        let rehash = Rehash(
          subject: .operatorKey(Sample.id(3)), former: Sample.lookup(3), lookup: Sample.lookup(50),
          pepperID: 3)
        try #expect(tx.peppers.apply(rehash))
        try #expect(!tx.peppers.apply(rehash), "its look-up value is another one by now")
        let all = try tx.operatorKeys.all()
        #expect(all.map(\.revokedAt) == [nil, Sample.now, nil, nil])
        #expect(all[2].lookup == Sample.lookup(50) && all[2].pepperID == 3)
      }
    }
  }

  static func entry(_ sequence: Int64, account: AccountID? = nil) -> AuditEntry {
    AuditEntry(
      id: Sample.id(Int(sequence)), sequence: sequence,
      at: Sample.now.adding(seconds: sequence), actor: "operator:x", action: "key.created",
      projectID: account == nil ? nil : Sample.id(1), accountID: account, subject: "key_x",
      detail: "{\"name\":\"é\"}", previousHash: Array(repeating: 0, count: 32),
      hash: Array(repeating: UInt8(sequence & 255), count: 32))
  }

  @Test("the audit chain is read in order and by filter", arguments: Backend.allCases)
  func audit(_ backend: Backend) async throws {
    try await backend.withStore { store in
      try await #expect(store.read { try $0.audit.last() } == nil)
      let entries = (1...9).map { Self.entry($0, account: $0 % 2 == 0 ? Sample.id(1) : nil) }
      try await store.write { tx in for entry in entries { try tx.audit.append(entry) } }
      try await store.read { tx in
        try #expect(tx.audit.last() == entries[8])
        var seen: [AuditEntry] = []
        try tx.audit.forEach(after: 0) { seen.append($0) }
        #expect(seen == entries)
        seen = []
        try tx.audit.forEach(after: 7) { seen.append($0) }
        #expect(seen == Array(entries[7...]))
        func page(_ filter: AuditFilter, before: Int64? = nil) throws -> [Int64] {
          try tx.audit.list(filter, before: before, limit: 3).map(\.sequence)
        }
        try #expect(page(AuditFilter()) == [9, 8, 7])
        try #expect(page(AuditFilter(account: Sample.id(1)), before: 8) == [6, 4, 2])
        try #expect(page(AuditFilter(project: Sample.id(2))) == [])
        let from = Sample.now.adding(seconds: 2)
        try #expect(page(AuditFilter(from: from, to: from.adding(seconds: 2))) == [3, 2])
      }
      await #expect(throws: StoreError.conflict(constraint: Constraint.auditSequence)) {
        try await store.write { try $0.audit.append(Self.entry(9)) }
      }
    }
  }

  @Test("an idempotency marker is taken once, completed and forgotten", arguments: Backend.allCases)
  func idempotency(_ backend: Backend) async throws {
    try await backend.withStore { store in
      var marker = IdempotencyMarker(
        principal: "operator:x", route: "POST /v1/projects", key: "k",
        fingerprint: Array(repeating: 7, count: 32), createdAt: Sample.now,
        expiresAt: Sample.now.adding(seconds: 86_400))
      let first = marker
      try await #expect(store.write { try $0.idempotency.insertIfAbsent(first) })
      try await #expect(store.write { try $0.idempotency.insertIfAbsent(first) } == false)
      marker.status = 201
      marker.body = "{}"
      marker.sealedSecret = [1, 2, 3]
      let done = marker
      try await store.write { tx in
        try tx.idempotency.complete(done)
        let found = try tx.idempotency.find(
          principal: done.principal, route: done.route, key: done.key)
        #expect(found == done)
        try #expect(
          tx.idempotency.find(principal: "other", route: done.route, key: done.key) == nil)
        try #expect(tx.idempotency.eraseSecrets(createdBefore: Sample.now) == 0)
        let later = Sample.now.adding(seconds: 600)
        try #expect(tx.idempotency.eraseSecrets(createdBefore: later) == 1)
        try #expect(tx.idempotency.eraseSecrets(createdBefore: later) == 0)
        try #expect(tx.idempotency.purge(expiredAt: later) == 0)
        try #expect(tx.idempotency.purge(expiredAt: done.expiresAt) == 1)
        #expect(throws: StoreError.stale) { try tx.idempotency.complete(done) }
        try #expect(tx.idempotency.insertIfAbsent(done))
        try #expect(
          tx.idempotency.delete(principal: done.principal, route: done.route, key: done.key))
      }
    }
  }

  @Test(
    "wrapped keys are kept, retired, counted and re-wrapped page by page",
    arguments: Backend.allCases)
  func keyring(_ backend: Backend) async throws {
    try await backend.withStore { store in
      try await store.addTenant()
      try await store.write { tx in
        try #expect(tx.keyring.nextID() == 1)
        for id in Int64(1)...5 {
          try tx.keyring.insert(
            WrappedKey(
              id: tx.keyring.nextID(), purpose: id < 4 ? WrappedKey.pepper : WrappedKey.accountKey,
              accountID: id < 4 ? nil : Sample.id(1), masterKeyID: "old", wrapped: [UInt8(id)],
              createdAt: Sample.now))
        }
        try #expect(tx.keyring.retire(2, at: Sample.now))
        try #expect(!tx.keyring.retire(2, at: Sample.now))
        try #expect(tx.keyring.live(purpose: WrappedKey.pepper).map(\.id) == [1, 3])
        try #expect(
          tx.keyring.live(purpose: WrappedKey.accountKey, account: Sample.id(1)).map(\.id) == [
            4, 5,
          ])
        try #expect(tx.keyring.house().map(\.id) == [1, 2, 3])
        try tx.keyring.rewrap(1, masterKeyID: "new", wrapped: [99])
        try #expect(tx.keyring.find(1)?.wrapped == [99])
        try #expect(tx.keyring.countByMasterKey() == ["old": 4, "new": 1])
        try #expect(tx.keyring.list(notWrappedBy: "new", after: 2, limit: 2).map(\.id) == [3, 4])
        try #expect(tx.keyring.delete(5))
        try #expect(tx.keyring.nextID() == 6)
        #expect(throws: StoreError.stale) {
          try tx.keyring.rewrap(5, masterKeyID: "new", wrapped: [])
        }
      }
    }
  }

  @Test("facts are set, changed and deleted by name", arguments: Backend.allCases)
  func meta(_ backend: Backend) async throws {
    try await backend.withStore { store in
      try await store.write { tx in
        try #expect(tx.meta.find("epoch") == nil)
        try tx.meta.set("epoch", "1")
        try tx.meta.set("epoch", "")
        try #expect(tx.meta.find("epoch") == "")
        try #expect(tx.meta.delete("epoch"))
        try #expect(!tx.meta.delete("epoch"))
      }
    }
  }
}
