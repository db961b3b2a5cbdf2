// Puts a backup in the store's place. The backup is first read into a store of its own and unlocked
// there, and what the journal knows to be ended is ended in it; only then does it take the place of
// the old one. Anything wrong before that leaves everything as it was.
internal import Crypto
internal import KeyModel
internal import Management
internal import Storage
internal import Verification

struct Restore {
  private let config: Config
  private let surroundings: Surroundings
  private let folder: DataFolder
  private var scratch: String { folder.path + "/restoring.db" }

  init(_ config: Config, _ surroundings: Surroundings) throws(ToolError) {
    self.config = config
    self.surroundings = surroundings
    folder = DataFolder(try config.require(.data))
  }

  /// Gives what to say.
  func run(file: String?, accept: Bool) async throws -> String {
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
    let journal = try openJournal()
    let reapplied = try await fill(from: file, journal, accept: accept)
    try await install()
    return saying(journal, reapplied, accept)
  }

  private func saying(_ journal: RevocationJournal?, _ reapplied: Int, _ accept: Bool) -> String {
    if journal != nil { return "restored; \(reapplied) later revocations were applied again" }
    let rest =
      accept
      ? ""
      : "; serve refuses until the journal is there (restore again) or you accept the loss "
        + "with --accept-lost-revocations"
    return "restored without a revocation journal: keys revoked after the backup are valid again"
      + rest
  }

  private func openJournal() throws -> RevocationJournal? {
    do { return try RevocationJournal(folder.journal, create: false) } catch {
      if case .missing = error { return nil }
      throw error
    }
  }

  /// Fills the scratch store; gives how many endings were applied again.
  private func fill(
    from file: String, _ journal: RevocationJournal?, accept: Bool
  ) async throws -> Int {
    let before = try await oldEpoch()
    let store = try Store.open(.sqliteFile(path: scratch))
    do {
      try await store.restore(fromFile: file)
      let count = try await reapply(journal?.endings ?? [], in: store)
      let pending = journal == nil && !accept
      try await store.write { tx in
        let own = try tx.meta.find(RestoreGuard.epochName).flatMap { Int64($0) } ?? 0
        try tx.meta.set(RestoreGuard.epochName, String(max(own, before) + 1))
        if pending { try tx.meta.set(RestoreGuard.pendingName, "true") }
      }
      await OffThread.run { store.close() }
      return count
    } catch {
      await OffThread.run { store.close() }
      throw error
    }
  }

  private func reapply(_ endings: Set<Ending>, in store: Store) async throws -> Int {
    let path = config.text(.masterKeyFile) ?? folder.masterKey
    let keys = try ControlPlane.masterKeys(path, surroundings)
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
    return try await management.endAgain(endings)
  }

  private func oldEpoch() async throws -> Int64 {
    let location = ServeSettings.store(config, folder)
    if case .sqliteFile(let path) = location, !Files.exists(path) { return 0 }
    // A store that cannot be opened any more is why people restore.
    guard let old = try? Store.open(location) else { return 0 }
    let epoch = try? await old.read { tx in
      try tx.meta.find(RestoreGuard.epochName).flatMap { Int64($0) }
    }
    await OffThread.run { old.close() }
    return (epoch ?? nil) ?? 0
  }

  private func install() async throws {
    let location = ServeSettings.store(config, folder)
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
    let scratchStore = try Store.open(.sqliteFile(path: scratch))
    let dumped: Result<Int64, any Error>
    do { dumped = .success(try await scratchStore.dump(toFile: dump)) } catch {
      dumped = .failure(error)
    }
    await OffThread.run { scratchStore.close() }
    _ = try dumped.get()
    let store = try Store.open(location)
    let restored: Result<Int64, any Error>
    do { restored = .success(try await store.restore(fromFile: dump, replacing: true)) } catch {
      restored = .failure(error)
    }
    await OffThread.run { store.close() }
    _ = try restored.get()
  }

  private func acceptLoss() async throws -> String {
    let store = try Store.open(ServeSettings.store(config, folder))
    let result: Result<Bool, any Error>
    do {
      result = .success(try await store.write { try $0.meta.delete(RestoreGuard.pendingName) })
    } catch { result = .failure(error) }
    await OffThread.run { store.close() }
    return try result.get()
      ? "accepted: keys revoked after the backup are valid again" : "there was nothing to accept"
  }

  private func removeScratch() {
    for suffix in ["", "-wal", "-shm"] { Files.remove(scratch + suffix) }
  }
}
