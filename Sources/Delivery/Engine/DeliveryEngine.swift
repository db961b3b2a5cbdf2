// Brings what is due to the endpoints. The engine holds a claim on each queue that it works on, so
// that one server at a time calls an endpoint; what it starts is bounded by endpoint, by account
// and in all. It has no clock and no timer: whoever runs it calls `round` when something is due.
package import Crypto
package import KeyModel
package import Storage

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
  /// Where in `order` the next turn begins.
  private var turn = 0
  private(set) var flights = FlightCounts()
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
    /// Attempts that ended, by what came of them.
    package var outcomes: [AttemptOutcome.Kind: Int] = [:]
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
    if flights.inFlight == 0 {
      await settle()
    } else if !isSettling {
      // Not waited for: while there are calls there is always something to store, and queues to be
      // filled meanwhile.
      Task { await settle() }
    }
    return order.compactMap { runs[$0]?.nextRetry }.reduce(askAt, min)
  }

  /// Starts nothing more, waits for what is in flight as long as `wait` does, and gives the claims
  /// back.
  package func stop(_ wait: @Sendable () async -> Bool) async {
    isStopping = true
    while flights.inFlight > 0 {
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

  package var inFlight: Int { flights.inFlight }

  /// Nothing is in flight or waits to be stored.
  package var isQuiet: Bool { flights.inFlight == 0 && outcomes.isEmpty && !isSettling }

  // MARK: Starting

  /// One of each queue in turn, until nobody may start another. Who was left out begins the next
  /// time.
  /// - Parameter most: give up after so many in a row that start nothing; a round looks at all.
  func start(most: Int = .max) {
    let time = now()
    var idle = 0
    while idle < order.count, !flights.isFull(settings) {
      if idle >= most { return signal.wake() }
      turn = turn < order.count ? turn : 0
      idle = startOne(of: order[turn], time) ? 0 : idle + 1
      turn += 1
    }
  }

  private static let glance = 64

  private func startOne(of id: WebhookID, _ time: Timestamp) -> Bool {
    guard let run = runs[id], run.canStart(time), mayStart(run), let due = runs[id]?.start()
    else { return false }
    let flight = Flight(
      due: due, queue: run.queue, account: run.webhook.accountID, isSlow: flights.isSlow(id),
      started: time, request: request(for: due, run, time))
    flights.started(flight.account, slow: flight.isSlow)
    totals.attempts += 1
    Task { [transport] in
      let result = await transport.post(flight.request)
      flight.result.withLock { $0 = result }
      ended(flight)
    }
    return true
  }

  private func mayStart(_ run: QueueRun) -> Bool {
    !isStopping && outcomes.count < settings.backlog
      && flights.mayStart(
        run.webhook.id, of: run.webhook.accountID, ofEndpoint: run.inFlight, settings)
  }

  private func request(
    for due: DueDelivery, _ run: QueueRun, _ time: Timestamp
  ) -> OutboundRequest {
    let signed = run.signer.headers(
      id: due.delivery.eventID.description, body: due.body, data: due.data, now: time)
    let rules = run.assignment.rules
    return OutboundRequest(
      url: run.webhook.url,
      headers: [
        (name: "Content-Type", value: "application/json"),
        (name: "User-Agent", value: rules.userAgent),
      ] + signed,
      body: due.body, timeoutSeconds: rules.timeoutSeconds)
  }

  // MARK: Ending

  private func ended(_ flight: Flight) {
    guard let result = flight.result.withLock({ $0 }) else { return }
    let (due, queue) = (flight.due, flight.queue)
    let time = now()
    let isShared = flights.isShared(flight.account, slow: flight.isSlow, settings)
    let isScarce = flights.isScarce(flight.account, slow: flight.isSlow, settings)
    flights.ended(flight.account, slow: flight.isSlow)
    // Claimed anew meanwhile, or given back: what came of it is not ours to say.
    guard var run = runs[queue.webhookID], run.queue.epoch == queue.epoch else {
      if isShared { start(most: Self.glance) }
      return
    }
    let report = AttemptReport(
      result, started: flight.started, now: time, secrets: run.assignment.material.texts)
    let (delivery, notices) = run.ended(
      due, report, now: time, random: UInt64(truncatingIfNeeded: entropy.random128()))
    count(delivery)
    totals.outcomes[report.outcome.kind, default: 0] += 1
    flights.note(
      report.outcome, of: queue.webhookID, latencyMilliseconds: report.attempt.latencyMilliseconds)
    outcomes.append(Outcome(queue: run.queue, delivery: delivery, notices: notices))
    runs[queue.webhookID] = run
    idleCandidates.insert(queue.webhookID)
    if !isScarce { while startOne(of: queue.webhookID, time) {} }
    if isShared || isScarce { start(most: Self.glance) }
    if runs[queue.webhookID]?.wantsMore(time) ?? false { signal.wake([queue.webhookID]) }
    if !isSettling { Task { await settle() } }
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
  /// Its endpoint was not known to answer promptly.
  let isSlow: Bool
  let started: Timestamp
  let request: OutboundRequest
  let result = Locked<Result<OutboundAnswer, OutboundFailure>?>(nil)

  init(
    due: DueDelivery, queue: WebhookQueue, account: AccountID, isSlow: Bool, started: Timestamp,
    request: OutboundRequest
  ) {
    self.due = due
    self.queue = queue
    self.account = account
    self.isSlow = isSlow
    self.started = started
    self.request = request
  }
}
