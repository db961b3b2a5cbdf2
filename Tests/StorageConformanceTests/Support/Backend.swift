// The engines under test. Every case of the suite runs on each of them; a missing PostgreSQL fails.
import Foundation
import Synchronization
import Testing

@testable import Storage

enum Backend: String, CaseIterable, CustomTestStringConvertible {
  case sqliteFile, sqliteMemory, postgres
  var testDescription: String { rawValue }

  /// Those whose database outlives a store.
  static let lasting: [Backend] = [.sqliteFile, .postgres]

  private static let counter = Atomic<Int>(0)

  /// Runs `body` with a fresh database, which is gone afterwards.
  func withDatabase<R>(_ body: (StoreLocation) async throws -> R) async throws -> R {
    let number = Self.counter.add(1, ordering: .relaxed).newValue
    switch self {
    case .sqliteMemory: return try await body(.sqliteMemory)
    case .sqliteFile:
      let folder = try TemporaryFolder()
      defer { folder.remove() }
      return try await body(.sqliteFile(path: folder.path + "/store.db"))
    case .postgres:
      let server = try PostgresServer.shared.get()
      let schema = "t\(getpid())_\(number)"
      try server.run("CREATE SCHEMA \(schema)")
      let result = try await body(.postgres(url: server.url(schema: schema)))
      try server.run("DROP SCHEMA \(schema) CASCADE")
      return result
    }
  }

  func withStore<R>(_ body: (Store) async throws -> R) async throws -> R {
    try await withDatabase { location in
      let store = try Store.open(location)
      defer { store.close() }
      return try await body(store)
    }
  }
}

struct TemporaryFolder {
  let path: String

  init() throws {
    var template = Array("/tmp/latchkey-store-XXXXXX".utf8CString)
    guard let made = mkdtemp(&template) else { throw Missing(what: "a temporary folder") }
    path = String(cString: made)
  }

  func remove() { try? FileManager.default.removeItem(atPath: path) }
}

struct Missing: Error, CustomStringConvertible {
  var what: String
  var description: String { "missing: \(what)" }
}
