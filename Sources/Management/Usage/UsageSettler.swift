// Brings what the data plane counted to the store: from a timer, and whenever somebody asks for a
// number that must hold what happened before the question. It must not decide on any call.
internal import KeyModel
internal import Storage
package import Verification

package actor UsageSettler {
  /// Versions whose counts wait for a store that is away; beyond it the oldest are given up.
  private static let bound = 200_000
  /// Versions of one transaction: no change of a key waits longer than these take.
  private static let batch = 1_000
  private let store: Store
  private let clock: any WallClock
  private let collect: @Sendable () async -> [UsageDelta]
  private let pass = SharedPass()
  private var batches: NumberedBatches<UsageDelta>
  private var kept = UsageTotals()
  package var totals: UsageTotals {
    var totals = kept
    totals.waiting = batches.count
    return totals
  }

  /// - Parameter writer: 16 random bytes.
  init(
    store: Store, clock: any WallClock, writer: [UInt8],
    collect: @escaping @Sendable () async -> [UsageDelta]
  ) {
    self.store = store
    self.clock = clock
    self.collect = collect
    batches = NumberedBatches(writer: writer)
  }

  /// Returns once all that was counted before this call is stored, or could not be.
  package func settle() async {
    await pass.run { await self.store(self.collect()) }
  }

  /// Stores counts that were taken from the data plane by other means: at the end of a server.
  package func store(_ deltas: [UsageDelta]) async {
    // In the order of the tables: a batch then changes few pages, each of them once.
    batches.waiting += deltas.sorted {
      ($0.keyID.bits, $0.versionID.bits) < ($1.keyID.bits, $1.versionID.bits)
    }
    var hasStored = false
    while let batch = batches.next(atMost: Self.batch) {
      guard await store(batch) else {
        kept.failed += 1
        let surplus = max(0, batches.waiting.count - Self.bound)
        kept.givenUp += surplus
        batches.waiting.removeFirst(surplus)
        return
      }
      batches.stored()
      hasStored = true
    }
    if hasStored { kept.stored += 1 }
  }

  private func store(_ batch: NumberedBatches<UsageDelta>.Batch) async -> Bool {
    let usage = batch.elements.map {
      VersionUsage(
        keyID: $0.keyID, versionID: $0.versionID, lastUsedAt: $0.lastUsedAt, day: $0.day,
        calls: $0.calls)
    }
    let (days, now) = (KeyDay.adding(usage), clock.now())
    do {
      try await store.write { tx in
        guard try batch.begin(tx, at: now) else { return }
        try tx.usage.add(usage)
        try tx.history.add(days)
      }
      kept.calls += batch.elements.reduce(0) { $0 + $1.calls }
      return true
    } catch {
      return false
    }
  }
}

package struct UsageTotals: Sendable {
  /// Batches that were stored, and those that were not.
  package var stored = 0
  package var failed = 0
  /// Admitted calls in the stored batches.
  package var calls: Int64 = 0
  /// Counts of key versions that were given up, because the store was away for too long.
  package var givenUp = 0
  /// Counts of key versions that wait for a store that is away.
  package var waiting = 0
}
