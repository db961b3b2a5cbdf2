// Keeps the quotas' reservations coming while the server runs: whenever a cell runs low, and by the
// clock. It goes on until the last call has ended, since calls in flight may still wait for it.
internal import Management

final class Metering: Sendable {
  private let quotas: QuotaRefiller
  private let serving: Task<Void, Never>
  private let learning: Task<Void, Never>
  private let rounds: Task<Void, Never>

  init(_ quotas: QuotaRefiller) {
    self.quotas = quotas
    serving = Task { await quotas.run() }
    learning = Task {
      while !Task.isCancelled, await !quotas.learn() {
        try? await Task.sleep(for: .seconds(1))
      }
    }
    rounds = Task {
      while !Task.isCancelled {
        try? await Task.sleep(for: .milliseconds(250))
        if Task.isCancelled { return }
        await quotas.round()
      }
    }
  }

  /// After the last call; gives back what is unused.
  func stop() async {
    learning.cancel()
    rounds.cancel()
    await learning.value
    await rounds.value
    quotas.close()
    await serving.value
    await quotas.giveBackAll()
  }
}
