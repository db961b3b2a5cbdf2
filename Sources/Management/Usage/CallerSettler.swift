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
    let order = sightings.indices.sorted { isBefore(sightings[$0], sightings[$1]) }
    var all: [CallerSighting] = []
    all.reserveCapacity(sightings.count)
    for index in order {
      let one = sightings[index]
      if let last = all.last, last.versionID == one.versionID, last.caller == one.caller {
        all[all.count - 1].calls += one.calls
        all[all.count - 1].lastSeenAt = max(last.lastSeenAt, one.lastSeenAt)
      } else {
        all.append(one)
      }
    }
    return all
  }

  /// Texts are looked at only for versions with several callers, which are few.
  private static func isBefore(_ left: CallerSighting, _ right: CallerSighting) -> Bool {
    if left.keyID != right.keyID { return left.keyID < right.keyID }
    if left.versionID != right.versionID { return left.versionID < right.versionID }
    return (left.caller.address, left.caller.userAgent, left.caller.route)
      < (right.caller.address, right.caller.userAgent, right.caller.route)
  }
}
