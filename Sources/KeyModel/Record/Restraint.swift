// What was taken away and must stay away, whatever a restored backup says. Derived from record
// changes alone, so that whatever the data plane hears of is also what the journal knows.

package enum Restraint: Hashable, Sendable {
  /// For good.
  case ending(Ending)
  /// May be given back; the last word on an account counts.
  case account(AccountID, suspended: Bool)
  /// May be widened again; the last word on a key counts.
  case key(KeyID, KeyBounds)

  /// What these changes take away or give back. Of an account or key that never had less than it
  /// was made with nothing is said; `known` are the last words on those that had.
  package static func restraints(
    of change: RecordChange, known: (Subject) -> Bool
  ) -> [Restraint] {
    switch change {
    case .account(let record) where record.suspended || known(.account(record.id)):
      [.account(record.id, suspended: record.suspended)]
    case .key(let record) where !record.revoked && mayBeNarrowed(record, known):
      Ending.endings(of: change).map { .ending($0) } + [.key(record.id, KeyBounds(record))]
    default: Ending.endings(of: change).map { .ending($0) }
    }
  }

  /// A key as it was made is in every backup that has it.
  private static func mayBeNarrowed(_ record: KeyRecord, _ known: (Subject) -> Bool) -> Bool {
    known(.key(record.id)) || (record.isChanged && KeyBounds(record) != .none)
  }

  /// What a last word is about; nil where there is no taking back.
  package enum Subject: Hashable, Sendable {
    case account(AccountID)
    case key(KeyID)
  }

  package var subject: Subject? {
    switch self {
    case .ending: nil
    case .account(let id, _): .account(id)
    case .key(let id, _): .key(id)
    }
  }
}

/// What of a key may be narrowed while it lives.
package struct KeyBounds: Hashable, Sendable {
  package var access: Access
  package var expiresAt: Timestamp?
  /// Empty: every route.
  package var routes: [RoutePattern]

  package init(access: Access, expiresAt: Timestamp?, routes: [RoutePattern]) {
    self.access = access
    self.expiresAt = expiresAt
    self.routes = routes
  }

  package init(_ record: KeyRecord) {
    self.init(access: record.access, expiresAt: record.expiresAt, routes: record.routes)
  }

  package init(_ key: Key) {
    self.init(access: key.access, expiresAt: key.expiresAt, routes: key.routes)
  }

  package static let none = KeyBounds(access: .full, expiresAt: nil, routes: [])

  /// No wider than `limit` in anything, and where that allows it as it is.
  package func within(_ limit: KeyBounds) -> KeyBounds {
    var bounds = self
    if limit.access == .readOnly { bounds.access = .readOnly }
    if let end = limit.expiresAt { bounds.expiresAt = min(expiresAt ?? end, end) }
    if !Self.covers(limit.routes, routes) { bounds.routes = limit.routes }
    return bounds
  }

  private static func covers(_ wide: [RoutePattern], _ narrow: [RoutePattern]) -> Bool {
    if wide.isEmpty { return true }
    if narrow.isEmpty { return false }
    return narrow.allSatisfy { pattern in wide.contains { $0.covers(pattern) } }
  }
}
