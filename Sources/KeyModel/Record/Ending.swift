// Ends that must never be undone, as the revocation journal keeps them. What may be given back is
// in Restraint.

package enum Ending: Hashable, Sendable {
  case key(KeyID)
  /// Not accepted from `until` on; the distant past where it ended at once.
  case version(VersionID, of: KeyID, until: Timestamp)
  case operatorKey(OperatorKeyID)
  case account(AccountID)
  case project(ProjectID)

  package static func endings(of change: RecordChange) -> [Ending] {
    switch change {
    case .key(let record): record.revoked ? [.key(record.id)] : versions(of: record)
    case .keyRemoved(let id): [.key(id)]
    case .accountRemoved(let id): [.account(id)]
    case .projectRemoved(let id): [.project(id)]
    case .operatorKey(let record): record.revoked ? [.operatorKey(record.id)] : []
    case .operatorKeyRemoved(let id): [.operatorKey(id)]
    case .project, .account: []
    }
  }

  private static func versions(of record: KeyRecord) -> [Ending] {
    record.versions.compactMap { version in
      switch version.state {
      case .retired, .abandoned, .revoked:
        .version(version.id, of: record.id, until: Timestamp(microseconds: 0))
      case .retiring:
        version.acceptedUntil.map { .version(version.id, of: record.id, until: $0) }
      case .pending, .active: nil
      }
    }
  }
}
