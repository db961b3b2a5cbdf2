// Rows of cycles. That a key has one open cycle at most, and one per slot, is the schema's rule.
package import KeyModel

package struct CycleRepository {
  private let transaction: Transaction
  init(_ transaction: Transaction) { self.transaction = transaction }

  private static let columns = """
    id, project_id, account_id, key_id, environment, cause, slot_at, state, request_id,
    generation, old_version, new_version, endpoint, endpoint_revision, started_at, ended_at,
    deadline, attempts, failures, next_attempt_at, in_doubt, lease_epoch, lease_until, reason,
    proof, wakes_at, revision
    """

  /// `conflict` with `Constraint.openCycle` where the key has one.
  package func insert(_ cycle: Cycle) throws(StoreError) {
    try transaction.execute(
      """
      INSERT INTO cycles (\(Self.columns))
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18,
        $19, $20, $21, $22, $23, $24, $25, $26, $27)
      """,
      [
        .id(cycle.id), .id(cycle.projectID), .id(cycle.accountID), .id(cycle.keyID),
        .text(cycle.environment), .raw(cycle.cause), .time(cycle.slotAt), .raw(cycle.state),
        .text(cycle.requestID), .integer(cycle.generation), .id(cycle.oldVersion),
        .id(cycle.newVersion), .text(cycle.endpoint), .integer(cycle.endpointRevision),
        .time(cycle.startedAt), .time(cycle.endedAt), .time(cycle.deadline),
        .integer(cycle.attempts), .integer(cycle.failures), .time(cycle.nextAttemptAt),
        .integer(cycle.isInDoubt ? 1 : 0), .integer(cycle.lease.epoch),
        .time(cycle.lease.until), .text(cycle.reason), Self.value(cycle.proof),
        .time(cycle.wakesAt), .integer(cycle.revision),
      ])
  }

  /// What a step may change. `cycle.revision` is the one that was read: `stale` where another is
  /// stored or none, so that of two who act on one lease only one does. One revision later.
  package func update(_ cycle: Cycle) throws(StoreError) -> Cycle {
    try transaction.executeOne(
      """
      UPDATE cycles SET state = $2, ended_at = $3, attempts = $4, failures = $5,
        next_attempt_at = $6, in_doubt = $7, lease_epoch = $8, lease_until = $9, reason = $10,
        proof = $11, wakes_at = $12, revision = revision + 1
      WHERE id = $1 AND revision = $13
      """,
      [
        .id(cycle.id), .raw(cycle.state), .time(cycle.endedAt), .integer(cycle.attempts),
        .integer(cycle.failures), .time(cycle.nextAttemptAt),
        .integer(cycle.isInDoubt ? 1 : 0), .integer(cycle.lease.epoch),
        .time(cycle.lease.until), .text(cycle.reason), Self.value(cycle.proof),
        .time(cycle.wakesAt), .integer(cycle.revision),
      ])
    var stored = cycle
    stored.revision += 1
    return stored
  }

  private static func value(_ proof: CycleProof?) -> SQLValue {
    proof.map { .raw($0) } ?? .null
  }

  package func find(_ id: CycleID) throws(StoreError) -> Cycle? {
    try cycles("WHERE id = $1", [.id(id)]).first
  }

  package func open(of key: KeyID) throws(StoreError) -> Cycle? {
    try cycles("WHERE key_id = $1 AND state <= 2", [.id(key)]).first
  }

  package func open(
    of account: AccountID, environment: String
  ) throws(StoreError) -> [Cycle] {
    try cycles(
      "WHERE account_id = $1 AND environment = $2 AND state <= 2 ORDER BY id",
      [.id(account), .text(environment)])
  }

  /// Those that somebody has to look at now, the longest overdue first.
  package func due(at now: Timestamp, limit: Int) throws(StoreError) -> [Cycle] {
    try cycles(
      "WHERE wakes_at <= $1 ORDER BY wakes_at, id LIMIT $2",
      [.time(now), .integer(Int64(limit))])
  }

  /// Open ones whose new version let a call pass.
  package func used(limit: Int) throws(StoreError) -> [CycleID] {
    try transaction.rows(
      """
      SELECT c.id FROM cycles c
      JOIN key_usage u ON u.key_id = c.key_id AND u.version_id = c.new_version
      WHERE c.state <= 2 LIMIT $1
      """, [.integer(Int64(limit))]
    ) { (row: any Row) throws(StoreError) in try row.id(0) }
  }

  /// Whether its new version let a call pass.
  package func isUsed(_ cycle: Cycle) throws(StoreError) -> Bool {
    try transaction.number(
      "SELECT count(*) FROM key_usage WHERE key_id = $1 AND version_id = $2",
      [.id(cycle.keyID), .id(cycle.newVersion)]) > 0
  }

  /// Whether the key had a cycle for the slot.
  package func hasSlot(_ slot: Timestamp, of key: KeyID) throws(StoreError) -> Bool {
    try transaction.number(
      "SELECT count(*) FROM cycles WHERE key_id = $1 AND slot_at = $2", [.id(key), .time(slot)])
      > 0
  }

  /// When a cycle of the key was last committed.
  package func lastCommit(of key: KeyID) throws(StoreError) -> Timestamp? {
    let time = try transaction.number(
      "SELECT max(ended_at) FROM cycles WHERE key_id = $1 AND state = 3", [.id(key)])
    return time == 0 ? nil : Timestamp(microseconds: time)
  }

  /// Newest first; `before` is exclusive, `limit` at most 200.
  package func list(
    _ account: AccountID, environment: String? = nil, before: CycleID? = nil, limit: Int
  ) throws(StoreError) -> [Cycle] {
    var conditions = Conditions()
    conditions.add("account_id = ?", .id(account))
    if let environment { conditions.add("environment = ?", .text(environment)) }
    let page = conditions.newestFirst(before: before, limit: limit)
    return try cycles(page, conditions.arguments)
  }

  private func cycles(_ clause: String, _ arguments: [SQLValue]) throws(StoreError) -> [Cycle] {
    try transaction.rows("SELECT \(Self.columns) FROM cycles \(clause)", arguments, Self.cycle)
  }

  private static func cycle(_ row: any Row) throws(StoreError) -> Cycle {
    var cycle = Cycle(
      id: try row.id(0), projectID: try row.id(1), accountID: try row.id(2),
      keyID: try row.id(3), environment: try row.text(4), cause: try row.raw(5),
      slotAt: try row.optionalTime(6), requestID: try row.text(8),
      generation: try row.integer(9), oldVersion: try row.id(10), newVersion: try row.id(11),
      endpoint: try row.text(12), endpointRevision: try row.integer(13),
      startedAt: try row.time(14), deadline: try row.time(16))
    cycle.state = try row.raw(7)
    cycle.endedAt = try row.optionalTime(15)
    cycle.attempts = try row.integer(17)
    cycle.failures = try row.integer(18)
    cycle.nextAttemptAt = try row.optionalTime(19)
    cycle.isInDoubt = try row.integer(20) != 0
    cycle.lease = CycleLease(epoch: try row.integer(21), until: try row.time(22))
    cycle.reason = try row.optionalText(23)
    cycle.proof = try row.optionalRaw(24)
    cycle.revision = try row.integer(26)
    return cycle
  }
}
