// Since when each reader has been reading, so that nothing is taken away under one.
import Synchronization

/// Counts turns: who takes something away begins a new one, and waits until no reader is left of
/// those before. From any thread.
final class ReadTurns: Sendable {
  private struct State {
    var turn = 0
    /// How many began in each turn and are still reading.
    var readers: [Int: Int] = [:]
  }

  private let state = Mutex(State())

  func read<R>(_ body: () throws(StoreError) -> R) throws(StoreError) -> R {
    let turn = state.withLock { state in
      state.readers[state.turn, default: 0] += 1
      return state.turn
    }
    defer {
      state.withLock { state in
        let left = state.readers[turn, default: 1] - 1
        state.readers[turn] = left > 0 ? left : nil
      }
    }
    return try body()
  }

  /// Begins a turn. Whoever reads in it or later sees everything that was committed before.
  func next() -> Int {
    state.withLock { state in
      state.turn += 1
      return state.turn
    }
  }

  /// True once nobody reads any more who began before `turn`.
  func isOver(before turn: Int) -> Bool {
    state.withLock { state in state.readers.keys.allSatisfy { $0 >= turn } }
  }
}
