// Holds a store and its journal against each other at the start: a journal that is not the one the
// store knows is refused, and whatever one of the two has and the other has not is made up for.
internal import Crypto
internal import KeyModel
internal import Management
internal import Storage

enum RestoreGuard {
  /// - Throws: `config` where the store must not be served as it is.
  static func openJournal(
    _ folder: DataFolder, _ store: Store, entropy: any Entropy
  ) async throws -> RevocationJournal {
    let known = try await store.read { try JournalKnowledge($0) }
    guard !known.isPending else {
      throw ToolError(
        .config,
        "this store was restored without \(folder.journal): keys revoked after the backup would "
          + "be valid again; put the journal there and restore again, or " + acceptance(folder))
    }
    do {
      return try fitting(folder.journal, known, store.capabilities, entropy)
    } catch {
      guard error.isUnfit || error == .missing(folder.journal) else { throw error }
      throw ToolError(
        .config, "\(error): put the right one there, or " + acceptance(folder))
    }
  }

  static func acceptance(_ folder: DataFolder) -> String {
    "accept that later restores may bring back what was revoked until now with "
      + "latchkey restore --accept-lost-revocations --data \(folder.path)"
  }

  /// What `openJournal` would refuse, without making anything. For the doctor.
  static func obstacle(
    _ path: String, _ known: JournalKnowledge, _ capabilities: StoreCapabilities
  ) -> String? {
    if known.isPending { return "the store was restored without its revocation journal" }
    let mayBegin = known.marks.isEmpty || capabilities.sharedAmongProcesses
    if !Files.exists(path) { return mayBegin ? nil : "\(JournalError.missing(path))" }
    do throws(JournalError) {
      let text = try RevocationJournal(path).text()
      try known.check(text, path: path)
      return known.marks[text.id] != nil || mayBegin ? nil : "\(JournalError.strange(path))"
    } catch { return "\(error)" }
  }

  private static func fitting(
    _ path: String, _ known: JournalKnowledge, _ capabilities: StoreCapabilities,
    _ entropy: any Entropy
  ) throws(JournalError) -> RevocationJournal {
    // Nobody can tell a new server on a shared database from one that lost its journal. Either's
    // new journal says from where on it misses nothing, which a restore looks at.
    let mayBegin = known.marks.isEmpty || capabilities.sharedAmongProcesses
    guard Files.exists(path) else {
      guard mayBegin else { throw .missing(path) }
      return try .create(path, from: known.place, entropy: entropy)
    }
    let journal = try RevocationJournal(path)
    try known.check(try journal.text(), path: path)
    guard known.marks[journal.id] != nil || mayBegin else { throw .strange(path) }
    return journal
  }

  /// Applies to the store what the journal knows and the store does not (it was put back behind our
  /// back), and tells the journal what the store knows and it does not (we were not running).
  static func agree(
    _ journal: RevocationJournal, _ store: Store, _ management: UseCases, _ feed: RecordFeed,
    _ log: Log
  ) async throws {
    let known = try await store.read { try JournalKnowledge($0) }
    let mark = known.marks[journal.id]
    let text = try journal.text()
    let count = try await management.holdAgain(text.restraints(after: mark?.count ?? 0))
    if count > 0 {
      log.warning("\(count) revocations of the journal were missing in the database: applied again")
    }
    let isNew = text.from == known.place
    if let mark {
      let complete = try await feed.retell(after: mark.position)
      if !complete { try journal.begin(at: known.place) }
    } else if !isNew {
      try journal.begin(at: known.place)
    }
    try await remember(journal, store, feed)
  }

  static func remember(
    _ journal: RevocationJournal, _ store: Store, _ feed: RecordFeed
  ) async throws {
    // The position first: whatever is noted meanwhile is beyond it.
    let position = await feed.settledPosition
    let (count, hash) = journal.counts
    let mark = JournalMark(count: count, hash: hash, position: position)
    try await store.write { [id = journal.id] tx in try JournalKnowledge.set(id, mark, tx) }
  }
}
