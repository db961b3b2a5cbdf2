// Every word of StoreError is produced, and from codes: each case here makes the fault itself.
import Foundation
import KeyModel
import Testing

@testable import Storage

@Suite struct ErrorConformance {
  @Test("a rule that is broken is named the same on every engine", arguments: Backend.allCases)
  func conflicts(_ backend: Backend) async throws {
    try await backend.withStore { store in
      try await store.addTenant()
      try await store.write { tx in
        try tx.keys.insert(Sample.key(10))
        try tx.operatorKeys.insert(Self.operatorKey(1))
        try tx.keyring.insert(Self.wrapped)
      }
      var slug = Sample.project(2)
      slug.slug = Sample.project(1).slug
      var sameID = Sample.project(1)
      sameID.slug = "other"
      var external = Sample.account(2)
      external.externalID = "ext-1"
      var client = Sample.account(2)
      client.clientID = "client-1"
      var publicID = Sample.key(11)
      publicID.publicID = "PFK-10"
      var lookup = Sample.key(11)
      lookup.versions[0].lookup = Sample.lookup(10)
      var sameOperator = Self.operatorKey(2)
      sameOperator.lookup = Sample.lookup(1)
      let cases = [
        Case(Constraint.projectSlug, { [slug] in try $0.projects.insert(slug) }),
        Case("projects_id", { [sameID] in try $0.projects.insert(sameID) }),
        Case(Constraint.accountExternalID, { [external] in try $0.accounts.insert(external) }),
        Case(Constraint.accountClientID, { [client] in try $0.accounts.insert(client) }),
        Case(Constraint.keyPublicID, { [publicID] in try $0.keys.insert(publicID) }),
        Case(Constraint.versionLookup, { [lookup] in try $0.keys.insert(lookup) }),
        Case("key_versions_key_id_number", { try $0.keys.insert(Sample.version(12, key: 10)) }),
        Case(
          Constraint.operatorKeyLookup,
          { [sameOperator] in try $0.operatorKeys.insert(sameOperator) }
        ),
        Case(Constraint.keyringID, { try $0.keyring.insert(Self.wrapped) }),
        Case(Constraint.foreignKey, { try $0.accounts.insert(Sample.account(3, project: 9)) }),
        Case(Constraint.foreignKey, { try $0.keys.insert(Sample.key(13, application: 9)) }),
      ]
      for one in cases {
        await #expect(throws: StoreError.conflict(constraint: one.constraint)) {
          try await store.write(one.body)
        }
      }
    }
  }

  private struct Case {
    let constraint: String
    let body: @Sendable (Transaction) throws -> Void
    init(_ constraint: String, _ body: @escaping @Sendable (Transaction) throws -> Void) {
      self.constraint = constraint
      self.body = body
    }
  }

  private static let wrapped = WrappedKey(
    id: 1, purpose: WrappedKey.pepper, masterKeyID: "m", wrapped: [], createdAt: Sample.now)

  private static func operatorKey(_ number: Int) -> OperatorKey {
    OperatorKey(
      id: Sample.id(number), lookup: Sample.lookup(number), pepperID: 1, hint: "", scopes: [],
      createdAt: Sample.now)
  }

  @Test(
    "a wrong statement is shown with its SQL and without its arguments", arguments: Backend.allCases
  )
  func statements(_ backend: Backend) async throws {
    try await backend.withStore { store in
      for sql in [
        "SELECT nothing FROM nowhere WHERE a = $1", "INSERT INTO meta (name) VALUES ($1)",
      ] {
        let error = await #expect(throws: StoreError.self) {
          try await store.write { _ = try $0.execute(sql, [.text("hunter2")]) }
        }
        guard case .statement(sql, _) = error else {
          Issue.record("\(String(describing: error))")
          continue
        }
        #expect(!String(describing: error).contains("hunter2"))
      }
    }
  }

  @Test("a stored value that cannot be one is corrupt", arguments: Backend.allCases)
  func corruptValues(_ backend: Backend) async throws {
    try await backend.withStore { store in
      try await store.addTenant()
      for sql in [
        "UPDATE accounts SET state = 77", "UPDATE accounts SET brands = '{'",
        "UPDATE accounts SET brands = '[1]'",
      ] {
        try await store.write { _ = try $0.execute(sql, []) }
        let error = await #expect(throws: StoreError.self) {
          try await store.read { try $0.accounts.find(Sample.id(1)) }
        }
        guard case .corrupt = error else {
          Issue.record("\(String(describing: error))")
          continue
        }
      }
    }
  }

  @Test("a file that is no database is corrupt, a folder that is not there unavailable")
  func unusableFiles() async throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let path = folder.path + "/store.db"
    try Data(repeating: 0x41, count: 8192).write(to: URL(filePath: path))
    Self.expect(.sqliteFile(path: path)) { if case .corrupt = $0 { true } else { false } }
    Self.expect(.sqliteFile(path: folder.path + "/none/store.db")) {
      if case .unavailable = $0 { true } else { false }
    }
    Self.expect(.postgres(url: "postgresql://127.0.0.1:1/none")) {
      if case .unavailable = $0 { true } else { false }
    }
    Self.expect(.postgres(url: "postgresql://nobody:hunter2@127.0.0.1:1/none")) {
      !String(describing: $0).contains("hunter2")
    }
  }

  private static func expect(_ location: StoreLocation, _ fits: (StoreError) -> Bool) {
    let error = #expect(throws: StoreError.self) { try Store.open(location).close() }
    if let error { #expect(fits(error), "\(error)") }
  }

  @Test("a file system without room is full, and what was stored stays")
  func fullDisk() async throws {
    let disk = try SmallDisk(size: "1m")
    defer { disk.remove() }
    let location = StoreLocation.sqliteFile(path: disk.path + "/store.db")
    let store = try Store.open(location)
    try await store.write { try $0.meta.set("first", "kept") }
    let large = String(repeating: "x", count: 100_000)
    let error = await #expect(throws: StoreError.self) {
      for number in 0..<100 { try await store.write { try $0.meta.set("\(number)", large) } }
    }
    #expect(error == .full)
    try await #expect(store.read { try $0.meta.find("first") } == "kept")
    store.close()
    // With room again it goes on.
    try disk.resize("64m")
    let again = try Store.open(location)
    defer { again.close() }
    try await again.write { try $0.meta.set("more", large) }
    try await #expect(again.read { try $0.meta.find("first") } == "kept")
  }

  @Test("a read-only file system is readOnly, for a new database and an old one")
  func readOnlyDisk() async throws {
    let disk = try SmallDisk(size: "8m")
    defer { disk.remove() }
    let location = StoreLocation.sqliteFile(path: disk.path + "/store.db")
    try Store.open(location).close()
    try disk.makeReadOnly()
    Self.expect(location) { $0 == .readOnly }
    Self.expect(.sqliteFile(path: disk.path + "/new.db")) { $0 == .readOnly }
  }

  @Test("a file that another process holds for writing is busy")
  func busy() async throws {
    try await Backend.sqliteFile.withDatabase { location in
      try Store.open(location).close()
      let holder = try location.connect(.writer)
      try holder.begin(.write)
      let second = try location.connect(.writer)
      try second.script("PRAGMA busy_timeout = 1")
      #expect(throws: StoreError.busy) { try second.begin(.write) }
      holder.rollback()
      try second.begin(.write)
      second.rollback()
    }
  }
}
