// Rows of deliveries. When an attempt is due and what its outcome means is KeyModel's to say.
package import KeyModel

/// A delivery as it is to be made now.
package struct DueDelivery: Hashable, Sendable {
  package var delivery: Delivery
  package var eventType: String
  package var body: [UInt8]
  /// JSON text of the event's `data`.
  package var data: String

  package init(delivery: Delivery, eventType: String, body: [UInt8], data: String) {
    self.delivery = delivery
    self.eventType = eventType
    self.body = body
    self.data = data
  }
}

package struct DeliveryRepository {
  private let transaction: Transaction
  init(_ transaction: Transaction) { self.transaction = transaction }

  private static let columns =
    "d.id, d.event_id, d.webhook_id, d.state, d.tries, d.next_attempt_at, d.attempts, d.body"

  private static let inserts = MultiRowInsert(
    table: "deliveries",
    columns: "id, event_id, webhook_id, state, tries, next_attempt_at, attempts, body", count: 8)

  package func insert(_ deliveries: [Delivery]) throws(StoreError) {
    try Self.inserts.run(in: transaction, rows: deliveries.count) { row, arguments in
      let one = deliveries[row]
      arguments += [
        .id(one.id), .id(one.eventID), .id(one.webhookID), .raw(one.state),
        .integer(Int64(one.tries)), .time(one.nextAttemptAt), AttemptsColumn.text(one.attempts),
        .blob(one.body),
      ]
    }
  }

  /// With the type of its event.
  package func find(_ id: DeliveryID) throws(StoreError) -> (Delivery, eventType: String)? {
    try transaction.row(
      """
      SELECT \(Self.columns), e.type FROM deliveries d JOIN events e ON e.id = d.event_id
      WHERE d.id = $1
      """, [.id(id)]
    ) { (row: any Row) throws(StoreError) in (try Self.delivery(row), try row.text(8)) }
  }

  /// What is sent.
  package func body(of delivery: Delivery) throws(StoreError) -> [UInt8] {
    if let own = delivery.body { return own }
    return try transaction.row(
      "SELECT body FROM events WHERE id = $1", [.id(delivery.eventID)]
    ) { (row: any Row) throws(StoreError) in try row.optionalBlob(0) ?? [] } ?? []
  }

  /// Newest first; `before` is exclusive, `limit` at most 200.
  package func list(
    of webhook: WebhookID, state: DeliveryState? = nil, type: String? = nil,
    before: DeliveryID? = nil, limit: Int
  ) throws(StoreError) -> [(Delivery, eventType: String)] {
    var conditions = Conditions()
    conditions.add("d.webhook_id = ?", .id(webhook))
    if let state { conditions.add("d.state = ?", .raw(state)) }
    if let type { conditions.add("e.type = ?", .text(type)) }
    if let before { conditions.add("d.id < ?", .id(before)) }
    let clause = conditions.clause
    let limit = conditions.argument(pageLimit(limit))
    return try transaction.rows(
      """
      SELECT \(Self.columns), e.type FROM deliveries d JOIN events e ON e.id = d.event_id\(clause)
      ORDER BY d.id DESC LIMIT \(limit)
      """, conditions.arguments
    ) { (row: any Row) throws(StoreError) in (try Self.delivery(row), try row.text(8)) }
  }

  /// What is due, longest first.
  package func due(
    of webhook: WebhookID, at now: Timestamp, limit: Int
  ) throws(StoreError) -> [DueDelivery] {
    try transaction.rows(
      """
      SELECT \(Self.columns), e.type, e.body, e.data
      FROM deliveries d JOIN events e ON e.id = d.event_id
      WHERE d.webhook_id = $1 AND d.next_attempt_at <= $2
      ORDER BY d.next_attempt_at, d.id LIMIT $3
      """, [.id(webhook), .time(now), .integer(Int64(limit))]
    ) { (row: any Row) throws(StoreError) in
      let delivery = try Self.delivery(row)
      let shared = try row.optionalBlob(9)
      return DueDelivery(
        delivery: delivery, eventType: try row.text(8), body: delivery.body ?? shared ?? [],
        data: try row.text(10))
    }
  }

  /// When the next one is due that is not yet; nil: none.
  package func nextDue(
    of webhook: WebhookID, after now: Timestamp
  ) throws(StoreError) -> Timestamp? {
    let next = try transaction.number(
      "SELECT min(next_attempt_at) FROM deliveries WHERE webhook_id = $1 AND next_attempt_at > $2",
      [.id(webhook), .time(now)])
    return next == 0 ? nil : Timestamp(microseconds: next)
  }

  /// What an attempt came to. Nothing where the delivery has ended meanwhile.
  package func settle(_ delivery: Delivery) throws(StoreError) {
    try transaction.execute(
      """
      UPDATE deliveries SET state = $2, tries = $3, next_attempt_at = $4, attempts = $5
      WHERE id = $1 AND next_attempt_at IS NOT NULL
      """,
      [
        .id(delivery.id), .raw(delivery.state), .integer(Int64(delivery.tries)),
        .time(delivery.nextAttemptAt), AttemptsColumn.text(delivery.attempts),
      ])
  }

  /// At most `limit`; gives how many.
  package func cancelPending(of webhook: WebhookID, limit: Int) throws(StoreError) -> Int {
    try transaction.execute(
      """
      UPDATE deliveries SET state = $2, next_attempt_at = NULL WHERE id IN (
        SELECT id FROM deliveries WHERE webhook_id = $1 AND next_attempt_at IS NOT NULL
        ORDER BY next_attempt_at LIMIT $3)
      """, [.id(webhook), .raw(DeliveryState.cancelled), .integer(Int64(limit))])
  }

  /// A new series that begins now; one that is pending goes on, from now.
  package func replay(_ id: DeliveryID, at now: Timestamp) throws(StoreError) {
    try transaction.execute(
      "UPDATE deliveries SET state = $2, tries = 0, next_attempt_at = $3 WHERE id = $1",
      [.id(id), .raw(DeliveryState.pending), .time(now)])
  }

  /// The same for at most `limit` of those since `time` that failed or were cancelled, oldest
  /// first. Gives how many.
  package func replayMissed(
    of webhook: WebhookID, since time: Timestamp, at now: Timestamp, limit: Int
  ) throws(StoreError) -> Int {
    try transaction.execute(
      """
      UPDATE deliveries SET state = $2, tries = 0, next_attempt_at = $3 WHERE id IN (
        SELECT id FROM deliveries
        WHERE webhook_id = $1 AND id >= $4 AND state >= $5 ORDER BY id LIMIT $6)
      """,
      [
        .id(webhook), .raw(DeliveryState.pending), .time(now),
        .id(DeliveryID(now: time, random: 0)), .raw(DeliveryState.failed),
        .integer(Int64(limit)),
      ])
  }

  /// At most `limit`; gives how many.
  func delete(of webhook: WebhookID, limit: Int) throws(StoreError) -> Int {
    try transaction.execute(
      """
      DELETE FROM deliveries WHERE id IN (
        SELECT id FROM deliveries WHERE webhook_id = $1 ORDER BY id LIMIT $2)
      """, [.id(webhook), .integer(Int64(limit))])
  }

  private static func delivery(_ row: any Row) throws(StoreError) -> Delivery {
    Delivery(
      id: try row.id(0), eventID: try row.id(1), webhookID: try row.id(2), state: try row.raw(3),
      tries: Int(try row.integer(4)), nextAttemptAt: try row.optionalTime(5),
      attempts: try AttemptsColumn.read(row, 6), body: try row.optionalBlob(7))
  }
}

/// Attempts as JSON: nothing looks inside them, and there are few.
private enum AttemptsColumn {
  static func text(_ attempts: [DeliveryAttempt]) -> SQLValue {
    if attempts.isEmpty { return .text("[]") }
    return JSONColumn.text(
      .array(
        attempts.map { one in
          .array([
            .integer(one.at.microseconds), one.status.map { .integer(Int64($0)) } ?? .null,
            .integer(one.latencyMilliseconds), one.error.map { .string($0) } ?? .null,
            one.responseExcerpt.map { .string($0) } ?? .null,
          ])
        }))
  }

  static func read(_ row: any Row, _ column: Int) throws(StoreError) -> [DeliveryAttempt] {
    if row.isText(column, "[]") { return [] }
    guard let items = try row.json(column).array else { throw .corrupt("not a list of attempts") }
    return try items.map { (item: JSONValue) throws(StoreError) in
      guard let parts = item.array, parts.count == 5, let at = parts[0].integer,
        let latency = parts[2].integer
      else { throw .corrupt("not an attempt") }
      return DeliveryAttempt(
        at: Timestamp(microseconds: at), status: parts[1].integer.map { Int($0) },
        latencyMilliseconds: latency, error: parts[3].string, responseExcerpt: parts[4].string)
    }
  }
}
