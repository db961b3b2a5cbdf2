// Settings of auto cycling, one row per account and environment.
package import KeyModel

package struct CyclingRepository {
  private let transaction: Transaction
  init(_ transaction: Transaction) { self.transaction = transaction }

  private static let columns = """
    account_id, environment, project_id, endpoint, every_days, starts_on, overlap_seconds,
    enabled, disabled_reason, next_slot_at, endpoint_revision, created_at, updated_at, revision
    """

  package func insert(_ settings: CyclingSettings) throws(StoreError) {
    try transaction.execute(
      """
      INSERT INTO auto_cycling (\(Self.columns))
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
      """,
      [
        .id(settings.accountID), .text(settings.environment), .id(settings.projectID),
        .text(settings.endpoint), .integer(settings.everyDays), .integer(settings.startsOn),
        .integer(settings.overlapSeconds), .integer(settings.isEnabled ? 1 : 0),
        .text(settings.disabledReason), .time(settings.nextSlotAt),
        .integer(settings.endpointRevision), .time(settings.createdAt),
        .time(settings.updatedAt), .integer(settings.revision),
      ])
  }

  /// `settings.revision` is the one that was read: `stale` where another is stored or none. Gives
  /// what is stored now, one revision later.
  package func update(_ settings: CyclingSettings) throws(StoreError) -> CyclingSettings {
    try transaction.executeOne(
      """
      UPDATE auto_cycling SET endpoint = $3, every_days = $4, starts_on = $5,
        overlap_seconds = $6, enabled = $7, disabled_reason = $8, next_slot_at = $9,
        endpoint_revision = $10, updated_at = $11, revision = revision + 1
      WHERE account_id = $1 AND environment = $2 AND revision = $12
      """,
      [
        .id(settings.accountID), .text(settings.environment), .text(settings.endpoint),
        .integer(settings.everyDays), .integer(settings.startsOn),
        .integer(settings.overlapSeconds), .integer(settings.isEnabled ? 1 : 0),
        .text(settings.disabledReason), .time(settings.nextSlotAt),
        .integer(settings.endpointRevision), .time(settings.updatedAt),
        .integer(settings.revision),
      ])
    var stored = settings
    stored.revision += 1
    return stored
  }

  package func find(
    _ account: AccountID, environment: String
  ) throws(StoreError) -> CyclingSettings? {
    try transaction.row(
      "SELECT \(Self.columns) FROM auto_cycling WHERE account_id = $1 AND environment = $2",
      [.id(account), .text(environment)], Self.settings)
  }

  /// Of all environments, in the order of their names.
  package func list(_ account: AccountID) throws(StoreError) -> [CyclingSettings] {
    try transaction.rows(
      "SELECT \(Self.columns) FROM auto_cycling WHERE account_id = $1 ORDER BY environment",
      [.id(account)], Self.settings)
  }

  /// Those that have a slot to be seen to, the longest overdue first.
  package func due(at now: Timestamp, limit: Int) throws(StoreError) -> [CyclingSettings] {
    try transaction.rows(
      """
      SELECT \(Self.columns) FROM auto_cycling WHERE next_slot_at <= $1
      ORDER BY next_slot_at, account_id LIMIT $2
      """, [.time(now), .integer(Int64(limit))], Self.settings)
  }

  /// How many have one that began before `time`.
  package func countDue(before time: Timestamp) throws(StoreError) -> Int64 {
    try transaction.number(
      "SELECT count(*) FROM auto_cycling WHERE next_slot_at < $1", [.time(time)])
  }

  private static func settings(_ row: any Row) throws(StoreError) -> CyclingSettings {
    var settings = CyclingSettings(
      projectID: try row.id(2), accountID: try row.id(0), environment: try row.text(1),
      endpoint: try row.text(3), everyDays: try row.integer(4), startsOn: try row.integer(5),
      overlapSeconds: try row.integer(6), createdAt: try row.time(11))
    settings.isEnabled = try row.integer(7) != 0
    settings.disabledReason = try row.optionalText(8)
    settings.nextSlotAt = try row.optionalTime(9)
    settings.endpointRevision = try row.integer(10)
    settings.updatedAt = try row.time(12)
    settings.revision = try row.integer(13)
    return settings
  }
}
