// The time that slots and deadlines are judged by: the wall clock, never going back, and not
// believed when it leaps. A step of the clock must neither open a slot again nor fire every key.

package struct CycleClock: Hashable, Sendable {
  /// Seconds by which the wall clock may run ahead of the elapsed time unasked.
  package static let tolerance: Int64 = 600
  /// Elapsed seconds for which a leap has to last before it is believed.
  package static let patience: Int64 = 60

  /// The latest time that was believed; stored, so that a restart does not go back either.
  package private(set) var highWater: Timestamp
  private var lastElapsed: Int64?
  /// Elapsed microseconds at which the leap began.
  private var leapSince: Int64?

  package init(highWater: Timestamp) { self.highWater = highWater }

  package enum Reading: Hashable, Sendable {
    case time(Timestamp)
    /// The clock has leapt ahead: nothing is begun or failed by it yet.
    case held
  }

  /// - Parameter elapsed: microseconds of a clock that is never set, sleep included.
  package mutating func read(wall: Timestamp, elapsed: Int64) -> Reading {
    let passed = lastElapsed.map { max(0, elapsed - $0) } ?? 0
    // Nobody knows how long this process was not there: its first look is believed.
    let isFirst = lastElapsed == nil
    let bound = highWater.microseconds + passed + Self.tolerance * 1_000_000
    if isFirst || wall.microseconds <= bound {
      leapSince = nil
      return believe(wall, elapsed)
    }
    guard let since = leapSince else {
      leapSince = elapsed
      return .held
    }
    guard elapsed - since >= Self.patience * 1_000_000 else { return .held }
    leapSince = nil
    return believe(wall, elapsed)
  }

  private mutating func believe(_ wall: Timestamp, _ elapsed: Int64) -> Reading {
    lastElapsed = elapsed
    highWater = max(highWater, wall)
    return .time(highWater)
  }
}
