// Brings who presented which version from the data plane to the store: from a timer, and whenever a
// key is to be judged by it. It must not decide on any call.
package import KeyModel
internal import Storage

package actor CallerSettler {
  /// Callers that wait for a store that is away; beyond it the newest are given up.
  private static let bound = 50_000
  /// Rows of one transaction: no change of a key waits longer than these take.
  private static let batch = 1_000
  private let store: Store
  private let clock: any WallClock
  private let collect: @Sendable () async -> [CallerSighting]
  private let pass = SharedPass()
  private var batches: NumberedBatches<CallerSighting>
  /// Callers in the newest pass.
  package private(set) var lastRows = 0

  /// - Parameter writer: 16 random bytes.
  init(
    store: Store, clock: any WallClock, writer: [UInt8],
    collect: @escaping @Sendable () async -> [CallerSighting]
  ) {
    self.store = store
    self.clock = clock
    self.collect = collect
    batches = NumberedBatches(writer: writer)
  }

  /// Returns once all that was seen before this call is stored, or could not be.
  package func settle() async {
    await pass.run { await self.store(self.collect()) }
  }

  /// Stores what was taken from the data plane by other means: at the end of a server.
  package func store(_ sightings: [CallerSighting]) async {
    batches.waiting = Self.merged(batches.waiting + sightings)
    lastRows = batches.count
    while let batch = batches.next(atMost: Self.batch) {
      let now = clock.now()
      do {
        try await store.write { tx in
          guard try batch.begin(tx, at: now) else { return }
          try tx.callers.add(batch.elements)
        }
        batches.stored()
      } catch {
        batches.waiting = Array(batches.waiting.prefix(Self.bound))
        return
      }
    }
  }

  /// What several workers saw of one caller as one, the callers of a key beside each other.
  private static func merged(_ sightings: [CallerSighting]) -> [CallerSighting] {
    struct Name: Hashable {
      var version: VersionID
      var caller: KeyCaller
    }
    var at: [Name: Int] = [:]
    var all: [CallerSighting] = []
    for one in sightings {
      let name = Name(version: one.versionID, caller: one.caller)
      if let index = at[name] {
        all[index].calls += one.calls
        all[index].lastSeenAt = max(all[index].lastSeenAt, one.lastSeenAt)
      } else {
        at[name] = all.count
        all.append(one)
      }
    }
    return all.sorted {
      ($0.keyID.bits, $0.versionID.bits) < ($1.keyID.bits, $1.versionID.bits)
    }
  }
}
