// Principals of operator keys that were read from the store a moment ago. Only where no other
// process writes to the store, and emptied before any change of an operator key or a project is
// answered: a revoked key never passes from here.
internal import KeyModel
internal import Synchronization

final class PrincipalCache: Sendable {
  private struct State {
    var principals: [Lookup: Principal] = [:]
    /// How often the cache was emptied: what was read before that must not be kept after it.
    var generation = 0
  }

  private static let size = 1024
  private let state = Mutex(State())
  private let isUsable: Bool

  init(isUsable: Bool) { self.isUsable = isUsable }

  func find(_ lookup: Lookup) -> Principal? { state.withLock { $0.principals[lookup] } }

  /// To be asked before the store is, and given back with what it said.
  var generation: Int { state.withLock { $0.generation } }

  func keep(_ principal: Principal, _ lookup: Lookup, generation: Int) {
    guard isUsable else { return }
    state.withLock { state in
      guard state.generation == generation, state.principals.count < Self.size else { return }
      state.principals[lookup] = principal
    }
  }

  func empty() {
    state.withLock {
      $0.principals.removeAll()
      $0.generation += 1
    }
  }
}
