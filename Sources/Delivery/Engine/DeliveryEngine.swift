// Brings what is due to the endpoints. The engine holds a claim on each queue that it works on, so
// that one server at a time calls an endpoint; what it starts is bounded by endpoint, by account
// and in all. It has no clock and no timer: whoever runs it calls `round` when something is due.
package import Crypto
package import KeyModel
package import Storage

package struct DeliverySettings: Sendable {
  /// Calls in flight in all. Beyond half of it an endpoint starts two at most.
  package var capacity = 480
  /// Of one account: from `few` on an endpoint of it starts two at most, from `most` on none.
  package var accountShare = (few: 64, most: 256)
  /// Queues held at a time.
  package var claims = 4096
  package var leaseSeconds: Int64 = 30
  /// Outcomes that wait to be stored; beyond this nothing is started.
  package var backlog = 4096
  package init() {}
}

package actor DeliveryEngine {
  let store: Store
  let transport: any OutboundTransport
  let desk: any DeliveryDesk
  let signal: DeliverySignal
  let now: @Sendable () -> Timestamp
  let entropy: any Entropy
  let settings: DeliverySettings
  let report: @Sendable (any Error) -> Void

  var runs: [WebhookID: QueueRun] = [:]
  /// In the order in which they were claimed; each in turn starts one.
  var order: [WebhookID] = []
  private var inFlight = 0
  private var inFlightOf: [AccountID: Int] = [:]
  var outcomes: [Outcome] = []
  /// Whose claims may be over.
  var idleCandidates: Set<WebhookID> = []
  /// When the store is to be asked again what is due.
  var askAt = Timestamp(microseconds: .min)
  var isSettling = false
  private(set) var isStopping = false
  package private(set) var totals = Totals()

  /// Since the start of the engine.
  package struct Totals: Sendable, Hashable {
    package var attempts = 0
    package var delivered = 0
    package var failed = 0
  }

  /// - Parameters:
  ///   - now: the wall clock.
  ///   - report: hears of failures of the store; they hold no secrets.
  package init(
    store: Store, transport: any OutboundTransport, desk: any DeliveryDesk,
    signal: DeliverySignal, now: @escaping @Sendable () -> Timestamp, entropy: any Entropy,
    settings: DeliverySettings = DeliverySettings(),
    report: @escaping @Sendable (any Error) -> Void
  ) {
    self.store = store
    self.transport = transport
    self.desk = desk
    self.signal = signal
    self.now = now
    self.entropy = entropy
    self.settings = settings
    self.report = report
  }

  /// Before the first round. Where no other process uses the store, old claims are nobody's.
  package func begin() async {
    guard !store.capabilities.sharedAmongProcesses else { return }
    do {
      try await store.write { try $0.webhookQueues.dropClaims() }
    } catch {
      report(error)
    }
  }

  /// Takes what is due and starts what may start. Gives when it is to be called again at the
  /// latest.
  /// - Parameter woken: in whose queues there is something new.
  package func round(_ woken: Set<WebhookID> = []) async -> Timestamp {
    guard !isStopping else { return .latest }
    for id in woken { runs[id]?.wasWoken = true }
    do {
      try await renew()
      try await claim(woken)
      try await refill()
    } catch {
      report(error)
      askAt = now().adding(seconds: 1)
    }
    start()
    await settle()
    return order.compactMap { runs[$0]?.nextRetry }.reduce(askAt, min)
  }

  /// Starts nothing more, waits for what is in flight as long as `wait` does, and gives the claims
  /// back.
  package func stop(_ wait: @Sendable () async -> Bool) async {
    isStopping = true
    while inFlight > 0 {
      if await !wait() { break }
    }
    for id in order { runs[id]?.close() }
    await settle()
    let held = order.compactMap { runs[$0]?.queue }
    do {
      try await store.write { tx in
        for queue in held { _ = try tx.webhookQueues.release(queue) }
      }
    } catch {
      report(error)
    }
    runs = [:]
    order = []
  }

  /// Nothing is in flight or waits to be stored.
  package var isQuiet: Bool { inFlight == 0 && outcomes.isEmpty && !isSettling }

  // MARK: Starting

  /// One of each queue in turn, until nobody may start another.
  private func start() {
    var hasStarted = true
    let time = now()
    while hasStarted {
      hasStarted = false
      for id in order where startOne(of: id, time) { hasStarted = true }
    }
  }

  private func startOne(of id: WebhookID, _ time: Timestamp) -> Bool {
    guard let run = runs[id], run.canStart(time), mayStart(run), let due = runs[id]?.start()
    else { return false }
    inFlight += 1
    inFlightOf[run.webhook.accountID, default: 0] += 1
    totals.attempts += 1
    let flight = Flight(
      due: due, queue: run.queue, account: run.webhook.accountID, started: time,
      request: request(for: due, run, time))
    Task { [transport] in
      let result = await transport.post(flight.request)
      flight.result.withLock { $0 = result }
      ended(flight)
    }
    return true
  }

  private func mayStart(_ run: QueueRun) -> Bool {
    guard !isStopping, inFlight < settings.capacity, outcomes.count < settings.backlog else {
      return false
    }
    let ofAccount = inFlightOf[run.webhook.accountID] ?? 0
    if ofAccount >= settings.accountShare.most { return false }
    let isCrowded =
      inFlight >= settings.capacity / 2 || ofAccount >= settings.accountShare.few
    return !isCrowded || run.inFlight < 2
  }

  private func request(
    for due: DueDelivery, _ run: QueueRun, _ time: Timestamp
  ) -> OutboundRequest {
    let signed = run.signer.headers(
      id: due.delivery.eventID.description, body: due.body, data: due.data, now: time)
    return OutboundRequest(
      url: run.webhook.url,
      headers: [
        (name: "Content-Type", value: "application/json"),
        (name: "User-Agent", value: "Latchkey-Webhooks/1"),
      ] + signed,
      body: due.body, timeoutSeconds: run.assignment.rules.timeoutSeconds)
  }

  // MARK: Ending

  private func ended(_ flight: Flight) {
    guard let result = flight.result.withLock({ $0 }) else { return }
    let (due, queue) = (flight.due, flight.queue)
    let time = now()
    let wasFull = inFlight >= settings.capacity
    release(flight.account)
    // Claimed anew meanwhile, or given back: what came of it is not ours to say.
    guard var run = runs[queue.webhookID], run.queue.epoch == queue.epoch else { return }
    run.ended()
    let report = AttemptReport(
      result, started: flight.started, now: time, secrets: run.assignment.material.texts)
    let rules = run.assignment.rules
    let delivery = due.delivery.after(
      report.attempt, report.outcome, waits: rules.waits(for: due.eventType), now: time,
      random: UInt64(truncatingIfNeeded: entropy.random128()))
    count(delivery)
    var notices: [DeliveryNotice] = []
    // A test says nothing about how the endpoint fares with what matters.
    if due.eventType != EventKind.webhookTest.rawValue {
      let effect = run.queue.health.note(
        report.outcome, disableAfter: rules.disableAfterSeconds, now: time)
      run.window.note(report.outcome)
      if delivery.state == .failed, run.queue.health.noteLoss() {
        notices.append(.gaveUp(delivery, eventType: due.eventType))
      }
      if let effect { notices.append(.endpoint(effect)) }
      if case .disable? = effect { run.close() }
    }
    outcomes.append(Outcome(queue: run.queue, delivery: delivery, notices: notices))
    runs[queue.webhookID] = run
    idleCandidates.insert(queue.webhookID)
    while startOne(of: queue.webhookID, time) {}
    if runs[queue.webhookID]?.wantsMore(time) ?? false { signal.wake([queue.webhookID]) }
    if wasFull { start() }
    if !isSettling { Task { await settle() } }
  }

  private func release(_ account: AccountID) {
    inFlight -= 1
    let left = (inFlightOf[account] ?? 1) - 1
    inFlightOf[account] = left > 0 ? left : nil
  }

  private func count(_ delivery: Delivery) {
    switch delivery.state {
    case .delivered: totals.delivered += 1
    case .failed: totals.failed += 1
    case .pending, .cancelled: break
    }
  }
}

/// A call under way. An object, so that little is passed between the parts of an asynchronous
/// function: with many values the toolchain's code returns to where it must not.
private final class Flight: Sendable {
  let due: DueDelivery
  let queue: WebhookQueue
  let account: AccountID
  let started: Timestamp
  let request: OutboundRequest
  let result = Locked<Result<OutboundAnswer, OutboundFailure>?>(nil)

  init(
    due: DueDelivery, queue: WebhookQueue, account: AccountID, started: Timestamp,
    request: OutboundRequest
  ) {
    self.due = due
    self.queue = queue
    self.account = account
    self.started = started
    self.request = request
  }
}
