// Which queues this server works on: claims and their renewal, and what is read of each queue.
internal import KeyModel
internal import Storage

extension DeliveryEngine {
  /// Those that are named, and what the store says is due where it is time to ask it.
  func claim(_ woken: Set<WebhookID>) async throws {
    let time = now()
    var wanted = woken
    if time >= askAt { wanted.formUnion(try await ask(time)) }
    var free = promptFirst(wanted.filter { runs[$0] == nil }.sorted())
      .prefix(settings.claims - runs.count)
    // Few at a time, so that nobody waits long: not for the store, nor for who was woken since.
    while !free.isEmpty {
      let some = Array(free.prefix(Self.chunk))
      free = free.dropFirst(Self.chunk)
      for run in try await claim(some, time) {
        runs[run.webhook.id] = run
        order.append(run.webhook.id)
        idleCandidates.insert(run.webhook.id)
      }
      start()
      if signal.isRaised { return signal.wake(Array(free)) }
    }
  }

  /// Queues that are claimed or read in one transaction.
  private static let chunk = 32

  private func promptFirst(_ ids: [WebhookID]) -> [WebhookID] {
    ids.filter { !flights.isSlow($0) } + ids.filter { flights.isSlow($0) }
  }

  /// At least once a second, since other servers write to the store too.
  private func ask(_ time: Timestamp) async throws -> [WebhookID] {
    if store.capabilities.sharedAmongProcesses {
      for id in order { runs[id]?.wasWoken = true }
    }
    let limit = settings.claims
    let (due, next) = try await store.read { tx in
      (
        try tx.webhookQueues.due(at: time, limit: limit),
        try tx.webhookQueues.nextDue(after: time)
      )
    }
    askAt = min(time.adding(seconds: 1), next ?? .latest)
    return due
  }

  private func claim(_ ids: [WebhookID], _ time: Timestamp) async throws -> [QueueRun] {
    let end = time.adding(seconds: settings.leaseSeconds)
    return try await store.write { [desk] tx in
      var claimed: [QueueRun] = []
      for id in ids {
        guard let queue = try tx.webhookQueues.claim(id, at: time, until: end) else { continue }
        guard let webhook = try tx.webhooks.find(id), webhook.disabledReason == nil else {
          _ = try tx.deliveries.cancelPending(of: id, limit: Self.cancelledAtOnce)
          _ = try tx.webhookQueues.release(queue)
          continue
        }
        var run = QueueRun(
          queue, webhook, try desk.assignment(of: webhook, tx, now: time), leasedUntil: end)
        run.take(
          try tx.deliveries.due(of: id, at: time, limit: QueueRun.lowMark),
          limit: QueueRun.lowMark, next: try tx.deliveries.nextDue(of: id, after: time))
        claimed.append(run)
      }
      return claimed
    }
  }

  /// Of a webhook that was disabled, in one transaction.
  package static let cancelledAtOnce = 500

  private struct Reading: Sendable {
    var queue: WebhookQueue
    /// Nil: the claim is lost.
    var page: (Assignment, [DueDelivery], limit: Int, next: Timestamp?)?
  }

  /// Reads more where more is due, and what signs: a key that was revoked signs no longer.
  func refill() async throws {
    let time = now()
    var wanting = order.filter { runs[$0]?.wantsMore(time) ?? false }[...]
    while !wanting.isEmpty {
      // Most to those that answer promptly, some to the others: neither keeps the other waiting.
      let slow = wanting.filter { flights.isSlow($0) }.prefix(Self.chunk / 4)
      let prompt = wanting.filter { !flights.isSlow($0) }.prefix(Self.chunk - slow.count)
      let chosen = Set(prompt + slow)
      wanting.removeAll { chosen.contains($0) }
      let some = (prompt + slow).compactMap { runs[$0] }
      for run in some { runs[run.webhook.id]?.asked() }
      let readings: [Reading]
      do {
        readings = try await read(some, time)
      } catch {
        for run in some { runs[run.webhook.id]?.readNothing() }
        throw error
      }
      for reading in readings {
        let id = reading.queue.webhookID
        guard let (assignment, page, limit, next) = reading.page else {
          drop(reading.queue)
          signal.wake([id])
          continue
        }
        runs[id]?.renew(assignment)
        runs[id]?.take(page, limit: limit, next: next)
        idleCandidates.insert(id)
      }
      start()
      if signal.isRaised, !wanting.isEmpty { return signal.wake() }
    }
  }

  private func read(_ some: [QueueRun], _ time: Timestamp) async throws -> [Reading] {
    try await store.read { [desk] tx in
      try some.map { run in
        guard try tx.webhookQueues.isCurrent(run.queue) else { return Reading(queue: run.queue) }
        let id = run.webhook.id
        let limit = QueueRun.pageSize + run.held.count + run.ready.count
        let page = try tx.deliveries.due(of: id, at: time, limit: limit)
        return Reading(
          queue: run.queue,
          page: (
            try desk.assignment(of: run.webhook, tx, now: time), page, limit,
            try tx.deliveries.nextDue(of: id, after: time)
          ))
      }
    }
  }

  /// Before half of the lease is over. A claim that is lost is given up with what is ready in it.
  func renew() async throws {
    let time = now()
    let end = time.adding(seconds: settings.leaseSeconds)
    let half = time.adding(seconds: settings.leaseSeconds / 2)
    let old = order.compactMap { runs[$0] }.filter { $0.leasedUntil <= half && !$0.isReleasing }
    guard !old.isEmpty else { return }
    let renewed = try await store.write { tx in
      try old.map { try tx.webhookQueues.renew($0.queue, until: end) }
    }
    for (run, isRenewed) in zip(old, renewed) {
      if isRenewed {
        runs[run.webhook.id]?.leasedUntil = end
      } else {
        drop(run.queue)
      }
    }
  }

  /// The queue is somebody else's.
  func drop(_ queue: WebhookQueue) {
    guard runs[queue.webhookID]?.queue.epoch == queue.epoch else { return }
    runs[queue.webhookID] = nil
    order.removeAll { $0 == queue.webhookID }
  }
}
