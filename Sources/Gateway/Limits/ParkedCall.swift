// A call that waits until calls of its day are fetched: not long, and not many of them. It ends in
// exactly one way: settled, unavailable, or its client is gone.
import HTTPServer
import KeyModel
import Verification

/// Confined to its worker's thread.
// Unchecked: in between it is merely carried.
final class ParkedCall: ExchangeWatcher, @unchecked Sendable {
  /// One worker holds no more; another call is refused as if the store were away.
  static let bound = 4096

  typealias GoOn = (Decision, consuming Slot?) -> Void
  private let shared: GatewayWorker
  private let exchange: Exchange
  private let plan: ProjectPlan
  private var decision: Decision
  private var hold: MeterHold?
  private var timer: Worker.Timer?
  private var settled: GoOn?
  private var unavailable: (() -> Void)?
  private var gone: (() -> Void)?

  init(
    _ shared: GatewayWorker, _ exchange: Exchange, _ plan: ProjectPlan, _ decision: Decision,
    _ hold: consuming MeterHold, settled: @escaping GoOn, unavailable: @escaping () -> Void,
    gone: @escaping () -> Void
  ) {
    self.shared = shared
    self.exchange = exchange
    self.plan = plan
    self.decision = decision
    self.hold = consume hold
    self.settled = settled
    self.unavailable = unavailable
    self.gone = gone
  }

  func begin() {
    shared.tally.parked += 1
    exchange.watcher = self
    let limit = shared.settings.quotaWaitMilliseconds
    timer = shared.worker.schedule(afterMilliseconds: limit) { self.timedOut() }
    wait()
  }

  private func wait() {
    guard let hold = hold.take() else { return }
    let worker = shared.worker
    shared.desk.whenToldMore(hold, now: shared.now) { worker.post { self.look() } }
    self.hold = consume hold
  }

  private func look() {
    guard let hold = hold.take() else { return }
    switch shared.desk.resume(hold, &decision, now: shared.now) {
    case .settled(let slot):
      let settled = settled
      end()
      shared.writeLimits(decision, plan)
      settled?(decision, slot)
    case .waiting(let hold):
      self.hold = consume hold
      wait()
    case .unavailable:
      let unavailable = unavailable
      end()
      unavailable?()
    }
  }

  private func timedOut() {
    guard let hold = hold.take() else { return }
    shared.desk.abandon(hold)
    let unavailable = unavailable
    end()
    unavailable?()
  }

  func clientGone() {
    guard let hold = hold.take() else { return }
    shared.desk.abandon(hold)
    let gone = gone
    end()
    gone?()
  }

  /// Nothing refers to the call from then on but whoever tells, and that does nothing.
  private func end() {
    shared.tally.parked -= 1
    timer?.cancel()
    timer = nil
    exchange.watcher = nil
    settled = nil
    unavailable = nil
    gone = nil
  }
}

extension GatewayWorker {
  /// Has the call wait. One of the three is called in the end: two are to answer it, `gone` where
  /// the client does not wait.
  func park(
    _ exchange: Exchange, _ plan: ProjectPlan, _ decision: Decision, _ hold: consuming MeterHold,
    settled: @escaping ParkedCall.GoOn, unavailable: @escaping () -> Void,
    gone: @escaping () -> Void
  ) {
    guard tally.parked < ParkedCall.bound else {
      desk.abandon(hold)
      return unavailable()
    }
    ParkedCall(
      self, exchange, plan, decision, hold, settled: settled, unavailable: unavailable,
      gone: gone
    ).begin()
  }
}

extension GatewayProblem {
  static let quotaUnavailable = GatewayProblem(
    .quotaUnavailable, "The quota cannot be asked at the moment; the call was not made.",
    lines: "Retry-After: 1\r\n")
}
