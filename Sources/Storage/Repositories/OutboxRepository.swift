// How much waits to be brought out, and for how long: for whoever watches over it. Changes nothing.
package import KeyModel

/// Of one outbox.
package struct OutboxFigures: Sendable, Hashable {
  /// What has not ended, retries included; counted up to `OutboxRepository.most`.
  package var waiting: Int64
  /// When the one that has waited longest came due (webhooks, cycles) or was made (mails).
  package var oldest: Timestamp?
  /// Since when the one that has waited longest could have been taken by a server and was not.
  package var free: Timestamp?

  package init(waiting: Int64, oldest: Timestamp? = nil, free: Timestamp? = nil) {
    self.waiting = waiting
    self.oldest = oldest
    self.free = free
  }
}

package struct OutboxRepository {
  private let transaction: Transaction
  init(_ transaction: Transaction) { self.transaction = transaction }

  package static let most: Int64 = 100_000

  package func webhooks(at now: Timestamp) throws(StoreError) -> OutboxFigures {
    var figures = try figures(
      "SELECT next_attempt_at AS at FROM deliveries WHERE next_attempt_at IS NOT NULL", now)
    figures.free = try time(
      """
      SELECT due_at FROM webhook_queues WHERE due_at <= $1 AND leased_until <= $1
      ORDER BY due_at LIMIT 1
      """, now)
    return figures
  }

  package func mails(at now: Timestamp) throws(StoreError) -> OutboxFigures {
    var figures = try figures(
      "SELECT created_at AS at FROM mails WHERE next_attempt_at IS NOT NULL", now)
    figures.free = try time(
      """
      SELECT next_attempt_at FROM mails WHERE next_attempt_at <= $1 AND leased_until <= $1
      ORDER BY next_attempt_at LIMIT 1
      """, now)
    return figures
  }

  package func cycles(at now: Timestamp) throws(StoreError) -> OutboxFigures {
    var figures = try figures("SELECT started_at AS at FROM cycles WHERE state <= 2", now)
    figures.free = try time(
      "SELECT wakes_at FROM cycles WHERE wakes_at <= $1 ORDER BY wakes_at LIMIT 1", now)
    return figures
  }

  /// - Parameter rows: a query with one column `at`.
  private func figures(
    _ rows: String, _ now: Timestamp
  ) throws(StoreError) -> OutboxFigures {
    let found = try transaction.row(
      "SELECT count(*), min(at) FROM (\(rows) LIMIT \(Self.most)) AS waiting", []
    ) { (row: any Row) throws(StoreError) in (try row.integer(0), try row.optionalTime(1)) }
    return OutboxFigures(
      waiting: found?.0 ?? 0, oldest: found?.1.flatMap { $0 <= now ? $0 : nil })
  }

  private func time(_ sql: String, _ now: Timestamp) throws(StoreError) -> Timestamp? {
    try transaction.row(sql, [.time(now)]) { (row: any Row) throws(StoreError) in
      try row.optionalTime(0)
    } ?? nil
  }
}
