// What `init` makes, in an order in which a crash at any point leaves something that `init` can
// finish: folder, master key, keyring, then what every start makes, operator key.
internal import Crypto
internal import KeyModel
internal import Management
internal import Storage

enum Founding {
  struct Made: Sendable {
    let folder: DataFolder
    let masterKeyID: String
    let isSQLite: Bool
    /// The answer that made the first operator key; it holds the token.
    let operatorKey: JSONValue

    var json: JSONValue {
      [
        "data": .string(folder.path), "operator_key": operatorKey["operator_key"] ?? .null,
        "operator_key_id": operatorKey["id"] ?? .null, "scopes": operatorKey["scopes"] ?? .null,
        "master_key_id": .string(masterKeyID),
      ]
    }

    var text: String {
      let rows = [
        ["data folder", folder.path + (isSQLite ? " (SQLite)" : " (PostgreSQL)")],
        ["master key", "\(folder.masterKey) (id \(masterKeyID)): keep a copy apart from backups"],
        [
          "operator key",
          "\(Rendering.cell(operatorKey["operator_key"])) (shown once, never again)",
        ],
      ]
      return Rendering.aligned(rows) + "\nlatchkey serve --data \(folder.path)\n"
    }
  }

  static func make(_ config: Config, _ surroundings: Surroundings) async throws -> Made {
    let folder = DataFolder(try config.require(.data))
    let isNew = try folder.make()
    let lock = try FolderLock.take(folder.path, purpose: "init")
    do {
      let made = try await fill(folder, config, surroundings)
      return withExtendedLifetime(lock) { made }
    } catch {
      lock.withdraw()
      // Only where nothing is left in it.
      if isNew { Files.removeFolder(folder.path) }
      throw error
    }
  }

  private static func fill(
    _ folder: DataFolder, _ config: Config, _ surroundings: Surroundings
  ) async throws -> Made {
    let location = ServeSettings.store(config, folder)
    let path = config.text(.masterKeyFile) ?? folder.masterKey
    let (keys, isNew) = try masterKeys(path, surroundings)
    do {
      try await found(location, keys, folder, surroundings)
    } catch {
      // A key that protects nothing must not lie about.
      if isNew { Files.remove(path) }
      throw error
    }
    let control = try await ControlPlane(
      ServerPlan(local: config, folder: folder), UsageGatherer(), NoRequestLog(), surroundings)
    let answer: Answer
    do {
      answer = try await control.management.createOperatorKey(
        NewOperatorKey(scopes: [.all], name: "first"), by: Caller(.local))
    } catch {
      await control.close()
      throw error
    }
    await control.close()
    return Made(
      folder: folder, masterKeyID: keys.newest.id, isSQLite: config.text(.database) == nil,
      operatorKey: answer.body ?? .null)
  }

  private static func masterKeys(
    _ path: String, _ surroundings: Surroundings
  ) throws(MasterKeyError) -> (MasterKeys, isNew: Bool) {
    do {
      let loaded = try MasterKeyFile.load(
        credentialsDirectory: surroundings.variables["CREDENTIALS_DIRECTORY"], path: path,
        environmentValue: surroundings.variables[MasterKeyFile.variable])
      if let warning = loaded.warning { Log(surroundings).warning(warning) }
      return (loaded.keys, false)
    } catch {
      guard case .missing = error else { throw error }
    }
    let keys = MasterKeys(oldestFirst: MasterKey(entropy: surroundings.entropy))
    try MasterKeyFile.create(keys, at: path)
    return (keys, true)
  }

  private static func found(
    _ location: StoreLocation, _ keys: MasterKeys, _ folder: DataFolder,
    _ surroundings: Surroundings
  ) async throws {
    let store = try Store.open(location)
    let made: Bool
    do {
      made = try await Vault.found(
        store, masterKeys: keys, now: surroundings.now(), entropy: surroundings.entropy)
    } catch {
      await OffThread.run { store.close() }
      throw error
    }
    await OffThread.run { store.close() }
    if !made { throw ToolError(.refused, already(folder, location)) }
  }

  private static func already(_ folder: DataFolder, _ location: StoreLocation) -> String {
    if case .postgres = location, !Files.exists(folder.journal) {
      return "the database is initialised already. For a further server on it: make the folder "
        + "\(folder.path) (mode 0700), copy the first server's master.key into it (mode 0400), "
        + "and run latchkey serve --data \(folder.path) with the same --database and "
        + "a --node of its own"
    }
    return "\(folder.path) is initialised already: run latchkey serve --data \(folder.path), "
      + "or latchkey operator-keys create for a further operator key"
  }

  /// Whether `init` has been here, as far as the folder tells.
  static func isMade(_ folder: DataFolder) -> Bool {
    Files.exists(folder.journal)
      && (Files.exists(folder.database) || Files.exists(folder.masterKey))
  }
}
