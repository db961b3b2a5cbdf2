// What only SQLite needs watching for: one connection writes and checkpoints, and the file outlives
// a process that is killed.
import CSQLite
import Foundation
import KeyModel
import Testing

@testable import Storage

@Suite struct SQLiteRules {
  private static func setting(_ connection: SQLiteConnection, _ name: String) throws -> Int64 {
    var value: Int64?
    try connection.run("PRAGMA \(name)", []) { (row: any Row) throws(StoreError) in
      value = try row.integer(0)
    }
    return try #require(value)
  }

  @Test("only the writer may write or checkpoint")
  func roles() async throws {
    try await Backend.sqliteFile.withDatabase { location in
      guard case .sqliteFile(let path) = location else { return }
      try Store.open(location).close()
      let writer = try SQLiteConnection(path: path, role: .writer)
      let reader = try SQLiteConnection(path: path, role: .reader)
      #expect(try Self.setting(writer, "wal_autocheckpoint") > 0)
      #expect(try Self.setting(writer, "synchronous") == 2)
      #expect(try Self.setting(writer, "foreign_keys") == 1)
      #expect(try Self.setting(reader, "wal_autocheckpoint") == 0)
      #expect(try Self.setting(reader, "query_only") == 1)
      #expect(throws: StoreError.readOnly) {
        try reader.run("INSERT INTO meta (name, value) VALUES ('a', 'b')")
      }
      // A reader that closes last must leave the log alone.
      try writer.run("INSERT INTO meta (name, value) VALUES ('a', 'b')")
      let log = path + "-wal"
      let before = try Data(contentsOf: URL(filePath: log))
      #expect(!before.isEmpty)
      reader.close()
      #expect(try Data(contentsOf: URL(filePath: log)) == before)
      writer.close()
      #expect(!FileManager.default.fileExists(atPath: log))
    }
  }

  /// Every connection this process has open on the database is known by the flags of its role: the
  /// store must hold one writer, whatever the load.
  @Test("a store under load has one connection that writes and keeps its log short")
  func singleWriter() async throws {
    try await Backend.sqliteFile.withDatabase { location in
      guard case .sqliteFile(let path) = location else { return }
      let store = try Store.open(location)
      defer { store.close() }
      let text = String(repeating: "x", count: 2000)
      let threads = try await withThrowingTaskGroup(of: UInt64.self) { group in
        for task in 0..<50 {
          group.addTask {
            var thread: UInt64 = 0
            for number in 0..<100 {
              thread = try await store.write { tx in
                try tx.meta.set("\(task)-\(number)", text)
                return UInt64(pthread_self())
              }
              _ = try await store.read { try $0.meta.find("\(task)-\(number)") }
            }
            return thread
          }
        }
        return try await group.reduce(into: Set<UInt64>()) { $0.insert($1) }
      }
      #expect(threads.count == 1)
      let size = try FileManager.default.attributesOfItem(atPath: path + "-wal")[.size]
      #expect((size as? Int ?? .max) < 40_000_000)
      let check = try SQLiteConnection(path: path, role: .reader)
      defer { check.close() }
      var verdict = ""
      try check.run("PRAGMA integrity_check", []) { (row: any Row) throws(StoreError) in
        verdict = try row.text(0)
      }
      #expect(verdict == "ok")
    }
  }

  @Test("the database, its log and its index are for this user alone")
  func permissions() async throws {
    try await Backend.sqliteFile.withDatabase { location in
      guard case .sqliteFile(let path) = location else { return }
      let store = try Store.open(location)
      defer { store.close() }
      for suffix in ["", "-wal", "-shm"] {
        let mode = try FileManager.default.attributesOfItem(atPath: path + suffix)[
          .posixPermissions]
        #expect(mode as? Int == 0o600)
      }
    }
  }

  /// The state that kill -9 leaves: log and file as they were after the last answered commit, the
  /// connection never closed. Taken as a copy of the files while the store is open.
  @Test("what was answered is in the files at that moment")
  func durability() async throws {
    try await Backend.sqliteFile.withDatabase { location in
      guard case .sqliteFile(let path) = location else { return }
      let store = try Store.open(location)
      defer { store.close() }
      for round in 1...20 {
        try await store.write { try $0.projects.insert(Sample.project(round)) }
        let copy = path + ".\(round)"
        for suffix in ["", "-wal"] {
          try FileManager.default.copyItem(atPath: path + suffix, toPath: copy + suffix)
        }
        let after = try Store.open(.sqliteFile(path: copy))
        try await #expect(after.read { try $0.projects.count() } == Int64(round))
        after.close()
      }
    }
  }
}
