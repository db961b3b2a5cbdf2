// The queue of each webhook: when something in it is due, which claim holds it, how its endpoint
// fares. A claim is known by its epoch; what an older one says is not heard.
package import KeyModel

package struct WebhookQueue: Hashable, Sendable {
  package var webhookID: WebhookID
  package var epoch: Int64
  package var health: EndpointHealth
  package init(webhookID: WebhookID, epoch: Int64, health: EndpointHealth) {
    self.webhookID = webhookID
    self.epoch = epoch
    self.health = health
  }
}

package struct WebhookQueueRepository {
  private let transaction: Transaction
  init(_ transaction: Transaction) { self.transaction = transaction }

  private static let never = SQLValue.integer(.max)

  func insert(_ id: WebhookID) throws(StoreError) {
    try transaction.execute(
      """
      INSERT INTO webhook_queues (webhook_id, due_at, leased_until, epoch, failures, warned)
      VALUES ($1, $2, 0, 0, 0, 0)
      """, [.id(id), Self.never])
  }

  /// Something is due at `time` at the latest, but not in a pause.
  package func bring(_ id: WebhookID, to time: Timestamp) throws(StoreError) {
    try transaction.execute(
      """
      UPDATE webhook_queues
      SET due_at = CASE WHEN paused_until > $2 THEN paused_until ELSE $2 END
      WHERE webhook_id = $1 AND due_at > CASE WHEN paused_until > $2 THEN paused_until ELSE $2 END
      """, [.id(id), .time(time)])
  }

  /// Those that nobody holds and in which something is due, longest due first.
  package func due(at now: Timestamp, limit: Int) throws(StoreError) -> [WebhookID] {
    try transaction.rows(
      """
      SELECT webhook_id FROM webhook_queues WHERE due_at <= $1 AND leased_until <= $1
      ORDER BY due_at LIMIT $2
      """, [.time(now), .integer(Int64(limit))]
    ) { (row: any Row) throws(StoreError) in try row.id(0) }
  }

  /// When the next one becomes due that is not yet; nil: none.
  package func nextDue(after now: Timestamp) throws(StoreError) -> Timestamp? {
    let next = try transaction.number(
      "SELECT min(due_at) FROM webhook_queues WHERE due_at > $1", [.time(now)])
    return next == 0 || next == .max ? nil : Timestamp(microseconds: next)
  }

  /// Nil where somebody holds it or it is left in peace.
  package func claim(
    _ id: WebhookID, at now: Timestamp, until end: Timestamp
  ) throws(StoreError) -> WebhookQueue? {
    try transaction.rowChanging(
      """
      UPDATE webhook_queues SET leased_until = $3, epoch = epoch + 1
      WHERE webhook_id = $1 AND leased_until <= $2
        AND (paused_until IS NULL OR paused_until <= $2)
      RETURNING webhook_id, epoch, failures, failing_since, paused_until, warned
      """, [.id(id), .time(now), .time(end)]
    ) { (row: any Row) throws(StoreError) in
      let told = try row.integer(5)
      return WebhookQueue(
        webhookID: try row.id(0), epoch: try row.integer(1),
        health: EndpointHealth(
          failures: Int(try row.integer(2)), failingSince: try row.optionalTime(3),
          pausedUntil: try row.optionalTime(4), isWarned: told & 1 != 0,
          isLossTold: told & 2 != 0))
    }
  }

  /// False where the claim is not the present one any more.
  package func renew(_ queue: WebhookQueue, until end: Timestamp) throws(StoreError) -> Bool {
    try transaction.execute(
      "UPDATE webhook_queues SET leased_until = $3 WHERE webhook_id = $1 AND epoch = $2",
      [.id(queue.webhookID), .integer(queue.epoch), .time(end)]) == 1
  }

  /// Whether the claim still is the present one; in a write transaction that holds until it ends.
  package func isCurrent(_ queue: WebhookQueue) throws(StoreError) -> Bool {
    try transaction.number(
      "SELECT epoch FROM webhook_queues WHERE webhook_id = $1", [.id(queue.webhookID)])
      == queue.epoch
  }

  /// What the claim learned of the endpoint.
  package func store(_ queue: WebhookQueue) throws(StoreError) {
    let health = queue.health
    try transaction.execute(
      """
      UPDATE webhook_queues SET failures = $3, failing_since = $4, paused_until = $5, warned = $6
      WHERE webhook_id = $1 AND epoch = $2
      """,
      [
        .id(queue.webhookID), .integer(queue.epoch), .integer(Int64(health.failures)),
        .time(health.failingSince), .time(health.pausedUntil),
        .integer((health.isWarned ? 1 : 0) | (health.isLossTold ? 2 : 0)),
      ])
  }

  /// Ends the claim; the queue is due when its first pending delivery is, but not in a pause.
  /// Gives when that is; nil: never.
  package func release(_ queue: WebhookQueue) throws(StoreError) -> Timestamp? {
    let first = try transaction.number(
      """
      SELECT min(next_attempt_at) FROM deliveries
      WHERE webhook_id = $1 AND next_attempt_at IS NOT NULL
      """, [.id(queue.webhookID)])
    var due = first == 0 ? Int64.max : first
    if due < .max, let pause = queue.health.pausedUntil { due = max(due, pause.microseconds) }
    try transaction.execute(
      """
      UPDATE webhook_queues SET leased_until = 0, due_at = $3
      WHERE webhook_id = $1 AND epoch = $2
      """, [.id(queue.webhookID), .integer(queue.epoch), .integer(due)])
    return due == .max ? nil : Timestamp(microseconds: due)
  }

  /// A new beginning for an endpoint that somebody switched on again or gave another address.
  /// Whoever holds the queue holds it no longer.
  package func reset(_ id: WebhookID, due: Timestamp?) throws(StoreError) {
    try transaction.execute(
      """
      UPDATE webhook_queues SET failures = 0, failing_since = NULL, paused_until = NULL,
        warned = 0, leased_until = 0, epoch = epoch + 1, due_at = $2
      WHERE webhook_id = $1
      """, [.id(id), due.map { .time($0) } ?? Self.never])
  }

  /// For the one process that uses the store: whoever held a queue is gone.
  package func dropClaims() throws(StoreError) {
    try transaction.execute(
      "UPDATE webhook_queues SET leased_until = 0 WHERE leased_until > 0", [])
  }
}
