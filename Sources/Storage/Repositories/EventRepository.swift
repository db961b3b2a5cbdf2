// Rows of events. An event that no webhook hears of has none.
package import KeyModel

package struct EventRepository {
  private let transaction: Transaction
  init(_ transaction: Transaction) { self.transaction = transaction }

  static let columns =
    "e.id, e.project_id, e.account_id, e.environment, e.type, e.created_at, e.data, e.body"

  /// - Parameter body: what every subscriber is sent; nil where each delivery has its own.
  package func insert(_ event: Event, body: [UInt8]?) throws(StoreError) {
    try transaction.execute(
      """
      INSERT INTO events (id, project_id, account_id, environment, type, created_at, data, body)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
      """,
      [
        .id(event.id), .id(event.projectID), .id(event.accountID), .text(event.environment),
        .text(event.type), .time(event.createdAt), JSONColumn.text(.object(event.data)),
        .blob(body),
      ])
  }

  package func find(_ id: EventID) throws(StoreError) -> Event? {
    try transaction.row(
      "SELECT \(Self.columns) FROM events e WHERE e.id = $1", [.id(id)]
    ) { (row: any Row) throws(StoreError) in try Self.event(row, from: 0) }
  }

  /// The oldest `limit` of a project's events before `time`, with their deliveries. Gives how many
  /// went.
  package func delete(
    of project: ProjectID, before time: Timestamp, limit: Int
  ) throws(StoreError) -> Int {
    try transaction.execute(
      """
      DELETE FROM events WHERE id IN (
        SELECT id FROM events WHERE project_id = $1 AND id < $2 ORDER BY id LIMIT $3)
      """, [.id(project), .id(EventID(now: time, random: 0)), .integer(Int64(limit))])
  }

  static func event(_ row: any Row, from first: Int) throws(StoreError) -> Event {
    guard let data = try row.json(first + 6).object else { throw .corrupt("not an object") }
    return Event(
      id: try row.id(first), projectID: try row.id(first + 1),
      accountID: try row.id(first + 2), environment: try row.optionalText(first + 3),
      type: try row.text(first + 4), createdAt: try row.time(first + 5), data: data)
  }
}
