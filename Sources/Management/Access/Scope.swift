// What an operator key may be allowed to do. The names are stored and shown: never change one.

/// A permission of an operator key. `x:write` includes `x:read`; `all` includes everything.
package enum Scope: String, Sendable, CaseIterable {
  case all = "*"
  case projectsRead = "projects:read"
  case projectsWrite = "projects:write"
  /// Accounts and their applications.
  case accountsRead = "accounts:read"
  case accountsWrite = "accounts:write"
  case keysRead = "keys:read"
  case keysWrite = "keys:write"
  /// Reading a recoverable secret again: of a key, of an account's client.
  case secretsReveal = "secrets:reveal"
  case membersRead = "members:read"
  case membersWrite = "members:write"
  /// Auto cycling: settings and history.
  case cyclingRead = "cycling:read"
  case cyclingWrite = "cycling:write"
  case webhooksRead = "webhooks:read"
  /// Webhooks and their deliveries.
  case webhooksWrite = "webhooks:write"
  /// Publishing the operator's own events.
  case eventsWrite = "events:write"
  case usageRead = "usage:read"
  /// Request records.
  case requestsRead = "requests:read"
  case auditRead = "audit:read"
  /// Mails, which hold addresses of members.
  case mailsRead = "mails:read"
  /// `POST /v1/verify`, on the data plane.
  case verify
  case operatorKeysRead = "operator-keys:read"
  case operatorKeysWrite = "operator-keys:write"

  /// True where a holder of `self` may do what needs `other`.
  package func includes(_ other: Scope) -> Bool {
    self == .all || self == other
      || rawValue.dropLast(5) == other.rawValue.dropLast(4)
        && rawValue.hasSuffix("write") && other.rawValue.hasSuffix("read")
  }
}

extension Collection<Scope> {
  package func include(_ needed: Scope) -> Bool { contains { $0.includes(needed) } }
}
