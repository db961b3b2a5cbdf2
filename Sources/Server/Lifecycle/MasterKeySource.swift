// The master keys of a command, and what to do where there are none: begin anew only where nothing
// is there that an older key protects. Must not make a key.
internal import Crypto
internal import Storage

enum MasterKeySource {
  /// - Parameter isNeeded: there is something that only a certain key opens.
  static func load(
    _ path: String, _ surroundings: Surroundings, isNeeded: Bool
  ) throws(ToolError) -> LoadedMasterKeys {
    do {
      return try MasterKeyFile.load(
        credentialsDirectory: surroundings.variables["CREDENTIALS_DIRECTORY"], path: path,
        environmentValue: surroundings.variables[MasterKeyFile.variable])
    } catch {
      guard case .missing = error else { throw ToolError(.config, "\(error)") }
      throw ToolError(.config, "\(error): \(isNeeded ? giveBack(path) : "run latchkey init")")
    }
  }

  /// The keys, with a warning where they come from a variable.
  static func keys(
    _ path: String, _ surroundings: Surroundings, isNeeded: Bool
  ) throws(ToolError) -> MasterKeys {
    let loaded = try load(path, surroundings, isNeeded: isNeeded)
    if let warning = loaded.warning { Log(surroundings).warning(warning) }
    return loaded.keys
  }

  /// Whether a store is there, as far as can be told without opening it.
  static func isNeeded(_ store: StoreLocation) -> Bool {
    if case .sqliteFile(let path) = store { return Files.exists(path) }
    return true
  }

  private static func giveBack(_ path: String) -> String {
    "give the key that the store was made with: put it at \(path) (mode 0400), name its file with "
      + "--master-key-file, or pass it as the credential latchkey-master-key"
  }
}
