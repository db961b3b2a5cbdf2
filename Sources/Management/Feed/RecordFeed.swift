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
  private let committed = CommittedChanges()
  private static let batch = 500

  /// - Parameter observe: hears of every change after it was applied and before anybody is told
  ///   that it is in force. Where it throws it is called again, with no changes, to make up for it.
  package init(
    store: Store, vault: Vault, policies: PolicyLibrary, table: RecordTable,
    observe: @escaping @Sendable ([RecordChange]) throws -> Void = { _ in }
  ) {
    self.store = store
    self.table = table
    self.observe = observe
    records = RecordSource(vault: vault, policies: policies)
  }

  /// Fills an empty table from one snapshot: projects, accounts, operator keys, then all keys.
  package func load() async throws {
    let (records, table) = (records, table)
    let keyring = try await store.read { tx in
      let keyring = try records.vault.read(tx)
      table.replacePeppers(keyring.peppers, position: 0)
      let position = try tx.changes.latest()
      table.reserve(versions: Int(try tx.keys.countVersions()))
      try table.load(position: position) { apply in try records.everything(tx, apply) }
      return keyring
    }
    records.vault.replace(keyring)
    settled = table.position
  }

  /// From the store's writer thread, in the order of commits, before anybody is answered.
  nonisolated func hear(_ changes: [PositionedChange]) { committed.add(changes) }

  /// Returns once the change at `position` is applied.
  package func reach(_ position: Int64) async throws {
    try applyCommitted()
    while settled < position {
      if let pass {
        try await pass.value
        continue
      }
      try await runPass()
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
    settled = table.position
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
      settled = table.position
    }
    while true {
      let from = table.position
      let batch = try await store.read { tx in
        guard try tx.changes.trimmed() <= from else { throw FeedError.tooFarBehind }
        return try tx.changes.after(from, limit: Self.batch).map { change in
          Positioned(step: try records.step(change.subject, tx), position: change.position)
        }
      }
      for item in batch { apply(item) }
      try observe(batch.compactMap(\.step.record))
      settled = table.position
      if batch.count < Self.batch { return }
    }
  }

  private func apply(_ item: Positioned) {
    switch item.step {
    case .record(let change): table.apply(change, position: item.position)
    case .peppers(let keyring):
      records.vault.replace(keyring)
      table.replacePeppers(keyring.peppers, position: item.position)
    }
  }

  private struct Positioned: Sendable {
    var step: FeedStep
    var position: Int64
  }
}

package enum FeedError: Error, CustomStringConvertible {
  /// Changes that were never applied here are not kept any more: the process must start anew.
  case tooFarBehind
  package var description: String { "the change feed was trimmed before it was applied here" }
}
