// Decides whether a store may be served after a restore: only with the journal of what was ended,
// or with the operator's word that there is none.
internal import KeyModel
internal import Storage

enum RestoreGuard {
  /// Counts restores; other servers on the database see that it was put back.
  static let epochName = "restore_epoch"
  /// Set where a restore was made without a journal and nobody has accepted that yet.
  static let pendingName = "restore_without_journal"

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
