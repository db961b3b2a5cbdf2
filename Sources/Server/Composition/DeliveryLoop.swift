// Runs the delivery engine while the server runs: whenever there is something new, when something
// becomes due, and once a second, since other servers write to the store too.
internal import Delivery
internal import KeyModel
internal import Management

final class DeliveryLoop: Sendable {
  private let engine: DeliveryEngine
  private let signal: DeliverySignal
  private let task: Task<Void, Never>

  init(_ control: ControlPlane, _ surroundings: Surroundings) {
    let (engine, signal) = (control.deliveries, control.management.deliverySignal)
    self.engine = engine
    self.signal = signal
    task = Task { await Self.run(engine, signal, surroundings.now) }
  }

  private static func run(
    _ engine: DeliveryEngine, _ signal: DeliverySignal, _ now: @Sendable () -> Timestamp
  ) async {
    await engine.begin()
    var woken: Set<WebhookID> = []
    while !Task.isCancelled {
      let next = await engine.round(woken)
      let start = now().microseconds
      let wait = next.microseconds > start ? min(next.microseconds - start, 1_000_000) : 5_000
      let timer = Task {
        try await Task.sleep(for: .microseconds(wait))
        signal.wake()
      }
      woken = await signal.wait()
      timer.cancel()
    }
  }

  /// Starts nothing more; calls in flight may end until `end`. What has not ended by then is sent
  /// again by the next server.
  func stop(by end: ContinuousClock.Instant) async {
    task.cancel()
    signal.wake()
    await task.value
    await engine.stop {
      try? await Task.sleep(for: .milliseconds(20))
      return ContinuousClock.now < end
    }
  }
}
