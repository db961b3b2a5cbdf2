// The store: opens a database, starts its threads and hands bodies to them. See Writer for how
// writes become one commit.

/// One database. Writing happens on one thread with one connection, reading on a few others; where
/// the engine locks rows by themselves, quotas are reserved on a further one.
package final class Store: Sendable {
  package let capabilities: StoreCapabilities
  private let writes: JobQueue
  /// The writes' own queue where the engine cannot read beside a writer.
  private let reads: JobQueue
  /// The writes' own queue where the engine has one write lock for everything.
  private let reservations: JobQueue
  private let writer: StoreThread
  private let reserver: StoreThread?
  private let readers: [StoreThread]
  private let closing = Once()
  private let outcome: WriteOutcome
  private let watch: any StoreWatch

  /// The version of the schema that `open` brings a database to.
  package static let schema = Migration.all.last?.version ?? 0

  /// Opens or makes the database and brings its schema up to date. Blocking.
  package static func open(
    _ location: StoreLocation, watch: (any StoreWatch)? = nil
  ) throws(StoreError) -> Store {
    try Store(location, migrations: Migration.all, readers: 2, watch: watch ?? Unwatched())
  }

  /// Finds out whether the database can be opened and is ours or empty, and brings its schema up to
  /// date. Blocking.
  package static func prepare(_ location: StoreLocation) throws(StoreError) {
    try prepared(location, Migration.all).close()
  }

  private static func prepared(
    _ location: StoreLocation, _ migrations: [Migration]
  ) throws(StoreError) -> any Connection {
    let first: any Connection
    do { first = try location.connect(.writer) } catch { throw location.explained(error) }
    do {
      try Migrator(connection: first).run(migrations)
      return first
    } catch {
      first.close()
      throw error
    }
  }

  /// For tests of migrations: `migrations` may end early.
  init(
    _ location: StoreLocation, migrations: [Migration], readers count: Int,
    watch: any StoreWatch = Unwatched()
  ) throws(StoreError) {
    self.watch = watch
    let first = try Self.prepared(location, migrations)
    capabilities = first.dialect.capabilities
    writes = JobQueue()
    reads = capabilities.concurrentReads ? JobQueue() : writes
    outcome = WriteOutcome()
    reservations = capabilities.rowLocks ? JobQueue() : writes
    (writer, readers) = try Self.start(
      first, location, writes, reads, outcome,
      readers: capabilities.concurrentReads ? count : 0)
    reserver = capabilities.rowLocks ? try Self.startReserver(location, reservations) : nil
  }

  private static func startReserver(
    _ location: StoreLocation, _ queue: JobQueue
  ) throws(StoreError) -> StoreThread {
    let connection = Handover(try location.connect(.writer))
    return try StoreThread("store-reserve") {
      Writer(connection.value, .rows, WriteOutcome()) { () throws(StoreError) in
        try location.connect(.writer)
      }
      .run(queue)
    }
  }

  /// Connections are made here, so that a failure to open one is the caller's to see.
  private static func start(
    _ first: any Connection, _ location: StoreLocation, _ writes: JobQueue, _ reads: JobQueue,
    _ outcome: WriteOutcome, readers count: Int
  ) throws(StoreError) -> (StoreThread, [StoreThread]) {
    var connections: [Handover<any Connection>] = []
    for _ in 0..<count { connections.append(Handover(try location.connect(.reader))) }
    let handover = Handover(first)
    let writer = try StoreThread("store-write") {
      Writer(handover.value, .write, outcome) { () throws(StoreError) in
        try location.connect(.writer)
      }
      .run(writes)
    }
    var threads: [StoreThread] = []
    for connection in connections {
      threads.append(
        try StoreThread("store-read") {
          Reader(connection.value) { () throws(StoreError) in try location.connect(.reader) }
            .run(reads)
        })
    }
    return (writer, threads)
  }

  /// One transaction. `body` runs on the writer's thread, synchronously, perhaps more than once; it
  /// must have no effects outside the transaction. What it throws undoes its changes and is thrown
  /// here; otherwise this returns after the commit is durable. A statement that failed fails the
  /// whole body, caught or not.
  /// - Parameter committed: hears of the result on the writer's thread once the commit is durable
  ///   and before anybody else does, in the order of commits. It must be quick.
  package func write<R: Sendable>(
    _ body: @escaping @Sendable (Transaction) throws -> R,
    committed: (@Sendable (R) -> Void)? = nil
  ) async throws -> R {
    try await submit(to: writes, .write, body, committed: committed)
  }

  /// Why the last write could not be stored; nil where it was, or was refused for its own sake.
  package var writeFailure: StoreError? { outcome.failure }

  /// As `write`, for rows that nothing else changes (quotas): does not wait for other writes where
  /// the engine locks rows. `body` must lock its rows in the order of their keys.
  package func reserve<R: Sendable>(
    _ body: @escaping @Sendable (Transaction) throws -> R
  ) async throws -> R { try await submit(to: reservations, .reserve, body) }

  /// One consistent snapshot; writing in `body` throws `readOnly`.
  package func read<R: Sendable>(
    _ body: @escaping @Sendable (Transaction) throws -> R
  ) async throws -> R { try await submit(to: reads, .read, body) }

  /// Bodies that no thread has taken yet. Where two kinds of work share a queue, so it is counted
  /// for each.
  package func waiting(for work: StoreWork) -> Int {
    switch work {
    case .write: writes.count
    case .read: reads.count
    case .reserve: reservations.count
    }
  }

  private func submit<R: Sendable>(
    to queue: JobQueue, _ work: StoreWork,
    _ body: @escaping @Sendable (Transaction) throws -> R,
    committed: (@Sendable (R) -> Void)? = nil
  ) async throws -> R {
    try await withCheckedThrowingContinuation { continuation in
      let job = BodyJob(
        continuation, StoreTiming(watch, work), mayWrite: work != .read, body,
        committed: committed)
      if !queue.add(job) { job.finish(.closed) }
    }
  }

  /// Finishes what is queued, checkpoints, closes the connections and ends the threads. Blocking.
  /// Later calls throw `closed`.
  package func close() {
    closing.run {
      reads.close()
      // SQLite checkpoints when its last connection closes, which must be the writer's.
      for reader in readers { reader.join() }
      if let reserver {
        reservations.close()
        reserver.join()
      }
      writes.close()
      writer.join()
    }
  }

  deinit { close() }
}

extension StoreLocation {
  /// Why a first connection was not made, more exactly than the connection can tell.
  func explained(_ error: StoreError) -> StoreError {
    guard case .postgres(let url) = self, case .unavailable(let words) = error,
      PostgresConnection.isDenied(url)
    else { return error }
    return .denied(words)
  }

  func connect(_ role: SQLiteConnection.Role) throws(StoreError) -> any Connection {
    switch self {
    case .sqliteFile(let path): try SQLiteConnection(path: path, role: role)
    case .sqliteMemory: try SQLiteConnection(path: nil, role: role)
    case .postgres(let url): try PostgresConnection(url: url)
    }
  }
}
