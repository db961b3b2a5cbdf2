// Which records a store has, gathered while they are applied, so that what it has not any more can
// be told. Ids only.
import KeyModel

package struct PresentRecords: Sendable {
  private(set) var projects: Set<ProjectID> = []
  private(set) var accounts: Set<AccountID> = []
  private(set) var operatorKeys: Set<OperatorKeyID> = []
  private(set) var lookups: Set<Lookup> = []

  package init() {}

  package mutating func note(_ change: RecordChange) {
    switch change {
    case .project(let record): projects.insert(record.id)
    case .account(let record): accounts.insert(record.id)
    case .operatorKey(let record): operatorKeys.insert(record.id)
    case .key(let record):
      for version in record.versions { lookups.insert(version.lookup) }
    case .projectRemoved, .accountRemoved, .keyRemoved, .operatorKeyRemoved: break
    }
  }
}
