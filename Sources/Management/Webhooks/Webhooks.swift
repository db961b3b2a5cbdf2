// Use cases on webhooks: make, list, show, change, remove.
internal import Crypto
internal import Delivery
package import KeyModel
internal import Storage

extension UseCases {
  package func createWebhook(
    of id: AccountID, _ new: NewWebhook, by caller: Caller
  ) async throws(Problem) -> Answer {
    try await change(.createWebhook, by: caller) { [self] context in
      let account = try context.view.account(id)
      let policy = try policy(of: account, context.view)
      var findings: [Problem.Finding] = []
      let environment = policy.environment(wanted: new.environment, &findings)
      policy.webhooks.check(new.events, &findings)
      check(url: new.url, &findings)
      guard findings.isEmpty, let environment else { throw Problem.invalid(findings) }
      let secrets = WebhookSecrets(entropy: entropy)
      let hookID: WebhookID = entropy.newID(context.now)
      let webhook = Webhook(
        id: hookID, projectID: account.projectID, accountID: id, name: new.name, url: new.url,
        environment: environment.name, events: new.events,
        sealedSecrets: try vault.seal(
          secrets.sealable, at: .webhook(hookID, of: id), entropy: entropy, context.tx),
        createdAt: context.now)
      let others = try context.tx.webhooks.all(account: id)
      try policy.webhooks.requireRoom(beside: others)
      try policy.webhooks.requireFree(webhook, among: others)
      try context.tx.webhooks.insert(webhook)
      context.audit("webhook.created", webhook, webhook.auditDetail)
      return Answer(
        201,
        .object(
          Represent.webhook(webhook).merging(Represent.secrets(secrets, policy.webhooks))))
    }
  }

  package func listWebhooks(
    of id: AccountID, _ page: PageRequest, by principal: Principal
  ) async throws(Problem) -> Answer {
    try await read(.listWebhooks, by: principal) { view in
      _ = try view.account(id)
      let rows = try view.tx.webhooks.list(
        account: id, before: page.before(), limit: page.limit + 1)
      return page.answer(rows, cursor: \.id.bits) { .object(Represent.webhook($0)) }
    }
  }

  package func webhook(
    _ id: WebhookID, by principal: Principal
  ) async throws(Problem) -> Answer {
    try await read(.getWebhook, by: principal) { view in
      Answer(200, .object(Represent.webhook(try view.webhook(id))))
    }
  }

  package func updateWebhook(
    _ id: WebhookID, _ patch: WebhookPatch, by caller: Caller
  ) async throws(Problem) -> Answer {
    try await change(.updateWebhook, by: caller) { [self] context in
      let old = try context.view.webhook(id)
      let policy = try policy(of: old, context.view)
      var findings: [Problem.Finding] = []
      if patch.environment != nil {
        _ = policy.environment(wanted: patch.environment, &findings)
      }
      if let url = patch.url { check(url: url, &findings) }
      if let events = patch.events { policy.webhooks.check(events, &findings) }
      guard findings.isEmpty else { throw Problem.invalid(findings) }
      var webhook = old
      patch.apply(to: &webhook)
      // Two may have been one place before that was looked at: each can still be changed.
      if webhook.place != old.place {
        try policy.webhooks.requireFree(
          webhook, among: try context.tx.webhooks.all(account: old.accountID))
      }
      webhook = try context.tx.webhooks.update(webhook)
      try follow(webhook, replacing: old, &context)
      context.audit("webhook.updated", webhook, webhook.auditDetail)
      return Answer(200, .object(Represent.webhook(webhook)))
    }
  }

  /// What another address or another state means for the queue. Whoever works on it stops.
  private func follow(
    _ webhook: Webhook, replacing old: Webhook, _ context: inout ChangeContext
  ) throws {
    guard webhook.url != old.url || webhook.disabledReason != old.disabledReason else { return }
    if webhook.disabledReason != nil {
      _ = try context.tx.deliveries.cancelPending(
        of: webhook.id, limit: DeliveryEngine.cancelledAtOnce)
    }
    try context.tx.webhookQueues.reset(webhook.id, due: context.now)
    context.wake([webhook.id])
  }

  package func deleteWebhook(
    _ id: WebhookID, by caller: Caller
  ) async throws(Problem) -> Answer {
    try await change(.deleteWebhook, by: caller) { context in
      let webhook = try context.view.webhook(id)
      try context.tx.webhooks.remove(id, at: context.now)
      try context.tx.webhookQueues.reset(id, due: nil)
      context.audit("webhook.deleted", webhook, webhook.auditDetail)
      return .noContent
    }
  }

  private func check(url: String, _ findings: inout [Problem.Finding]) {
    guard let complaint = outbound.complaint(about: url) else { return }
    // A finding is part of a sentence, which gets its full stop later.
    let reason = complaint.hasSuffix(".") ? String(complaint.dropLast()) : complaint
    findings.append(.init(pointer: "/url", "is none that can be called: \(reason)"))
  }
}

extension WebhookRules {
  /// Webhooks of one account at most where the policy says nothing.
  private static let ceiling = 1000

  /// A header carries the webhook's static token.
  var sendsToken: Bool {
    signatures.contains { signature in
      guard case .header(_, let value, let key, _) = signature else { return false }
      return key == .token || value.contains("{token}")
    }
  }

  fileprivate func check(_ events: [String], _ findings: inout [Problem.Finding]) {
    for (index, type) in events.enumerated() where !knows(type) {
      findings.append(
        .init(pointer: "/events/\(index)", "is no event type of this project; see event-types"))
    }
  }

  fileprivate func requireRoom(beside others: [Webhook]) throws(Problem) {
    let limit = max ?? Self.ceiling
    guard others.count >= limit else { return }
    throw Problem(
      .webhookLimitReached, "At most \(limit) webhooks per account. Delete one first.")
  }

  fileprivate func requireFree(_ webhook: Webhook, among all: [Webhook]) throws(Problem) {
    guard uniqueURL else { return }
    let place = webhook.place
    guard all.contains(where: { $0.id != webhook.id && $0.place == place }) else { return }
    throw Problem(
      .webhookURLTaken, "This URL is registered in \(webhook.environment) already.")
  }
}

extension WebhookPatch {
  fileprivate func apply(to webhook: inout Webhook) {
    if let name { webhook.name = name }
    if let url { webhook.url = url }
    if let environment { webhook.environment = environment }
    if let events { webhook.events = events }
    if let enabled {
      webhook.disabledReason = enabled ? nil : webhook.disabledReason ?? .manual
    }
  }
}

extension Webhook {
  fileprivate struct Place: Hashable {
    var endpoint: EndpointIdentity
    var environment: String
  }

  /// Of which the policy may want one webhook only.
  fileprivate var place: Place {
    Place(endpoint: EndpointIdentity(url), environment: environment)
  }

  fileprivate var auditDetail: JSONObject {
    [
      "name": .string(name), "url": .string(url), "environment": .string(environment),
      "events": Represent.strings(events), "enabled": .bool(disabledReason == nil),
    ]
  }
}

extension ChangeContext {
  mutating func audit(_ action: String, _ webhook: Webhook, _ detail: JSONObject = [:]) {
    audit(
      action, project: webhook.projectID, account: webhook.accountID, subject: webhook.id, detail)
  }
}
