// The one bridge to the data plane: turns committed changes into key records and applies them to
// the record table, in the order of their positions. It must not decide on any call.
internal import Crypto
package import KeyModel
package import Storage
package import Verification

/// One per process. A pass reads every change after the table's position and applies it; passes
/// never overlap, and whoever needs a position waits until it is applied.
package actor RecordFeed {
  private let store: Store
  private let records: RecordSource
  private let table: RecordTable
  private var pass: Task<Void, any Error>?
  private let observe: @Sendable ([RecordChange]) throws -> Void
  /// Applied and observed up to here; what was applied but not observed is not in force yet.
  private var settled: Int64 = 0
  /// Of the store the table was filled from.
  private var epoch: Int64 = 0
  /// Times the table was filled: more than once where the store was put back while we ran.
  package private(set) var loads = 0
  private let committed = CommittedChanges()
  package nonisolated let watch: FeedWatch
  private static let batch = 500
  /// Changes that one transaction forgets, so that no other waits long for it.
  private static let trimmedAtOnce = 5_000

  /// - Parameter observe: hears of every change after it was applied and before anybody is told
  ///   that it is in force. Where it throws it is called again, with no changes, to make up for it.
  package init(
    store: Store, vault: Vault, policies: PolicyLibrary, table: RecordTable,
    watch: FeedWatch = FeedWatch { 0 },
    observe: @escaping @Sendable ([RecordChange]) throws -> Void = { _ in }
  ) {
    self.store = store
    self.table = table
    self.observe = observe
    self.watch = watch
    records = RecordSource(vault: vault, policies: policies)
  }

  package var settledPosition: Int64 { settled }

  /// Fills the table: projects, accounts and operator keys from one snapshot, then all keys. What
  /// was in it and is not in the store goes at the end.
  package func load() async throws {
    let (records, table, isFirst) = (records, table, loads == 0)
    let asked = watch.now
    let (start, present) = try await store.read { tx in
      let start = try LoadStart(tx, records.vault)
      table.replacePeppers(start.keyring.peppers, position: 0)
      table.reserve(versions: start.versions)
      var present = PresentRecords()
      try records.everything(tx) { change in
        table.load(change)
        if !isFirst { present.note(change) }
      }
      return (start, present)
    }
    let keys = KeyLoad(table, noting: isFirst ? nil : present)
    async let older: Void = store.read { try keys.run($0, .oldestFirst) }
    async let newer: Void = store.read { try keys.run($0, .newestFirst) }
    _ = try await (older, newer)
    if let found = keys.found { table.keepOnly(found) }
    table.loaded(position: start.position)
    records.vault.replace(start.keyring)
    committed.empty()
    epoch = start.epoch
    settle()
    watch.caughtUp(asked)
    loads += 1
  }

  /// Everything up to the table's position is in force.
  private func settle() {
    settled = table.position
    watch.settled(settled)
  }

  /// Observes once more what was changed after `position`; false where that is not kept any more.
  package func retell(after position: Int64) async throws -> Bool {
    var from = position
    while from < settled {
      let (records, start) = (records, from)
      let batch = try await store.read { tx -> [PositionedStep]? in
        guard try tx.changes.trimmed() <= start else { return nil }
        return try records.steps(after: start, limit: Self.batch, tx)
      }
      guard let batch, let last = batch.last else { return batch != nil }
      try observe(batch.compactMap(\.step.record))
      from = last.position
    }
    return true
  }

  /// Forgets old changes. To be called from a timer.
  /// - Parameter kept: for other servers and for journals; who is further behind loads anew.
  package func trim(keeping kept: Int64 = 100_000) async throws {
    let end = settled - kept
    while end > 0 {
      let count = try await store.write { tx in
        try tx.changes.trim(below: end, limit: Self.trimmedAtOnce)
      }
      if count < Self.trimmedAtOnce { return }
    }
  }

  /// From the store's writer thread, in the order of commits, before anybody is answered.
  nonisolated func hear(_ changes: [PositionedChange]) {
    if let last = changes.last { watch.committed(last.position) }
    committed.add(changes)
  }

  /// Returns once the change at `position` is applied.
  package func reach(_ position: Int64) async throws {
    try applyCommitted()
    while settled < position {
      if let pass {
        try await pass.value
      } else {
        try await runPass()
      }
      try applyCommitted()
    }
  }

  /// Applies what other processes have changed; for a timer where the database is shared.
  package func poll() async throws {
    if let pass {
      try await pass.value
    } else {
      try await runPass()
    }
  }

  /// What was committed here, as far as nothing that was committed elsewhere lies before it.
  private func applyCommitted() throws {
    guard pass == nil, settled == table.position else { return }
    let changes = committed.take(after: settled).compactMap { change in
      change.record.map { (record: $0, position: change.position) }
    }
    if changes.isEmpty { return }
    for change in changes { table.apply(change.record, position: change.position) }
    try observe(changes.map(\.record))
    settle()
  }

  private func runPass() async throws {
    // The pass itself says that it is over: a waiter that still saw it here would go round and
    // round without ever giving way to whoever is to remove it.
    let task = Task {
      defer { pass = nil }
      try await catchUp()
    }
    pass = task
    try await task.value
  }

  private func catchUp() async throws {
    let (records, table) = (records, table)
    if settled < table.position {
      try observe([])
      settle()
    }
    while true {
      let asked = watch.now
      let (from, epoch) = (table.position, epoch)
      let batch = try await store.read { tx -> [PositionedStep]? in
        // Another server put the store back, or what we have not applied yet is not kept any more.
        guard try tx.meta.restoreEpoch() == epoch, try tx.changes.trimmed() <= from else {
          return nil
        }
        return try records.steps(after: from, limit: Self.batch, tx)
      }
      guard let batch else { return try await load() }
      for item in batch { apply(item) }
      try observe(batch.compactMap(\.step.record))
      settle()
      if batch.count < Self.batch { watch.caughtUp(asked) }
      // What follows in memory need not be read, and may be more than a reader could keep up with.
      if batch.count < Self.batch || committed.holds(after: settled) { return }
    }
  }

  private func apply(_ item: PositionedStep) {
    switch item.step {
    case .record(let change): table.apply(change, position: item.position)
    case .peppers(let keyring):
      records.vault.replace(keyring)
      table.replacePeppers(keyring.peppers, position: item.position)
    }
  }
}

/// What a load begins with.
private struct LoadStart: Sendable {
  var keyring: Keyring
  var position: Int64
  var epoch: Int64
  var versions: Int

  init(_ tx: Transaction, _ vault: Vault) throws {
    keyring = try vault.read(tx)
    position = try tx.changes.latest()
    epoch = try tx.meta.restoreEpoch()
    versions = Int(try tx.keys.countVersions())
  }
}
