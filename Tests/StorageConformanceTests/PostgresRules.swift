// What only a server at the other end of a wire can do: go away, before a commit or during one.
import Foundation
import KeyModel
import TestSupport
import Testing

@testable import Storage

@Suite struct PostgresRules {
  /// Ends every connection but the one that asks, in the database of `schema`.
  private static func terminate(_ name: String) throws {
    try PostgresServer.shared.get().run(
      """
      SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE application_name = '\(name)' AND pid <> pg_backend_pid()
      """)
  }

  private static func named(_ location: StoreLocation, _ name: String) -> StoreLocation {
    guard case .postgres(let url) = location else { return location }
    return .postgres(url: url + "&application_name=\(name)")
  }

  @Test("a connection lost between transactions or inside one is made anew and the body runs again")
  func reconnects() async throws {
    try await Backend.postgres.withDatabase { plain in
      let location = Self.named(plain, "reconnects")
      let store = try Store.open(location)
      defer { store.close() }
      try await store.write { try $0.projects.insert(Sample.project(1)) }
      try Self.terminate("reconnects")
      try await #expect(store.read { try $0.projects.count() } == 1)
      try await store.write { try $0.projects.insert(Sample.project(2)) }

      let runs = Counter()
      try await store.write { tx in
        try tx.projects.insert(Sample.project(3))
        if runs.next() == 1 { try Self.terminate("reconnects") }
        try tx.projects.insert(Sample.project(4))
      }
      #expect(runs.value == 2)
      try await #expect(store.read { try $0.projects.count() } == 4)
    }
  }

  @Test("a statement may take longer than the server may be silent, as long as others are answered")
  func waitsForLongStatements() async throws {
    try await Backend.postgres.withDatabase { location in
      guard case .postgres(let url) = location else { throw Missing(what: "a URL") }
      let connection = try PostgresConnection(url: url, patience: 50)
      defer { connection.close() }
      try connection.script("SELECT pg_sleep(0.4)")
      #expect(connection.isUsable)
    }
  }

  @Test("a server that stands still ends a statement, and leaves a commit's outcome unknown")
  func standsStill() throws {
    let cluster = try PostgresCluster(settings: ["fsync=off"])
    defer { cluster.stop() }
    let url = "postgresql://latchkey@127.0.0.1:\(cluster.port)/postgres?connect_timeout=2"
    let connections = try (0..<2).map { _ in try PostgresConnection(url: url, patience: 50) }
    try connections[1].script("BEGIN")
    cluster.freeze()
    defer { cluster.thaw() }
    #expect(throws: StoreError.unavailable("the connection to PostgreSQL was lost")) {
      try connections[0].script("SELECT 1")
    }
    #expect(throws: StoreError.outcomeUnknown) { try connections[1].commit() }
    for connection in connections { #expect(!connection.isUsable) }
    // As a URL is usually written.
    #expect(throws: StoreError.self) {
      try Store.open(.postgres(url: url.replacing("?connect_timeout=2", with: "")))
    }
  }

  /// Ends the connection once its commit is seen under way.
  private static func cutTheCommit() throws {
    let server = try PostgresServer.shared.get()
    for _ in 0..<2_000 {
      do {
        try server.run(
          """
          SELECT 1 / count(*) FROM pg_stat_activity
          WHERE application_name = 'unknown' AND query = 'COMMIT' AND wait_event = 'PgSleep'
          """)
        return try terminate("unknown")
      } catch {
        usleep(10_000)
      }
    }
    throw Missing(what: "a commit under way")
  }

  @Test("a connection lost while the commit is under way has an unknown outcome")
  func unknownOutcome() async throws {
    try await Backend.postgres.withDatabase { plain in
      let location = Self.named(plain, "unknown")
      let store = try Store.open(location)
      defer { store.close() }
      // A check at the commit that takes long enough to be cut off in it.
      try await store.write { tx in
        for sql in [
          "CREATE TABLE slow (id BIGINT)",
          """
          CREATE FUNCTION nap() RETURNS trigger LANGUAGE plpgsql AS
          $$ BEGIN PERFORM pg_sleep(120); RETURN NULL; END $$
          """,
          """
          CREATE CONSTRAINT TRIGGER naps AFTER INSERT ON slow DEFERRABLE INITIALLY DEFERRED
          FOR EACH ROW EXECUTE FUNCTION nap()
          """,
        ] { try tx.execute(sql, []) }
      }
      // On a thread of its own: other tests may hold all that tasks run on for longer than the nap.
      let (cuts, cut) = AsyncStream<Result<Void, any Error>>.makeStream()
      Thread.detachNewThread {
        cut.yield(Result { try Self.cutTheCommit() })
        cut.finish()
      }
      await #expect(throws: StoreError.outcomeUnknown) {
        try await store.write { _ = try $0.execute("INSERT INTO slow (id) VALUES (1)", []) }
      }
      for await result in cuts { try result.get() }
      try await #expect(store.read { try $0.number("SELECT count(*) FROM slow") } == 0)
    }
  }
}

/// Counts across the runs of a body; only one store thread touches it at a time.
private final class Counter: @unchecked Sendable {
  private(set) var value = 0
  func next() -> Int {
    value += 1
    return value
  }
}
