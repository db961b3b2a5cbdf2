// One of the threads that read: a connection of its own, one job at a time.

/// Confined to its thread once that runs.
final class Reader {
  private let connect: () throws(StoreError) -> any Connection
  private var connection: any Connection

  init(
    _ connection: any Connection, connect: @escaping () throws(StoreError) -> any Connection
  ) {
    self.connection = connection
    self.connect = connect
  }

  /// Until the queue is closed and empty.
  func run(_ queue: JobQueue) {
    while let job = queue.take(limit: 1).first { process(job) }
    connection.close()
  }

  private func process(_ job: Job) {
    let wasOpen = connection.isUsable
    do {
      try attemptOnce(job)
      job.finish(nil)
    } catch {
      connection.rollback()
      guard wasOpen || connection.isUsable, error.isRetryable(connection) else {
        return job.finish(error)
      }
      // Once more, over a new connection or after a conflict with a writer.
      do {
        try attemptOnce(job)
        job.finish(nil)
      } catch {
        connection.rollback()
        job.finish(error)
      }
    }
  }

  private func attemptOnce(_ job: Job) throws(StoreError) {
    if !connection.isUsable { connection = try connect() }
    try connection.begin(.read)
    if case .failed(let error?) = job.run(Transaction(connection, mayWrite: job.mayWrite)),
      error.isRetryable(connection)
    {
      throw error
    }
    connection.rollback()
  }
}
