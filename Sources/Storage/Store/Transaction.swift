// What a body of `Store.write` or `read` works on: the repositories over one connection.

/// Confined to the thread that runs the body; must not escape from it.
package final class Transaction {
  private let connection: any Connection
  private let mayWrite: Bool
  /// The first error of a statement: nothing more runs after it, on either engine.
  private var failure: StoreError?
  /// Rows may have been changed.
  private(set) var hasWritten = false

  init(_ connection: any Connection, mayWrite: Bool) {
    self.connection = connection
    self.mayWrite = mayWrite
  }

  var capabilities: StoreCapabilities { connection.dialect.capabilities }

  package var projects: ProjectRepository { ProjectRepository(self) }
  package var accounts: AccountRepository { AccountRepository(self) }
  package var applications: ApplicationRepository { ApplicationRepository(self) }
  package var members: MemberRepository { MemberRepository(self) }
  package var keys: KeyRepository { KeyRepository(self) }
  package var operatorKeys: OperatorKeyRepository { OperatorKeyRepository(self) }
  package var audit: AuditRepository { AuditRepository(self) }
  package var idempotency: IdempotencyRepository { IdempotencyRepository(self) }
  package var keyring: KeyringRepository { KeyringRepository(self) }
  package var peppers: PepperRepository { PepperRepository(self) }
  package var changes: ChangeRepository { ChangeRepository(self) }
  package var usage: UsageRepository { UsageRepository(self) }
  package var history: UsageHistoryRepository { UsageHistoryRepository(self) }
  package var quotas: QuotaRepository { QuotaRepository(self) }
  package var cycling: CyclingRepository { CyclingRepository(self) }
  package var cycles: CycleRepository { CycleRepository(self) }
  package var mails: MailRepository { MailRepository(self) }
  package var leaks: LeakRepository { LeakRepository(self) }
  package var outboxes: OutboxRepository { OutboxRepository(self) }
  package var batchMarks: BatchMarkRepository { BatchMarkRepository(self) }
  package var callers: CallerRepository { CallerRepository(self) }
  package var webhooks: WebhookRepository { WebhookRepository(self) }
  package var events: EventRepository { EventRepository(self) }
  package var deliveries: DeliveryRepository { DeliveryRepository(self) }
  package var webhookQueues: WebhookQueueRepository { WebhookQueueRepository(self) }
  package var meta: MetaRepository { MetaRepository(self) }

  /// To be called now and then: gives back what an import, say, left in memory of the database.
  /// False where that was little.
  package func trimMemory() -> Bool { connection.trim() }

  /// The error that failed the body so far; forgets it.
  func takeFailure() -> StoreError? {
    defer { failure = nil }
    return failure
  }

  /// A change of rows; gives how many.
  @discardableResult
  func execute(_ sql: String, _ arguments: [SQLValue]) throws(StoreError) -> Int {
    try beginWriting()
    return try noting { () throws(StoreError) in try connection.run(sql, arguments) }
  }

  /// A change of one row that must be there, as the caller read it.
  func executeOne(_ sql: String, _ arguments: [SQLValue]) throws(StoreError) {
    // Not noted: the transaction is sound, the caller may look and go on.
    guard try execute(sql, arguments) == 1 else { throw .stale }
  }

  func rows<T>(
    _ sql: String, _ arguments: [SQLValue], _ value: (any Row) throws(StoreError) -> T
  ) throws(StoreError) -> [T] {
    var values: [T] = []
    try forEach(sql, arguments) { (row: any Row) throws(StoreError) in
      values.append(try value(row))
    }
    return values
  }

  func row<T>(
    _ sql: String, _ arguments: [SQLValue], _ value: (any Row) throws(StoreError) -> T
  ) throws(StoreError) -> T? {
    var found: T?
    try forEach(sql, arguments) { (row: any Row) throws(StoreError) in found = try value(row) }
    return found
  }

  /// A count, a maximum or a position: the first column of the first row, 0 where there is none.
  func number(_ sql: String, _ arguments: [SQLValue] = []) throws(StoreError) -> Int64 {
    try row(sql, arguments) { (row: any Row) throws(StoreError) in
      row.isNull(0) ? 0 : try row.integer(0)
    } ?? 0
  }

  /// The same, of a statement that changes rows and returns them.
  func numberChanging(_ sql: String, _ arguments: [SQLValue] = []) throws(StoreError) -> Int64 {
    try beginWriting()
    return try number(sql, arguments)
  }

  /// One row of a statement that changes rows and returns them.
  func rowChanging<T>(
    _ sql: String, _ arguments: [SQLValue], _ value: (any Row) throws(StoreError) -> T
  ) throws(StoreError) -> T? {
    try beginWriting()
    return try row(sql, arguments, value)
  }

  private func beginWriting() throws(StoreError) {
    guard mayWrite else { throw note(.readOnly) }
    hasWritten = true
  }

  func forEach(
    _ sql: String, _ arguments: [SQLValue], _ body: (any Row) throws(StoreError) -> Void
  ) throws(StoreError) {
    try noting { () throws(StoreError) in _ = try connection.run(sql, arguments, body) }
  }

  func cursor(_ sql: String, _ arguments: [SQLValue] = []) throws(StoreError) -> any Cursor {
    try noting { () throws(StoreError) in try connection.cursor(sql, arguments) }
  }

  private func noting<T>(_ body: () throws(StoreError) -> T) throws(StoreError) -> T {
    if let failure { throw failure }
    do {
      return try body()
    } catch {
      throw note(error)
    }
  }

  private func note(_ error: StoreError) -> StoreError {
    if failure == nil { failure = error }
    return error
  }
}
