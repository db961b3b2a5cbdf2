// master-key list and master-key rotate. Both need a stopped server: a running one holds the keys
// it was started with.
internal import Crypto
internal import KeyModel
internal import Storage

enum MasterKeyCommands {
  static let all = [list, rotate]

  static let list = Command(
    path: ["master-key", "list"], summary: "Show the ids of the master keys and what each wraps",
    flags: [ResourceCommand.json], settings: Setting.folder
  ) { invocation in
    try await withStore(invocation) { store, keys, _ in
      let counts = try await store.read { try $0.keyring.countByMasterKey() }
      let known = keys.keys.all.map(\.id)
      let ids = known + counts.keys.filter { !known.contains($0) }.sorted()
      if invocation.has("json") {
        let keys = ids.map { id -> JSONValue in
          [
            "id": .string(id), "present": .bool(known.contains(id)),
            "wraps": .integer(counts[id] ?? 0),
          ]
        }
        let answer: JSONValue = ["master_keys": .array(keys)]
        return invocation.surroundings.line(JSONWriter.compactText(answer))
      }
      let rows = ids.map { id in
        [id, known.contains(id) ? "present" : "MISSING", String(counts[id] ?? 0)]
      }
      invocation.surroundings.write(Rendering.aligned([["ID", "KEY", "WRAPS"]] + rows))
    }
  }

  static let rotate = Command(
    path: ["master-key", "rotate"],
    summary: "Wrap every key under a new master key; may be broken off and run again",
    settings: Setting.folder,
    examples: [
      Example(
        line: "latchkey master-key rotate --data DIR",
        says: "stop the server first; keep the old key as long as backups need it")
    ]
  ) { invocation in
    try await withStore(invocation) { store, loaded, path in
      let keys = try await newKeys(store, loaded, path, invocation.surroundings)
      var total = 0
      while true {
        let count = try await rewrapBatch(store, keys, invocation.surroundings)
        if count == 0 { break }
        total += count
      }
      let left = try await store.read { try $0.keyring.countByMasterKey() }
        .filter { $0.key != keys.newest.id && $0.value > 0 }
      guard left.isEmpty else {
        throw ToolError(.failure, "keys are left under the old master key: run this again")
      }
      invocation.surroundings.line(
        "rotated: \(total) keys are wrapped by master key \(keys.newest.id); older ones stay in "
          + "\(loaded.source) for backups made before")
    }
  }

  private static let batch = 500

  /// The keys with a new one, unless an earlier rotation has work left.
  private static func newKeys(
    _ store: Store, _ loaded: LoadedMasterKeys, _ path: String, _ surroundings: Surroundings
  ) async throws -> MasterKeys {
    let newest = loaded.keys.newest.id
    let counts = try await store.read { try $0.keyring.countByMasterKey() }
    if counts.contains(where: { $0.key != newest && $0.value > 0 }) { return loaded.keys }
    guard loaded.source == path else {
      throw ToolError(
        .config,
        "the master key comes from \(loaded.source), which cannot be written from here: add a "
          + "line with a new key there, then run this again")
    }
    let keys = loaded.keys.adding(MasterKey(entropy: surroundings.entropy))
    try MasterKeyFile.replace(keys, at: path)
    return keys
  }

  private static func rewrapBatch(
    _ store: Store, _ keys: MasterKeys, _ surroundings: Surroundings
  ) async throws -> Int {
    let entropy = surroundings.entropy
    return try await store.write { tx in
      let rows = try tx.keyring.list(notWrappedBy: keys.newest.id, limit: batch)
      for row in try Keyring.rewrap(rows, masterKeys: keys, entropy: entropy) {
        try tx.keyring.rewrap(row.id, masterKeyID: row.masterKeyID, wrapped: row.wrapped)
      }
      return rows.count
    }
  }

  private static func withStore(
    _ invocation: Invocation,
    _ body: (Store, LoadedMasterKeys, _ path: String) async throws -> Void
  ) async throws {
    let config = try invocation.config()
    let folder = DataFolder(try config.require(.data))
    try folder.check()
    let lock = try FolderLock.take(folder.path, purpose: invocation.command.name)
    let path = config.text(.masterKeyFile) ?? folder.masterKey
    let keys = try MasterKeySource.load(
      path, invocation.surroundings,
      isNeeded: MasterKeySource.isNeeded(ServeSettings.store(config, folder)))
    let store = try ServeSettings.openStore(config, folder)
    do { try await body(store, keys, path) } catch {
      await OffThread.run { store.close() }
      throw error
    }
    await OffThread.run { store.close() }
    withExtendedLifetime(lock) {}
  }
}
