// Use cases on deliveries: list, show, send again; and the test of a webhook.
internal import Crypto
internal import Delivery
package import KeyModel
internal import Storage

extension UseCases {
  package func listDeliveries(
    of id: WebhookID, state: DeliveryState?, type: String?, _ page: PageRequest,
    by principal: Principal
  ) async throws(Problem) -> Answer {
    try await read(.listDeliveries, by: principal) { view in
      _ = try view.webhook(id)
      let rows = try view.tx.deliveries.list(
        of: id, state: state, type: type, before: page.before(), limit: page.limit + 1)
      return page.answer(rows, cursor: \.0.id.bits) {
        .object(Represent.delivery($0.0, eventType: $0.eventType))
      }
    }
  }

  /// With what is sent.
  package func delivery(
    _ id: DeliveryID, by principal: Principal
  ) async throws(Problem) -> Answer {
    try await read(.getDelivery, by: principal) { view in
      let (delivery, webhook, type) = try view.delivery(id)
      let body = String(decoding: try view.tx.deliveries.body(of: delivery), as: UTF8.self)
      return Answer(
        200,
        .object(
          Represent.delivery(delivery, eventType: type).merging([
            "request": ["url": .string(webhook.url), "body": .string(body)]
          ])))
    }
  }

  /// The same bytes under the same id, now.
  package func replayDelivery(
    _ id: DeliveryID, by caller: Caller
  ) async throws(Problem) -> Answer {
    try await change(.replayDelivery, by: caller) { context in
      let (old, webhook, type) = try context.view.delivery(id)
      try webhook.requireEnabled()
      try context.tx.deliveries.replay(id, at: context.now)
      try context.tx.webhookQueues.bring(webhook.id, to: context.now)
      context.wake([webhook.id])
      context.audit("delivery.replayed", webhook, ["delivery": .string(id.description)])
      var delivery = old
      delivery.state = .pending
      delivery.nextAttemptAt = context.now
      return Answer(202, .object(Represent.delivery(delivery, eventType: type)))
    }
  }

  /// In one request at most.
  private static let replayedAtOnce = 5000

  /// Everything since then that did not arrive.
  package func replayDeliveries(
    of id: WebhookID, _ replay: WebhookReplay, by caller: Caller
  ) async throws(Problem) -> Answer {
    try await change(.replayDeliveries, by: caller) { context in
      let webhook = try context.view.webhook(id)
      try webhook.requireEnabled()
      let count = try context.tx.deliveries.replayMissed(
        of: id, since: replay.since, at: context.now, limit: Self.replayedAtOnce)
      try context.tx.webhookQueues.bring(id, to: context.now)
      context.wake([id])
      context.audit(
        "webhook.replayed", webhook,
        ["since": Represent.time(replay.since), "deliveries": .integer(Int64(count))])
      return Answer(
        202,
        ["replayed": .integer(Int64(count)), "has_more": .bool(count == Self.replayedAtOnce)])
    }
  }

  /// One attempt with an event of its own, whatever the webhook subscribed to.
  package func testWebhook(
    _ id: WebhookID, by caller: Caller
  ) async throws(Problem) -> Answer {
    try await change(.testWebhook, by: caller) { [self] context in
      let webhook = try context.view.webhook(id)
      try webhook.requireEnabled()
      let event = Event(
        id: entropy.newID(context.now), projectID: webhook.projectID,
        accountID: webhook.accountID, environment: webhook.environment,
        type: EventKind.webhookTest.rawValue, createdAt: context.now, data: ["test": true])
      let deliveries = try context.outbox.write(event, to: [webhook])
      context.wake([id])
      context.audit("webhook.tested", webhook)
      guard let delivery = deliveries.first else { throw Problem.notFound() }
      return Answer(202, .object(Represent.delivery(delivery, eventType: event.type)))
    }
  }
}

extension Webhook {
  fileprivate func requireEnabled() throws(Problem) {
    guard let disabledReason else { return }
    throw Problem(
      .webhookDisabled,
      "It is disabled (\(disabledReason.rawValue)). Enable it first: PATCH {\"enabled\":true}.")
  }
}
