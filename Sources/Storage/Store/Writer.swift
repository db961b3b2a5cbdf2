// A writer: takes what is queued, runs it as one transaction, in which what fails is undone alone,
// and answers everybody after one commit. Must not answer anybody before it.

/// Confined to the writer's thread once that runs.
final class Writer {
  private let connect: () throws(StoreError) -> any Connection
  private var connection: any Connection
  private let outcome: WriteOutcome
  private let kind: TransactionKind
  /// Bounds how long a commit can take and how much is run again after a serialization failure.
  static let batchLimit = 256
  private static let attempts = 8

  init(
    _ connection: any Connection, _ kind: TransactionKind, _ outcome: WriteOutcome,
    connect: @escaping () throws(StoreError) -> any Connection
  ) {
    self.connection = connection
    self.kind = kind
    self.outcome = outcome
    self.connect = connect
  }

  /// Until the queue is closed and empty.
  func run(_ queue: JobQueue) {
    while true {
      let jobs = queue.take(limit: Self.batchLimit)
      if jobs.isEmpty { break }
      process(jobs)
    }
    connection.close()
  }

  private func process(_ jobs: [Job]) {
    for attempt in 1...Self.attempts {
      let wasOpen = connection.isUsable
      do {
        try attemptOnce(jobs)
        for job in jobs { job.finish(nil) }
        return
      } catch {
        connection.rollback()
        // Where no connection can be made everybody hears of it now, not after many tries.
        guard error.isRetryable(connection), wasOpen || connection.isUsable,
          attempt < Self.attempts
        else {
          outcome.note(error)
          for job in jobs { job.finish(error) }
          return
        }
      }
    }
  }

  /// Throws only what concerns the whole batch; what one job threw stays with it.
  private func attemptOnce(_ jobs: [Job]) throws(StoreError) {
    if !connection.isUsable { connection = try connect() }
    try connection.begin(kind)
    var done = try runTogether(jobs)
    if done == nil {
      connection.rollback()
      try connection.begin(kind)
      done = try runApart(jobs)
    }
    if done == 0 { return connection.rollback() }
    try connection.commit()
    outcome.succeeded()
  }

  /// Without anything between the jobs: hardly any fails, and a savepoint around each costs an
  /// engine a copy of every page that each changes, or a journey. Gives how many went well; nil
  /// where one failed that may have changed something, so that nothing can be kept.
  private func runTogether(_ jobs: [Job]) throws(StoreError) -> Int? {
    var done = 0
    for job in jobs {
      let transaction = Transaction(connection, mayWrite: job.mayWrite)
      switch job.run(transaction) {
      case .done: done += 1
      case .failed(let error):
        if let error, error.isRetryable(connection) { throw error }
        if jobs.count == 1 {
          if let error, job.mayWrite { outcome.note(error) }
        } else if error != nil || transaction.hasWritten {
          return nil
        }
      }
    }
    return done
  }

  /// With a savepoint around each job, so that what failed is undone alone.
  private func runApart(_ jobs: [Job]) throws(StoreError) -> Int {
    var done = 0
    for job in jobs {
      try connection.savepoint()
      switch job.run(Transaction(connection, mayWrite: job.mayWrite)) {
      case .done:
        try connection.release()
        done += 1
      case .failed(let error):
        if let error, error.isRetryable(connection) { throw error }
        if let error, job.mayWrite { outcome.note(error) }
        do {
          try connection.rollbackToSavepoint()
        } catch let second {
          // The engine undid the whole transaction by itself (no room, say): the first error tells
          // why.
          throw error ?? second
        }
      }
    }
    return done
  }
}

extension StoreError {
  /// Whether the same bodies may be run again: nothing of them was kept.
  func isRetryable(_ connection: any Connection) -> Bool {
    switch self {
    case .busy: connection.dialect.capabilities.sharedAmongProcesses
    case .unavailable: !connection.isUsable
    default: false
    }
  }
}
