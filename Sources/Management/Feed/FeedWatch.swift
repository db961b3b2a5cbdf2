// How late the data plane is: how long after its commit a change was in force here. It only
// watches; nothing waits for it.
package import KeyModel
internal import Storage

package final class FeedWatch: Sendable {
  private struct State {
    /// Committed by this process and not in force yet, oldest first: positions and when.
    var waiting: [(position: Int64, since: Int64)] = []
    var delays = Latencies()
    /// When the store was last asked for changes that all are in force by now; nil: never.
    var caughtUp: Int64?
  }

  private let state = Locked(State())
  private let elapsed: @Sendable () -> Int64

  /// - Parameter elapsed: nanoseconds from any beginning, never going back.
  package init(elapsed: @escaping @Sendable () -> Int64) { self.elapsed = elapsed }

  var now: Int64 { elapsed() }

  /// From the store's writer thread.
  func committed(_ position: Int64) {
    let now = now
    state.withLock { $0.waiting.append((position, now)) }
  }

  func settled(_ position: Int64) {
    let now = now
    state.withLock { state in
      let done = state.waiting.prefix { $0.position <= position }.count
      for change in state.waiting.prefix(done) { state.delays.add(now - change.since) }
      state.waiting.removeFirst(done)
    }
  }

  /// - Parameter asked: when the store was asked.
  func caughtUp(_ asked: Int64) {
    state.withLock { $0.caughtUp = max(asked, $0.caughtUp ?? asked) }
  }

  /// From the commit of a change by this process until it was in force here.
  package var delays: Latencies { state.withLock { $0.delays } }

  /// A bound, in nanoseconds, on how long ago a change may have been committed that is not in force
  /// here: of this process's own, and where others write to the store too, of anybody's.
  package func age(shared: Bool) -> Int64 {
    let now = now
    return state.withLock { state in
      let own = state.waiting.first.map { now - $0.since } ?? 0
      guard shared, let caughtUp = state.caughtUp else { return own }
      return max(own, now - caughtUp)
    }
  }
}
