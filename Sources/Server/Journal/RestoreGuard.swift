// Decides whether a store may be served after a restore: only with the journal of what was ended,
// or with the operator's word that there is none.
internal import KeyModel
internal import Management
internal import Storage

enum RestoreGuard {
  /// Counts restores; other servers on the database see that it was put back.
  static let epochName = "restore_epoch"
  /// Set where a restore was made without a journal and nobody has accepted that yet.
  static let pendingName = "restore_without_journal"

  /// How many endings the journal had when the store last agreed with all of them.
  static let agreedName = "journal_endings"

  /// Ends again what the journal knows to be ended, where the store was put back behind our back
  /// (or a crash came before it could say that the two agree).
  static func agree(
    _ journal: RevocationJournal, _ store: Store, _ management: UseCases, _ log: Log
  ) async throws {
    let endings = journal.endings
    let agreed = try await store.read { try $0.meta.find(agreedName) }
    if agreed == String(endings.count) || (agreed == nil && endings.isEmpty) { return }
    let count = try await management.endAgain(endings)
    if count > 0 {
      log.warning("\(count) revocations of the journal were missing in the database: applied again")
    }
    try await remember(journal, store)
  }

  static func remember(_ journal: RevocationJournal, _ store: Store) async throws {
    let count = journal.endings.count
    try await store.write { try $0.meta.set(agreedName, String(count)) }
  }

  /// - Throws: `config` where the store must not be served as it is.
  static func openJournal(
    _ folder: DataFolder, _ store: Store
  ) async throws -> RevocationJournal {
    let pending = try await store.read { try $0.meta.find(pendingName) }
    guard pending == nil else {
      throw ToolError(
        .config,
        "this store was restored without \(folder.journal): keys revoked after the backup would "
          + "be valid again; put the journal there and restore again, or accept that with "
          + "latchkey restore --accept-lost-revocations --data \(folder.path)")
    }
    return try RevocationJournal(folder.journal, create: true)
  }
}
