// Puts a backup in the store's place. The backup is first read into a store of its own and unlocked
// there, and what the journal knows to be taken away is taken away in it; only then does it take
// the place of the old one. Anything wrong before that leaves everything as it was.
internal import Crypto
internal import KeyModel
internal import Management
internal import Storage
internal import Verification

struct Restore {
  private let config: Config
  private let surroundings: Surroundings
  private let folder: DataFolder
  private let accept: Bool
  private var scratch: String { folder.path + "/restoring.db" }
  private var location: StoreLocation { ServeSettings.store(config, folder) }

  init(_ config: Config, _ surroundings: Surroundings, accept: Bool) throws(ToolError) {
    self.config = config
    self.surroundings = surroundings
    self.accept = accept
    folder = DataFolder(try config.require(.data))
  }

  /// Gives what to say.
  func run(file: String?) async throws -> String {
    try folder.make()
    let lock = try FolderLock.take(folder.path, purpose: "restore")
    defer { withExtendedLifetime(lock) {} }
    guard let file else {
      guard accept else { throw ToolError(.usage, "restore: which FILE?") }
      return try await acceptLoss()
    }
    guard Files.exists(file) else { throw ToolError(.notFound, "there is no backup \(file)") }
    removeScratch()
    defer { removeScratch() }
    let journal = try OldJournal(folder.journal)
    let old = await Replaced(location)
    let made = try await fill(from: file, journal, old)
    let undone = await old.changes(after: made.lastAudit)
    try await install()
    if made.isForgotten { try setAside() }
    return saying(made, undone)
  }

  // MARK: The store to be

  private struct Made: Sendable {
    var held = 0
    /// The journal was not this backup's, and that was accepted.
    var isForgotten = false
    var lastAudit: Int64 = 0
  }

  private func fill(from file: String, _ journal: OldJournal, _ old: Replaced) async throws -> Made
  {
    let store = try Store.open(.sqliteFile(path: scratch))
    do {
      try await store.restore(fromFile: file)
      // A log is its writer's alone: where servers share the store that this is put into, rows of
      // the log would be put over newer ones when the next of them starts.
      try await store.foldQuotas()
      let known = try await store.read { try JournalKnowledge($0) }
      var made = Made()
      made.isForgotten = try isForgotten(journal, known, old)
      made.lastAudit = try await store.read { try $0.audit.tip()?.sequence ?? 0 }
      made.held = try await reapply(journal.restraints(beyond: known), in: store)
      let epoch = max(known.place.epoch, old.known?.place.epoch ?? 0) + 1
      let position = old.known?.place.position ?? 0
      let isForgotten = made.isForgotten
      try await store.write { tx in
        try tx.meta.setRestoreEpoch(epoch)
        try tx.changes.skip(to: position)
        if isForgotten {
          try JournalKnowledge.forget(tx)
          if !accept { try tx.meta.set(JournalKnowledge.pendingName, "true") }
        } else if let text = journal.text {
          let mark = JournalMark(
            count: text.lines.count, hash: text.head, position: try tx.changes.latest())
          try JournalKnowledge.set(text.id, mark, tx)
        }
      }
      await OffThread.run { store.close() }
      return made
    } catch {
      await OffThread.run { store.close() }
      throw error
    }
  }

  /// Throws where there is a journal that is not the one of the backup and of the store that is to
  /// be replaced, unless that is accepted.
  private func isForgotten(
    _ journal: OldJournal, _ backup: JournalKnowledge, _ old: Replaced
  ) throws -> Bool {
    var complaint = journal.complaint
    if let text = journal.text {
      do throws(JournalError) {
        try backup.checkCovers(text, path: folder.journal)
        try old.known?.check(text, path: folder.journal)
        return false
      } catch { complaint = error }
    }
    guard let complaint, !accept else { return true }
    if case .missing = complaint { return true }
    throw ToolError(
      .config,
      "\(complaint): nothing was restored; put the right one there, or restore with "
        + "--accept-lost-revocations, and what was revoked after the backup may be valid again")
  }

  private func reapply(_ restraints: [Restraint], in store: Store) async throws -> Int {
    let path = config.text(.masterKeyFile) ?? folder.masterKey
    let keys = try MasterKeySource.keys(path, surroundings, isNeeded: true)
    let vault = try await Vault.open(store, masterKeys: keys)
    let policies = try PolicyLibrary(profiles: EmbeddedProfiles.texts())
    let table = RecordTable(peppers: vault.keyring.peppers)
    let feed = RecordFeed(store: store, vault: vault, policies: policies, table: table)
    let log = Log(surroundings)
    let management = UseCases(
      store: store, vault: vault, feed: feed, policies: policies,
      clock: ServerClock(now: surroundings.now), entropy: surroundings.entropy
    ) { log.error(Failure.line($0)) }
    try await feed.load()
    return try await management.holdAgain(restraints)
  }

  // MARK: In the old one's place

  private func install() async throws {
    guard case .sqliteFile(let path) = location else { return try await replace(location) }
    for suffix in ["-wal", "-shm"] { Files.remove(path + suffix) }
    try Files.rename(scratch, to: path)
    try Files.syncFolder(folder.path)
  }

  /// Another engine's store takes the scratch store's rows in one transaction.
  private func replace(_ location: StoreLocation) async throws {
    let dump = folder.path + "/restoring.dump"
    Files.remove(dump)
    defer { Files.remove(dump) }
    _ = try await Store.with(.sqliteFile(path: scratch)) { try await $0.dump(toFile: dump) }
    _ = try await Store.with(location) {
      try await $0.restore(fromFile: dump, replacing: true)
    }
  }

  /// The next start begins a new one.
  private func setAside() throws {
    guard Files.exists(folder.journal) else { return }
    try Files.rename(folder.journal, to: folder.strangeJournal)
  }

  private func removeScratch() {
    for suffix in ["", "-wal", "-shm"] { Files.remove(scratch + suffix) }
  }

  // MARK: Without a backup

  /// For a store that is as it should be beside a journal that is not.
  private func acceptLoss() async throws -> String {
    if case .sqliteFile(let path) = location, !Files.exists(path) {
      throw ToolError(.notFound, "there is no store \(path): restore a backup")
    }
    let journal = try OldJournal(folder.journal)
    let path = folder.journal
    let isNews = try await Store.with(location) { store in
      try await store.write { tx -> Bool in
        let known = try JournalKnowledge(tx)
        var isFine = !known.isPending && (journal.text != nil || known.marks.isEmpty)
        if let text = journal.text, !known.isPending {
          do throws(JournalError) {
            try known.check(text, path: path)
            isFine = known.marks[text.id] != nil
          } catch { isFine = false }
        }
        if isFine { return false }
        _ = try tx.meta.delete(JournalKnowledge.pendingName)
        try JournalKnowledge.forget(tx)
        return true
      }
    }
    guard isNews else { return "there was nothing to accept" }
    try setAside()
    return "accepted: keys revoked after the backup are valid again; a new journal begins"
  }

  // MARK: What was done

  private func saying(_ made: Made, _ undone: [String: Int]) -> String {
    var text = "restored; \(made.held) later revocations were applied again"
    if made.isForgotten {
      text = "restored without a revocation journal: keys revoked after the backup are valid again"
      if !accept {
        text +=
          "; serve refuses until the journal is there (restore again) or you accept the "
          + "loss with --accept-lost-revocations"
      }
    }
    if undone.isEmpty { return text }
    let list = undone.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
    return text + "\nchanges since the backup, undone but for what they took away from keys and "
      + "accounts: " + list.joined(separator: ", ")
  }
}

/// The journal in the folder: whole, missing or not to be used.
private struct OldJournal: Sendable {
  var text: JournalText?
  var complaint: JournalError?

  /// Throws what is nobody's fault but the disk's.
  init(_ path: String) throws(JournalError) {
    do {
      text = try RevocationJournal(path).text()
    } catch {
      if case .file = error { throw error }
      complaint = error
    }
  }

  /// What a store does not have that knows so much of it; all of it where it knows nothing.
  func restraints(beyond known: JournalKnowledge) -> [Restraint] {
    guard let text else { return [] }
    return text.restraints(after: known.marks[text.id]?.count ?? 0)
  }
}

/// The store that is to be replaced, as far as it can still be read: that it cannot may be why
/// people restore.
private struct Replaced: Sendable {
  let known: JournalKnowledge?
  private let location: StoreLocation

  init(_ location: StoreLocation) async {
    self.location = location
    if case .sqliteFile(let path) = location, !Files.exists(path) {
      known = nil
    } else {
      known = try? await Store.with(location) { try await $0.read { try JournalKnowledge($0) } }
    }
  }

  /// How many audit entries of each action come after one of this number.
  func changes(after sequence: Int64) async -> [String: Int] {
    guard known != nil else { return [:] }
    let counts = try? await Store.with(location) { store in
      try await store.read { tx -> [String: Int] in
        var counts: [String: Int] = [:]
        try tx.audit.forEach(after: sequence) { counts[$0.action, default: 0] += 1 }
        return counts
      }
    }
    return counts ?? [:]
  }
}

extension Store {
  /// Opens, and closes whatever happens.
  static func with<R: Sendable>(
    _ location: StoreLocation, _ body: (Store) async throws -> R
  ) async throws -> R {
    let store = try Store.open(location)
    let result: Result<R, any Error>
    do { result = .success(try await body(store)) } catch { result = .failure(error) }
    await OffThread.run { store.close() }
    return try result.get()
  }
}
