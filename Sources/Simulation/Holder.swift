// The customer's program and its endpoint: what it was sent, what it keeps, and how it answers.
import KeyModel

/// What an endpoint does with a delivery.
enum Manner: CaseIterable, Hashable {
  case echo
  /// Keeps the key; the answer is lost, or comes too late.
  case keepsAndLosesAnswer, keepsLate
  /// The request is lost.
  case hearsNothing
  case refusesConnection
  case fails
  /// Keeps the key and says that it failed: a liar, and it pays for it.
  case keepsAndFails
  case wrongID, reflects, redirects, gone
}

struct Holder {
  /// The version it calls with.
  var version: VersionID
  var generation: Int64
  var keptAt: Int64 = 0
  /// It brought the loss of this version upon itself, or its owner did.
  var isExcused = false
  /// Its account was suspended or its key had ended when it called last: it cannot show what it
  /// has.
  var isBarred = false
  var manner = Manner.echo

  /// Keeps the highest generation that it was ever sent.
  mutating func keep(_ parcel: Parcel, at now: Int64) {
    guard parcel.generation > generation else { return }
    version = parcel.version
    generation = parcel.generation
    keptAt = now
    isExcused = false
  }
}

/// A delivery on the wire; `bytes` stands for the body, which holds the secret of `version`.
struct Parcel {
  var tenant: Int
  var cycle: CycleID
  var requestID: String
  var generation: Int64
  var version: VersionID
  var endpointRevision: Int64
  var deadline: Timestamp
  var node: Int
  var life: Int
  var epoch: Int64

  /// All that the body is made of.
  var bytes: [UInt64] {
    [
      UInt64(truncatingIfNeeded: version.bits), UInt64(bitPattern: generation),
      UInt64(truncatingIfNeeded: cycle.bits),
    ]
  }
}
