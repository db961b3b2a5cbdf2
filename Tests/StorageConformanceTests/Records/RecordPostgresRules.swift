// Several processes that append to one database: each sees all, and what one leaves another merges.
import KeyModel
import Testing

@testable import Storage

@Suite struct RecordPostgresRules {
  private static let owner = RecordOwner.account(Entry.account(1))

  @Test("several nodes append and merge beside each other")
  func nodes() async throws {
    try await RecordBackend.postgres.withLocation { location in
      let logs = try (1...3).map { try RecordLog(location, writer: Int64($0)) }
      defer { for log in logs { log.close() } }
      try await withThrowingTaskGroup(of: Void.self) { group in
        for (node, log) in logs.enumerated() {
          group.addTask {
            for round in 0..<60 {
              let stored = log.append(
                (0..<10).map { Entry((round * 3 + node) * 10 + $0, at: Int64(round)) })
              #expect(stored == 10)
              while try log.merge(now: Entry.midnight) {}
            }
          }
        }
        try await group.waitForAll()
      }
      for log in logs { try #expect(log.ids(Self.owner, limit: 200).count == 1_800) }
      for log in logs { try log.mergeAll(at: 900_000) }
      #expect(Set(try logs[0].ids(Self.owner, limit: 200)).count == 1_800)
    }
  }

  @Test("a node takes over what another has left, never what a living one holds")
  func takingOver() async throws {
    try await RecordBackend.postgres.withLocation { location in
      let living = try RecordLog(location, writer: 1)
      defer { living.close() }
      living.append([Entry(1)])
      _ = try living.merge(now: Entry.midnight)
      let dying = try RecordLog(location, writer: 2)
      dying.append([Entry(2)])
      _ = try dying.merge(now: Entry.midnight)
      let third = try RecordLog(location, writer: 3)
      defer { third.close() }
      try third.mergeAll(at: 1)
      #expect(third.counts.waitingRuns == 0)
      dying.close()
      let fourth = try RecordLog(location, writer: 4)
      defer { fourth.close() }
      try fourth.mergeAll(at: 1)
      #expect(fourth.counts.waitingRuns == 1)
      try #expect(fourth.ids(Self.owner) == [Entry(2).id, Entry(1).id])
    }
  }

  @Test("a lost connection drops a batch at most and is made anew")
  func lostConnection() async throws {
    try await RecordBackend.postgres.withLocation { location in
      let log = try RecordLog(location, writer: 7_100_071)
      defer { log.close() }
      #expect(log.append([Entry(1)]) == 1)
      try PostgresServer.shared.get().run(
        """
        SELECT pg_terminate_backend(pid) FROM pg_locks
        WHERE locktype = 'advisory' AND objid = 7100071
        """)
      let again = log.append([Entry(2)]) + log.append([Entry(3)]) + log.append([Entry(4)])
      #expect(again >= 2)
      try log.mergeAll(at: 900_000)
      try #expect(log.ids(Self.owner).count == 1 + again)
    }
  }
}
