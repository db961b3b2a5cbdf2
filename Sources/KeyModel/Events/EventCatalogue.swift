// Which event types there are in a project: the server's own and those of its policy.

extension WebhookRules {
  /// Whether webhooks may subscribe to it. A policy that lists no types of its own leaves the
  /// operator free in them.
  package func knows(_ type: String) -> Bool {
    if type == Webhook.everything || EventKind(rawValue: type) != nil { return true }
    return mayPublish(type)
  }

  /// Whether the operator may publish it: never what this server itself says.
  package func mayPublish(_ type: String) -> Bool {
    if EventKind(rawValue: type) != nil { return false }
    return eventTypes.isEmpty ? Self.isType(type) : eventTypes.contains { $0.type == type }
  }

  /// Letters, digits, `.`, `-` and `_`, beginning with a letter or digit.
  private static func isType(_ text: String) -> Bool {
    let rest = ByteSet(ByteSet.lowerCase + ByteSet.upperCase + ByteSet.digits + "._-")
    return text.utf8.count <= 128 && rest.holds(text)
      && (text.utf8.first.map(ByteSet.base62.contains) ?? false)
  }
}
