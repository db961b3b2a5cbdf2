// One customer's webhooks, events and deliveries as the simulated store holds them. What the
// schema and the statements of the real store promise is here; what follows from an attempt, an
// outage or a policy is the house's own.
import Delivery
import KeyModel
import Storage

/// A webhook with its queue.
struct Hook {
  var webhook: Webhook
  var secrets: WebhookSecrets
  /// Signs beside the others until `webhook.previousUntil`.
  var previous: WebhookSecrets?
  var dueAt = Timestamp.latest
  var leasedUntil = Timestamp(microseconds: 0)
  var epoch: Int64 = 0
  var health = EndpointHealth()

  func isDue(at now: Timestamp) -> Bool { dueAt <= now && leasedUntil <= now }

  /// When somebody else than its holder has to look at it.
  var wakesAt: Int64 {
    let pause = health.pausedUntil?.microseconds ?? 0
    return max(dueAt.microseconds, leasedUntil.microseconds, pause)
  }
}

struct StoredEvent {
  var event: Event
  var body: [UInt8]
  /// JSON text of its data.
  var data: String
}

/// What a transaction has to tell.
struct Announcement {
  var type: String
  var data: JSONObject
  /// For this webhook, whatever it subscribed to.
  var only: WebhookID?
}

struct Post {
  var hooks: [Hook] = []
  var events: [StoredEvent] = []
  var deliveries: [Delivery] = []
  /// Of the transaction under way; none outside of one.
  var announced: [Announcement] = []
  /// Deliveries that the transaction changed.
  var touched: [DeliveryID] = []
  /// Grows with everything that who holds a queue has to hear of.
  var revision = 0

  mutating func announce(_ kind: EventKind, _ data: JSONObject = [:]) {
    announced.append(Announcement(type: kind.rawValue, data: data))
  }

  func index(of id: WebhookID) -> Int? { hooks.firstIndex { $0.webhook.id == id } }

  func index(of id: DeliveryID) -> Int? { deliveries.firstIndex { $0.id == id } }

  private mutating func changeDelivery(_ at: Int, _ body: (inout Delivery) -> Void) {
    body(&deliveries[at])
    touched.append(deliveries[at].id)
  }

  // MARK: Rows of events

  mutating func insert(_ event: Event, _ rows: EventRows) {
    guard let body = rows.body else { return }
    events.append(
      StoredEvent(event: event, body: body, data: JSONWriter.compactText(.object(event.data))))
    deliveries += rows.deliveries
    for one in rows.deliveries {
      touched.append(one.id)
      if let at = index(of: one.webhookID) { bring(at, to: rows.firstAt) }
    }
    revision += 1
    forgetOld()
  }

  /// What is long over leaves the store.
  private mutating func forgetOld() {
    guard deliveries.count > 48 else { return }
    let old = deliveries.prefix(24)
    deliveries = old.filter { $0.state == .pending } + deliveries.dropFirst(24)
    let kept = Set(deliveries.map(\.eventID))
    events.removeAll { !kept.contains($0.event.id) }
  }

  // MARK: Queues

  mutating func bring(_ at: Int, to time: Timestamp) {
    let due = max(time, hooks[at].health.pausedUntil ?? time)
    if hooks[at].dueAt > due { hooks[at].dueAt = due }
  }

  mutating func claim(_ at: Int, at now: Timestamp, until end: Timestamp) -> WebhookQueue? {
    guard hooks[at].leasedUntil <= now, !hooks[at].health.isPaused(at: now) else { return nil }
    hooks[at].leasedUntil = end
    hooks[at].epoch += 1
    return WebhookQueue(
      webhookID: hooks[at].webhook.id, epoch: hooks[at].epoch, health: hooks[at].health)
  }

  func isCurrent(_ queue: WebhookQueue, _ at: Int) -> Bool { hooks[at].epoch == queue.epoch }

  mutating func renew(_ queue: WebhookQueue, _ at: Int, until end: Timestamp) -> Bool {
    guard isCurrent(queue, at) else { return false }
    hooks[at].leasedUntil = end
    return true
  }

  mutating func store(_ queue: WebhookQueue, _ at: Int) {
    if isCurrent(queue, at) { hooks[at].health = queue.health }
  }

  mutating func release(_ queue: WebhookQueue, _ at: Int) {
    guard isCurrent(queue, at) else { return }
    let first = deliveries.filter { $0.webhookID == queue.webhookID }.compactMap(\.nextAttemptAt)
      .min()
    hooks[at].leasedUntil = Timestamp(microseconds: 0)
    hooks[at].dueAt = first.map { max($0, queue.health.pausedUntil ?? $0) } ?? .latest
  }

  mutating func reset(_ at: Int, due: Timestamp) {
    hooks[at].health = EndpointHealth()
    hooks[at].leasedUntil = Timestamp(microseconds: 0)
    hooks[at].epoch += 1
    hooks[at].dueAt = due
    revision += 1
  }

  // MARK: Deliveries

  func due(_ at: Int, at now: Timestamp, limit: Int) -> [DueDelivery] {
    let id = hooks[at].webhook.id
    var found: [(time: Timestamp, delivery: Delivery)] = []
    for one in deliveries where one.webhookID == id {
      if let time = one.nextAttemptAt, time <= now { found.append((time, one)) }
    }
    found.sort { ($0.time, $0.delivery.id) < ($1.time, $1.delivery.id) }
    return found.prefix(limit).compactMap { time, delivery in
      guard let stored = events.first(where: { $0.event.id == delivery.eventID }) else {
        return nil
      }
      return DueDelivery(
        delivery: delivery, eventType: stored.event.type, body: stored.body, data: stored.data)
    }
  }

  func nextDue(_ at: Int, after now: Timestamp) -> Timestamp? {
    let id = hooks[at].webhook.id
    return deliveries.filter { $0.webhookID == id }.compactMap(\.nextAttemptAt)
      .filter { $0 > now }.min()
  }

  /// Nothing where it has ended meanwhile.
  mutating func settle(_ delivery: Delivery) {
    guard let at = index(of: delivery.id), deliveries[at].nextAttemptAt != nil else { return }
    changeDelivery(at) { $0 = delivery }
  }

  mutating func cancelPending(_ hook: Int) {
    let id = hooks[hook].webhook.id
    for at in deliveries.indices
    where deliveries[at].webhookID == id && deliveries[at].nextAttemptAt != nil {
      changeDelivery(at) { one in
        one.state = .cancelled
        one.nextAttemptAt = nil
      }
    }
  }

  mutating func replay(_ at: Int, at now: Timestamp) {
    changeDelivery(at) { one in
      one.state = .pending
      one.tries = 0
      one.nextAttemptAt = now
    }
    if let hook = index(of: deliveries[at].webhookID) { bring(hook, to: now) }
    revision += 1
  }

  // MARK: What follows from an attempt

  mutating func heed(_ notice: DeliveryNotice, _ at: Int) {
    guard case .endpoint(.disable(let reason)) = notice, hooks[at].webhook.disabledReason == nil
    else { return }
    hooks[at].webhook.disabledReason = reason
    cancelPending(at)
    revision += 1
    announce(
      .webhookDisabled,
      [
        "webhook_id": .string(hooks[at].webhook.id.description),
        "url": .string(hooks[at].webhook.url), "reason": .string(reason.rawValue),
      ])
  }
}
