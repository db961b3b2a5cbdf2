// Use cases on what a webhook signs with: reveal and rotate; and the desk at which the delivery
// engine asks for it.
internal import Crypto
package import Delivery
package import KeyModel
package import Storage

extension UseCases {
  package func revealWebhook(
    _ id: WebhookID, by caller: Caller
  ) async throws(Problem) -> Answer {
    try await change(.revealWebhook, by: caller) { [self] context in
      let webhook = try context.view.webhook(id)
      let rules = try policy(of: webhook, context.view).webhooks
      let secrets = try open(webhook.sealedSecrets, of: webhook, context.tx)
      context.audit("webhook.revealed", webhook)
      return Answer(200, .object(Represent.secrets(secrets, rules)))
    }
  }

  /// The new secret signs at once, the old one beside it for the overlap.
  package func rotateWebhookSecret(
    _ id: WebhookID, _ rotation: WebhookRotation, by caller: Caller
  ) async throws(Problem) -> Answer {
    try await change(.rotateWebhookSecret, by: caller) { [self] context in
      var webhook = try context.view.webhook(id)
      let rules = try policy(of: webhook, context.view).webhooks
      let secrets = WebhookSecrets(entropy: entropy)
      let keepsOld = rotation.overlapSeconds > 0
      webhook.sealedPrevious = keepsOld ? webhook.sealedSecrets : nil
      webhook.previousUntil =
        keepsOld ? context.now.adding(seconds: rotation.overlapSeconds) : nil
      webhook.sealedSecrets = try vault.seal(
        secrets.sealable, at: .webhook(id, of: webhook.accountID), entropy: entropy, context.tx)
      webhook = try context.tx.webhooks.update(webhook)
      context.wake([id])
      context.audit(
        "webhook.secret_rotated", webhook,
        ["overlap_seconds": .integer(rotation.overlapSeconds)])
      return Answer(
        201,
        .object(Represent.webhook(webhook).merging(Represent.secrets(secrets, rules))))
    }
  }

  private func open(
    _ sealed: [UInt8], of webhook: Webhook, _ tx: Transaction
  ) throws -> WebhookSecrets {
    let whole = try vault.open(
      sealed, at: .webhook(webhook.id, of: webhook.accountID), tx)
    guard let secrets = WebhookSecrets(whole) else {
      throw StoreError.corrupt("the secrets of a webhook")
    }
    return secrets
  }
}

extension UseCases: DeliveryDesk {
  package func assignment(
    of webhook: Webhook, _ tx: Transaction, now: Timestamp
  ) throws -> Assignment {
    guard let project = try tx.projects.find(webhook.projectID) else { throw Problem.notFound() }
    let rules = try policies.policy(of: project).policy.webhooks
    var material = SigningMaterial(current: try open(webhook.sealedSecrets, of: webhook, tx))
    if let sealed = webhook.sealedPrevious, let end = webhook.previousUntil, now < end {
      material.previous = try open(sealed, of: webhook, tx)
    }
    let keys = rules.signatureKeys
    if keys.contains(.clientSecret), let account = try tx.accounts.find(webhook.accountID) {
      material.clientSecret = try vault.open(
        account.sealedClientSecret, at: .clientSecret(of: account.id), tx)
    }
    if keys.contains(.apiSecret) {
      material.apiSecret = try apiSecret(of: webhook, tx, now: now)
    }
    return Assignment(rules: rules, material: material)
  }

  /// Of the oldest active secret key of the environment, of it the oldest secret still accepted, so
  /// that a receiver in the middle of a change still verifies.
  private func apiSecret(
    of webhook: Webhook, _ tx: Transaction, now: Timestamp
  ) throws -> Secret? {
    let keys = try tx.keys.list(
      KeyFilter(
        account: webhook.accountID, environment: webhook.environment, kind: .secret,
        standing: .active(at: now)), after: nil, limit: 1)
    let versions = keys.flatMap { $0.acceptedVersions(at: now) }.filter { $0.state != .pending }
    for version in versions {
      guard let sealed = version.sealedSecret else { continue }
      return try vault.open(sealed, at: .version(version.id, of: webhook.accountID), tx)
    }
    return nil
  }

  package func heed(
    _ notice: DeliveryNotice, of id: WebhookID, _ tx: Transaction, now: Timestamp
  ) throws -> [WebhookID] {
    guard let webhook = try tx.webhooks.find(id), webhook.disabledReason == nil else { return [] }
    switch notice {
    case .endpoint(.disable(let reason)): return try disable(webhook, reason, tx, now)
    case .endpoint(.warn(let end)):
      try mail(.webhookFailing(name: webhook.name, url: webhook.url, disabledAt: end), webhook)
    case .gaveUp(let delivery, let type):
      let reason = delivery.attempts.last?.error ?? ""
      try mail(
        .webhookFailed(
          name: webhook.name, url: webhook.url, eventType: type, reason: reason), webhook)
    }
    return []
    func mail(_ notice: Notice, _ webhook: Webhook) throws {
      try mailOutbox(tx, now: now).write(
        notice, project: webhook.projectID, account: webhook.accountID)
    }
  }

  private func disable(
    _ old: Webhook, _ reason: Webhook.DisabledReason, _ tx: Transaction, _ now: Timestamp
  ) throws -> [WebhookID] {
    var webhook = old
    webhook.disabledReason = reason
    webhook = try tx.webhooks.update(webhook)
    _ = try tx.deliveries.cancelPending(of: webhook.id, limit: DeliveryEngine.cancelledAtOnce)
    let note = AuditNote(
      action: "webhook.disabled", projectID: webhook.projectID, accountID: webhook.accountID,
      subject: webhook.id.description, detail: ["reason": .string(reason.rawValue)])
    try chain.append([note], actor: "server", at: now, entropy: entropy, to: tx)
    let told = reason == .gone ? "It answered 410 Gone." : "It failed for too long."
    try mailOutbox(tx, now: now).write(
      .webhookDisabled(name: webhook.name, url: webhook.url, reason: told),
      project: webhook.projectID, account: webhook.accountID)
    return try eventOutbox(tx, now: now).write(
      EventKind.webhookDisabled.rawValue, project: webhook.projectID,
      account: webhook.accountID, environment: webhook.environment,
      [
        "webhook_id": .string(webhook.id.description), "url": .string(webhook.url),
        "reason": .string(reason.rawValue),
      ])
  }

  /// For what happens by itself, outside of any request.
  func mailOutbox(_ tx: Transaction, now: Timestamp) -> MailOutbox {
    MailOutbox(tx, now: now, entropy: entropy, link: publicURL) { [policies] project in
      try policies.policy(of: project).policy
    }
  }

  func eventOutbox(_ tx: Transaction, now: Timestamp) -> EventOutbox {
    EventOutbox(tx, now: now, entropy: entropy) { [policies] id in
      guard let project = try tx.projects.find(id) else { throw Problem.notFound() }
      return try policies.policy(of: project).policy.webhooks
    }
  }
}

extension WebhookRules {
  fileprivate var signatureKeys: Set<SignatureKey> {
    Set(
      signatures.compactMap { signature in
        if case .header(_, _, let key, _) = signature { key } else { nil }
      })
  }
}
