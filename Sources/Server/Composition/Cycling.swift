// The loop that sees to cycles while a server runs. What is to be done is CycleRunner's.
internal import Management

final class Cycling: Sendable {
  private static let turn = Duration.milliseconds(250)
  /// Slots, uses and deadlines are looked at every so many turns; what waits to be sent at each.
  private static let turnsPerLook = 4
  private let runner: CycleRunner
  private let task: Task<Void, Never>

  init(_ management: UseCases, _ log: Log) {
    let start = ContinuousClock.now
    let runner = CycleRunner(
      management: management,
      elapsed: {
        let (seconds, attoseconds) = (ContinuousClock.now - start).components
        return seconds * 1_000_000 + attoseconds / 1_000_000_000_000
      }, report: { log.error($0) })
    self.runner = runner
    task = Task {
      var turn = 0
      while !Task.isCancelled {
        if turn.isMultiple(of: Self.turnsPerLook) {
          await runner.look()
        } else {
          await runner.bringDue()
        }
        turn += 1
        try? await Task.sleep(for: Self.turn)
      }
    }
  }

  /// Nothing is begun any more; what is on its way may still end. While the workers run.
  func halt() async {
    task.cancel()
    await runner.halt()
    await task.value
  }

  /// Returns once what was on its way has ended and is stored.
  func stop() async { await runner.drain() }
}
