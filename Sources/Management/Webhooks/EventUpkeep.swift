// What happens to events by the clock: old ones go, and removed webhooks are erased. In short
// transactions, so that nobody waits long for the store.
internal import KeyModel
internal import Storage

extension UseCases {
  /// Rows of one transaction, and transactions of one sweep.
  private static let sweepSize = (rows: 250, rounds: 40)

  /// Erases what is older than the policies keep it.
  package func sweepEvents() async throws(Problem) {
    let now = clock.now()
    do {
      for (project, seconds) in try await eventRetention() {
        let cut = now.adding(seconds: -seconds)
        try await inRounds {
          try $0.events.delete(of: project, before: cut, limit: Self.sweepSize.rows)
            == Self.sweepSize.rows
        }
      }
      try await inRounds { try $0.webhooks.eraseRemoved(limit: Self.sweepSize.rows) }
    } catch {
      throw problem(error)
    }
  }

  /// An event is kept at least until its last attempt.
  private func eventRetention() async throws -> [(ProjectID, seconds: Int64)] {
    try await store.read { [policies] tx in
      try tx.projects.all().map { project in
        let policy = try policies.policy(of: project).policy
        let series = RetrySchedule.length(policy.webhooks.retry) + 86_400
        return (project.id, max(Int64(policy.retention.deliveriesDays) * 86_400, series))
      }
    }
  }

  private func inRounds(
    _ body: @escaping @Sendable (Transaction) throws -> Bool
  ) async throws {
    for _ in 0..<Self.sweepSize.rounds {
      if try await !store.write(body) { return }
    }
  }
}
