// The sentences about what stands around keys and limits: refusals of their own wording, people,
// mails and what is kept. What is as in every policy is not said.

extension PolicyExplanation {
  static func around(_ policy: Policy) -> [String] {
    ownWordings(policy) + calls(policy) + webhookRules(policy.webhooks) + people(policy.members)
      + mails(policy.notify) + kept(policy)
  }

  /// Answers that a policy words beside those for keys that are missing or not valid, and limits.
  private static func ownWordings(_ policy: Policy) -> [String] {
    let told: [DecisionCode] = [
      .missing, .notFound, .quotaExceeded, .rateLimited, .concurrencyExceeded,
    ]
    return DecisionCode.allCases.filter { !told.contains($0) }.compactMap { code in
      policy.errors[code.name].map {
        "A call that is `\(code.name)` is answered with \($0.status)."
      }
    }
  }

  private static func calls(_ policy: Policy) -> [String] {
    var lines: [String] = []
    if policy.brandHeader != Policy().brandHeader {
      lines.append("`\(policy.brandHeader)` names the brand of a call.")
    }
    switch policy.records.calls {
    case .all: break
    case .failed: lines.append("Only calls that fail leave a request record.")
    case .none: lines.append("Calls leave no request records.")
    }
    if !policy.records.headers.isEmpty {
      let names = policy.records.headers.map { "`\($0)`" }.joined(separator: ", ")
      lines.append("Request records keep \(names), redacted.")
    }
    return lines
  }

  private static func webhookRules(_ rules: WebhookRules) -> [String] {
    var lines: [String] = []
    if rules.uniqueURL { lines.append("A URL is one webhook's in an environment.") }
    if let seconds = rules.disableAfterSeconds {
      lines.append("A webhook that fails for \(duration(seconds)) is disabled.")
    }
    if !rules.eventTypes.isEmpty {
      lines.append(
        "Webhooks hear of \(count(rules.eventTypes.count, "type")) of events of its own.")
    }
    if rules.userAgent != WebhookRules().userAgent {
      lines.append("Deliveries come from `\(rules.userAgent)`.")
    }
    if rules.body != nil { lines.append("Events are sent in a shape of its own.") }
    let names = rules.signatures.map { signature in
      switch signature {
      case .standard: "Standard Webhooks"
      case .header(let name, _, let key, _): "`\(name)` (`\(key.rawValue)`)"
      }
    }
    if rules.signatures != WebhookRules().signatures {
      lines.append("Deliveries are signed by \(names.joined(separator: ", ")).")
    }
    return lines
  }

  private static func people(_ rules: MemberRules) -> [String] {
    let roles = rules.roles.map { role in
      let may = role.permissions.map(\.rawValue).joined(separator: ", ")
      return "`\(role.name)` \(may.isEmpty ? "none" : may)"
    }
    let own = "Managing keys is a permission of its own, given only by who has it."
    return ["Permissions of the members' roles: \(roles.joined(separator: "; "))."]
      + (rules.apiKeysPermission ? [own] : [])
  }

  private static func mails(_ rules: NotifyRules) -> [String] {
    var reasons: [String] = []
    if rules.autoCyclingChanged { reasons.append("auto cycling is changed") }
    if rules.cycleFailed { reasons.append("a cycle fails") }
    if rules.webhookFailed { reasons.append("an event cannot be delivered") }
    if rules.webhookDisabled { reasons.append("a webhook is disabled") }
    if !rules.keyExpiringDays.isEmpty {
      let days = rules.keyExpiringDays.map(String.init).joined(separator: ", ")
      reasons.append("a key ends in \(days) days")
    }
    if !rules.quotaPercent.isEmpty {
      let shares = rules.quotaPercent.map { "\($0) %" }.joined(separator: ", ")
      reasons.append("\(shares) of a quota are used")
    }
    return reasons.isEmpty
      ? ["No mails are sent."] : ["Mails are sent when \(reasons.joined(separator: "; "))."]
  }

  private static func kept(_ policy: Policy) -> [String] {
    let leak =
      switch policy.leaks.action {
      case .revoke: "is revoked"
      case .rotate: "gets a new secret at once"
      case .notify: "goes on, and its owner is told"
      }
    return [
      "Request records are kept for \(count(policy.retention.requestsDays, "day")), deliveries for "
        + "\(count(policy.retention.deliveriesDays, "day")).",
      "A key whose secret was found in public \(leak).",
    ]
  }
}
