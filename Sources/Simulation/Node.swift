// One simulated server: its clock, what its data plane knows, and whether it runs.
import KeyModel

struct Node {
  var isUp = true
  /// Grows with every start: what an earlier life sent or waited for is not this one's.
  var life = 0
  /// Added to the true time: what its wall clock shows, microseconds.
  var skew: Int64 = 0
  /// The same while the clock does not leap.
  var drift: Int64 = 0
  var clock: CycleClock?
  var bornAt: Int64 = 0
  /// The keys as its data plane knows them, and when it stopped hearing of changes.
  var plane: [Key] = []
  let data: Plane
  var deafSince: Int64?
  /// When it last could hear again.
  var hearsSince: Int64 = 0
  /// Counted here and not stored yet.
  var counted: [(tenant: Int, version: VersionID)] = []
  var nextTick: Int64 = .max
  /// Attempts under way, so that none is begun twice by one node.
  var busy: [CycleID] = []
  var carrier = Carrier()
  /// Of the mutant with a negative cache: what was not found, until when.
  var missing: [VersionID: Int64] = [:]

  /// The wall clock of what is not tried with a leaping one.
  func steady(_ now: Int64) -> Timestamp { Timestamp(microseconds: now + drift) }

  func wall(_ now: Int64) -> Timestamp { Timestamp(microseconds: now + skew) }
}
