// From nothing, from every earlier step, twice, and from the future.
import KeyModel
import Testing

@testable import Storage

@Suite struct MigrationConformance {
  @Test("steps are numbered without gaps")
  func numbering() {
    #expect(Migration.all.map(\.version) == (1...Int64(Migration.all.count)).map { $0 })
  }

  @Test(
    "a database of any earlier step comes to the present and keeps its rows",
    arguments: Backend.lasting, Array(1...Migration.all.count))
  func earlierSteps(_ backend: Backend, _ step: Int) async throws {
    try await backend.withDatabase { location in
      let old = try location.connect(.writer)
      try Migrator(connection: old).run(Array(Migration.all.prefix(step)))
      // The feed's row is what locks a write, and is not there before the last step.
      try old.begin(.migrate)
      let project = Sample.project(1)
      try Transaction(old, mayWrite: true).projects.insert(project)
      try old.commit()
      old.close()

      let store = try Store.open(location)
      defer { store.close() }
      try await #expect(store.read { try $0.projects.find(project.id) } == project)
      try await store.write { tx in
        try tx.accounts.insert(Sample.account(1))
        try tx.applications.insert(Sample.application(1))
        try tx.keys.insert(Sample.key(10))
        try tx.changes.append(.key(Sample.id(10)))
        try #expect(tx.number("SELECT count(*) FROM schema") == 1)
      }
    }
  }

  @Test("a database of a newer schema is refused and not touched", arguments: Backend.lasting)
  func newerSchema(_ backend: Backend) async throws {
    try await backend.withDatabase { location in
      try Store.open(location).close()
      let raw = try location.connect(.writer)
      try raw.script("UPDATE schema SET version = 99")
      #expect(throws: StoreError.schemaTooNew(found: 99, known: Int64(Migration.all.count))) {
        try Store.open(location)
      }
      try raw.script("UPDATE schema SET version = \(Migration.all.count)")
      raw.close()
      try Store.open(location).close()
    }
  }

  @Test("a step that fails leaves the schema where it was", arguments: Backend.lasting)
  func failingStep(_ backend: Backend) async throws {
    try await backend.withDatabase { location in
      let broken = Migration(version: Int64(Migration.all.count) + 1) { types in
        ["CREATE TABLE half (id \(types.integer)) \(types.table)", "CREATE TABLE"]
      }
      try Store.open(location).close()
      let error = #expect(throws: StoreError.self) {
        try Store(location, migrations: Migration.all + [broken], readers: 1)
      }
      guard case .statement = error else {
        Issue.record("\(String(describing: error))")
        return
      }
      let store = try Store.open(location)
      defer { store.close() }
      await #expect(throws: StoreError.self) {
        try await store.read { try $0.number("SELECT count(*) FROM half") }
      }
    }
  }

  @Test(
    "tables that are somebody else's are told as that, and left alone", arguments: Backend.lasting)
  func notOurs(_ backend: Backend) async throws {
    for table in ["CREATE TABLE keys (id INTEGER)", "CREATE TABLE schema (name TEXT)"] {
      try await backend.withDatabase { location in
        let raw = try location.connect(.writer)
        try raw.script(table)
        let error = #expect(throws: StoreError.self) { try Store.open(location) }
        guard case .notOurs(let reason)? = error else {
          Issue.record("\(String(describing: error))")
          return
        }
        #expect(!reason.contains("CREATE"), "the reason is no SQL")
        #expect(throws: StoreError.self) { try raw.script("SELECT 1 FROM projects") }
        raw.close()
      }
    }
  }

  @Test("stores that open one new database at the same time agree")
  func concurrentOpening() async throws {
    for backend in Backend.lasting {
      try await backend.withDatabase { location in
        try await withThrowingTaskGroup(of: Void.self) { group in
          for _ in 0..<4 { group.addTask { try Store.open(location).close() } }
          try await group.waitForAll()
        }
      }
    }
  }
}
