// One webhook's queue while this server holds it: what is ready, what is in flight, how many may
// be.
// Owned by the engine; it calls nobody.
internal import KeyModel
internal import Storage

struct QueueRun {
  /// As it was claimed; its health is of now.
  var queue: WebhookQueue
  let webhook: Webhook
  var assignment: Assignment
  var signer: WebhookSigner
  var leasedUntil: Timestamp
  var window: EndpointWindow
  /// Oldest due first.
  private(set) var ready: ArraySlice<DueDelivery> = []
  /// In flight, or done and not stored yet: still due in the store.
  private(set) var held: Set<DeliveryID> = []
  /// Stored while a page was being read: the page may show them as they were before. Nil: none is
  /// being read.
  private var storedMeanwhile: Set<DeliveryID>?
  private(set) var inFlight = 0
  /// The store may have more that is due now.
  var mayHaveMore = false
  /// The next retry of what was made here; nil: none.
  private(set) var nextRetry: Timestamp?
  /// Nothing is started any more.
  private(set) var isClosing = false
  /// The release is being stored.
  var isReleasing = false
  var wasWoken = false

  /// Few enough to ask for more.
  static let lowMark = 16
  static let pageSize = 64

  init(
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
  mutating func take(_ page: [DueDelivery], limit: Int, next: Timestamp?) {
    let known = Set(ready.map(\.delivery.id)).union(held).union(storedMeanwhile ?? [])
    storedMeanwhile = nil
    ready += page.filter { !known.contains($0.delivery.id) }
    mayHaveMore = page.count >= limit
    nextRetry = [nextRetry, next].compactMap { $0 }.min()
  }

  mutating func renew(_ assignment: Assignment) {
    self.assignment = assignment
    signer = WebhookSigner(assignment.rules.signatures, assignment.material)
  }

  func canStart(_ now: Timestamp) -> Bool {
    !isClosing && !ready.isEmpty && inFlight < window.size && !queue.health.isPaused(at: now)
  }

  func wantsMore(_ now: Timestamp) -> Bool {
    !isClosing && !isReleasing && !queue.health.isPaused(at: now)
      && (wasWoken || mayHaveMore && ready.count < Self.lowMark
        || nextRetry.map { $0 <= now } ?? false)
  }

  /// Nothing is left to do here once so many outcomes are stored: the claim can end.
  func isIdle(_ now: Timestamp, storing: Int) -> Bool {
    guard held.count == storing, !isReleasing else { return false }
    return isClosing || queue.health.isPaused(at: now) || ready.isEmpty && !wantsMore(now)
  }

  mutating func start() -> DueDelivery? {
    guard let next = ready.popFirst() else { return nil }
    inFlight += 1
    held.insert(next.delivery.id)
    return next
  }

  mutating func ended() { inFlight -= 1 }

  /// What came of a delivery is stored.
  mutating func stored(_ delivery: Delivery) {
    held.remove(delivery.id)
    storedMeanwhile?.insert(delivery.id)
    if let retry = delivery.nextAttemptAt { nextRetry = min(nextRetry ?? retry, retry) }
  }

  /// A page is being read, until `take` or `readNothing`.
  mutating func asked() {
    wasWoken = false
    nextRetry = nil
    storedMeanwhile = []
  }

  /// The page could not be read; it is to be asked for again.
  mutating func readNothing() {
    wasWoken = true
    storedMeanwhile = nil
  }

  mutating func close() {
    isClosing = true
    ready = []
  }
}
