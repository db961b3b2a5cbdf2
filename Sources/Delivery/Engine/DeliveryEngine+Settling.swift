// What came of attempts, on its way to the store: whatever has gathered goes in one transaction,
// together with the claims that are over.
internal import KeyModel
internal import Storage

extension DeliveryEngine {
  struct Outcome: Sendable {
    var queue: WebhookQueue
    var delivery: Delivery
    var notices: [DeliveryNotice]
  }

  private static let batch = 512

  /// Until nothing is left. What cannot be stored now stays, and is tried again next time.
  func settle() async {
    if isSettling { return }
    isSettling = true
    defer { isSettling = false }
    while true {
      let some = Array(outcomes.prefix(Self.batch))
      let idle = some.count < outcomes.count ? [] : idle(storing: some)
      if some.isEmpty, idle.isEmpty { return }
      for queue in idle { runs[queue.webhookID]?.isReleasing = true }
      do {
        let stored = try await store.write { [desk, now] tx in
          try Self.store(some, idle, desk, tx, now())
        }
        finish(some, idle, stored)
      } catch {
        for queue in idle {
          runs[queue.webhookID]?.isReleasing = false
          idleCandidates.insert(queue.webhookID)
        }
        return report(error)
      }
    }
  }

  private struct Stored: Sendable {
    /// In whose queues there is something new.
    var woken: [WebhookID] = []
    /// Whose claims are somebody else's.
    var lost: Set<WebhookID> = []
    /// When something in a released queue is due.
    var due: Timestamp?
  }

  private static func store(
    _ outcomes: [Outcome], _ idle: [WebhookQueue], _ desk: any DeliveryDesk, _ tx: Transaction,
    _ now: Timestamp
  ) throws -> Stored {
    var stored = Stored()
    var latest: [WebhookID: WebhookQueue] = [:]
    for one in outcomes {
      let id = one.queue.webhookID
      if latest[id] == nil, try !tx.webhookQueues.isCurrent(one.queue) {
        stored.lost.insert(id)
      }
      latest[id] = one.queue
      if stored.lost.contains(id) { continue }
      try tx.deliveries.settle(one.delivery)
      for notice in one.notices { stored.woken += try desk.heed(notice, of: id, tx, now: now) }
    }
    for (id, queue) in latest.sorted(by: { $0.key < $1.key }) where !stored.lost.contains(id) {
      try tx.webhookQueues.store(queue)
    }
    for queue in idle {
      let due = try tx.webhookQueues.release(queue)
      stored.due = [stored.due, due].compactMap { $0 }.min()
    }
    return stored
  }

  private func finish(_ outcomes: [Outcome], _ idle: [WebhookQueue], _ stored: Stored) {
    self.outcomes.removeFirst(outcomes.count)
    for one in outcomes where runs[one.queue.webhookID]?.queue.epoch == one.queue.epoch {
      runs[one.queue.webhookID]?.stored(one.delivery)
      if stored.lost.contains(one.queue.webhookID) { drop(one.queue) }
    }
    var woken = stored.woken + stored.lost
    for queue in idle {
      // Something new came while the release was under way.
      if runs[queue.webhookID]?.wasWoken ?? false { woken.append(queue.webhookID) }
      drop(queue)
    }
    if let due = stored.due, due < askAt { askAt = due }
    if !woken.isEmpty || !idle.isEmpty { signal.wake(woken) }
  }

  /// The queues that are over once these outcomes are stored.
  private func idle(storing outcomes: [Outcome]) -> [WebhookQueue] {
    let time = now()
    var counts: [WebhookID: Int] = [:]
    for one in outcomes where runs[one.queue.webhookID]?.queue.epoch == one.queue.epoch {
      counts[one.queue.webhookID, default: 0] += 1
    }
    defer { idleCandidates = [] }
    return idleCandidates.sorted().compactMap { id in
      guard let run = runs[id], run.isIdle(time, storing: counts[id] ?? 0) else { return nil }
      return run.queue
    }
  }
}
