// The knobs whose effect lies outside the data plane: the self-service API, webhooks, members,
// notices and retention.

extension PolicyReader {
  static func readOutbound(_ cursor: PolicyCursor, _ policy: inout Policy) {
    cursor.readOptional("self_service", &policy.selfService, selfService)
    cursor.group("webhooks") { webhooks($0, &policy.webhooks) }
    cursor.group("members") { members($0, &policy.members) }
    cursor.group("notify") { notify($0, &policy.notify) }
    cursor.group("retention") { cursor in
      cursor.integer("requests_days", &policy.retention.requestsDays, 1...3650)
      cursor.integer("deliveries_days", &policy.retention.deliveriesDays, 1...3650)
    }
  }

  private static func webhooks(_ cursor: PolicyCursor, _ rules: inout WebhookRules) {
    cursor.optionalInteger("max", &rules.max, 1...1000)
    cursor.integer("timeout_seconds", &rules.timeoutSeconds, 1...60)
    cursor.list("retry", &rules.retry, 1...32) { $0.integer(0...604_800) }
    cursor.optionalInteger("disable_after_seconds", &rules.disableAfterSeconds, 60...year)
    cursor.flag("unique_url", &rules.uniqueURL)
    cursor.text("user_agent", &rules.userAgent, .userAgent)
    cursor.list("event_types", &rules.eventTypes, 0...256, eventType)
    cursor.readOptional("body", &rules.body) { body($0, EventBody.placeholders) }
    cursor.list("signatures", &rules.signatures, 0...8, signature)
  }

  private static func eventType(_ node: PolicyNode) -> WebhookRules.EventType? {
    node.object { cursor -> WebhookRules.EventType? in
      let type = cursor.required("type") { $0.text(.name) }
      var event = WebhookRules.EventType(type: type ?? "", title: type ?? "")
      cursor.text("title", &event.title, .name)
      cursor.readOptional("schema", &event.schema) { $0.anyObject() }
      return type == nil ? nil : event
    }
  }

  private static func signature(_ node: PolicyNode) -> WebhookRules.Signature? {
    node.object { cursor -> WebhookRules.Signature? in
      if let standard = cursor.node("standard") {
        if standard.flag() == false { standard.report("must be true where it is given") }
        return .standard
      }
      return headerSignature(cursor)
    }
  }

  private static func headerSignature(_ cursor: PolicyCursor) -> WebhookRules.Signature? {
    let name = cursor.required("header") { $0.text(.headerName) }
    let value = cursor.required("value") { $0.text(.headerValue) }
    var key = WebhookRules.SignatureKey.webhookSecret
    if let value {
      let parts = PlaceholderText.parts(of: value).compactMap(\.placeholderName)
      if parts == ["token"] { key = .token }
      if parts.count != 1 || !["hex", "base64", "token"].contains(parts[0]) {
        cursor.report("value", "must hold one of `{hex}`, `{base64}` and `{token}`")
      }
    }
    cursor.choice("key", &key)
    var content = WebhookRules.SignedContent.body
    cursor.choice("content", &content)
    guard let name, let value else { return nil }
    return .header(name: name, value: value, key: key, content: content)
  }

  private static func members(_ cursor: PolicyCursor, _ rules: inout MemberRules) {
    cursor.read("roles", &rules.roles) { node in
      node.members { name, node -> MemberRules.Role? in
        guard TextRule.environmentName.accepts(name) else {
          node.report("must be \(TextRule.environmentName.wording)")
          return nil
        }
        return node.list(0...16, permission).map { MemberRules.Role(name: name, permissions: $0) }
      }
    }
    if rules.roles.isEmpty { cursor.report("roles", "must not be empty") }
    cursor.flag("api_keys_permission", &rules.apiKeysPermission)
  }

  private static func permission(_ node: PolicyNode) -> MemberPermission? {
    node.choice(MemberPermission.allCases)
  }

  private static func notify(_ cursor: PolicyCursor, _ rules: inout NotifyRules) {
    cursor.flag("auto_cycling_changed", &rules.autoCyclingChanged)
    cursor.flag("cycle_failed", &rules.cycleFailed)
    cursor.flag("webhook_failed", &rules.webhookFailed)
    cursor.flag("webhook_disabled", &rules.webhookDisabled)
    cursor.set("key_expiring_days", &rules.keyExpiringDays, 0...16) {
      $0.integer(1...365).map { Int($0) }
    }
    cursor.set("quota_percent", &rules.quotaPercent, 0...16) {
      $0.integer(1...100).map { Int($0) }
    }
  }
}

extension MemberPermission: PolicyChoice {}
