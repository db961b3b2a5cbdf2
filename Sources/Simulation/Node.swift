// One simulated server: its clock, what its data plane knows, and whether it runs.
import KeyModel

struct Node {
  var isUp = true
  /// Grows with every start: what an earlier life sent or waited for is not this one's.
  var life = 0
  /// Added to the true time: what its wall clock shows, microseconds.
  var skew: Int64 = 0
  var clock: CycleClock?
  var bornAt: Int64 = 0
  /// The keys as its data plane knows them, and when it stopped hearing of changes.
  var plane: [Key] = []
  var deafSince: Int64?
  /// When it last could hear again.
  var hearsSince: Int64 = 0
  /// Counted here and not stored yet.
  var counted: [(tenant: Int, version: VersionID)] = []
  var nextTick: Int64 = .max
  /// Attempts under way, so that none is begun twice by one node.
  var busy: [CycleID] = []
  /// Of the mutant with a negative cache: what was not found, until when.
  var missing: [VersionID: Int64] = [:]

  func wall(_ now: Int64) -> Timestamp { Timestamp(microseconds: now + skew) }

  /// As the verifier decides: by state and end, never by who asks.
  func accepts(_ version: VersionID, of tenant: Int, now: Int64) -> Bool? {
    let key = plane[tenant]
    guard let found = key.versions.first(where: { $0.id == version }) else { return nil }
    guard key.state == .active, !found.state.isFinal else { return false }
    return found.acceptedUntil.map { now + skew < $0.microseconds } ?? true
  }
}
