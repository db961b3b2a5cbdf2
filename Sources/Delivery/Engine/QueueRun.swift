// One webhook's queue while this server holds it: what is ready, what is in flight, how many may
// be. Pure: owned by the engine, and by whoever tries it in simulated worlds; it calls nobody.
package import KeyModel
package import Storage

package struct QueueRun: Sendable {
  /// As it was claimed; its health is of now.
  package private(set) var queue: WebhookQueue
  package let webhook: Webhook
  package private(set) var assignment: Assignment
  package private(set) var signer: WebhookSigner
  /// Nothing is started from then on, unless the claim was renewed.
  package var leasedUntil: Timestamp
  private var window: EndpointWindow
  /// Oldest due first.
  package private(set) var ready: ArraySlice<DueDelivery> = []
  /// In flight, or done and not stored yet: still due in the store.
  package private(set) var held: Set<DeliveryID> = []
  /// Stored while a page was being read: the page may show them as they were before. Nil: none is
  /// being read.
  private var storedMeanwhile: Set<DeliveryID>?
  package private(set) var inFlight = 0
  /// The store may have more that is due now.
  private var mayHaveMore = false
  /// The next retry of what was made here; nil: none.
  package private(set) var nextRetry: Timestamp?
  /// Nothing is started any more.
  private(set) var isClosing = false
  /// The release is being stored.
  var isReleasing = false
  /// Somebody said that there is something new in the store.
  package var wasWoken = false

  /// Few enough to ask for more.
  package static let lowMark = 16
  package static let pageSize = 64

  package init(
    _ queue: WebhookQueue, _ webhook: Webhook, _ assignment: Assignment, leasedUntil: Timestamp
  ) {
    self.queue = queue
    self.webhook = webhook
    self.assignment = assignment
    signer = WebhookSigner(assignment.rules.signatures, assignment.material)
    self.leasedUntil = leasedUntil
    window = EndpointWindow(queue.health)
  }

  /// - Parameter next: when the next one that is not due yet is.
  package mutating func take(_ page: [DueDelivery], limit: Int, next: Timestamp?) {
    let known = Set(ready.map(\.delivery.id)).union(held).union(storedMeanwhile ?? [])
    storedMeanwhile = nil
    ready += page.filter { !known.contains($0.delivery.id) }
    mayHaveMore = page.count >= limit
    nextRetry = [nextRetry, next].compactMap { $0 }.min()
  }

  package mutating func renew(_ assignment: Assignment) {
    self.assignment = assignment
    signer = WebhookSigner(assignment.rules.signatures, assignment.material)
  }

  package func canStart(_ now: Timestamp) -> Bool {
    !isClosing && !ready.isEmpty && inFlight < window.size && now < leasedUntil
      && !queue.health.isPaused(at: now)
  }

  package func wantsMore(_ now: Timestamp) -> Bool {
    !isClosing && !isReleasing && !queue.health.isPaused(at: now)
      && (wasWoken || mayHaveMore && ready.count < Self.lowMark
        || nextRetry.map { $0 <= now } ?? false)
  }

  /// Nothing is left to do here once so many outcomes are stored: the claim can end.
  package func isIdle(_ now: Timestamp, storing: Int) -> Bool {
    guard held.count == storing, !isReleasing else { return false }
    return isClosing || queue.health.isPaused(at: now) || ready.isEmpty && !wantsMore(now)
  }

  package mutating func start() -> DueDelivery? {
    guard let next = ready.popFirst() else { return nil }
    inFlight += 1
    held.insert(next.delivery.id)
    return next
  }

  /// What a call came to: the delivery as it is to be stored, and what its owner is to hear.
  package mutating func ended(
    _ due: DueDelivery, _ report: AttemptReport, now: Timestamp, random: UInt64
  ) -> (delivery: Delivery, notices: [DeliveryNotice]) {
    inFlight -= 1
    let rules = assignment.rules
    let delivery = due.delivery.after(
      report.attempt, report.outcome, waits: rules.waits(for: due.eventType), now: now,
      random: random)
    // A test says nothing about how the endpoint fares with what matters.
    guard due.eventType != EventKind.webhookTest.rawValue else { return (delivery, []) }
    let effect = queue.health.note(
      report.outcome, disableAfter: rules.disableAfterSeconds, now: now)
    window.note(report.outcome)
    var notices: [DeliveryNotice] = []
    if delivery.state == .failed, queue.health.noteLoss() {
      notices.append(.gaveUp(delivery, eventType: due.eventType))
    }
    if let effect { notices.append(.endpoint(effect)) }
    if case .disable? = effect { close() }
    return (delivery, notices)
  }

  /// What came of a delivery is stored.
  package mutating func stored(_ delivery: Delivery) {
    held.remove(delivery.id)
    storedMeanwhile?.insert(delivery.id)
    if let retry = delivery.nextAttemptAt { nextRetry = min(nextRetry ?? retry, retry) }
  }

  /// A page is being read, until `take` or `readNothing`.
  package mutating func asked() {
    wasWoken = false
    nextRetry = nil
    storedMeanwhile = []
  }

  /// The page could not be read; it is to be asked for again.
  package mutating func readNothing() {
    wasWoken = true
    storedMeanwhile = nil
  }

  mutating func close() {
    isClosing = true
    ready = []
  }
}
