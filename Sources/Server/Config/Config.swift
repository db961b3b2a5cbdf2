// Where each value comes from: flag, LATCHKEY_…, LATCHKEY_…_FILE, credential folder, config file,
// default; the first that has one wins. Reads files, opens nothing else.
internal import KeyModel

package struct Config: Sendable {
  package enum Origin: Hashable, Sendable, CustomStringConvertible {
    case flag(String)
    case variable(String)
    case variableFile(String, path: String)
    case credential(path: String)
    case file(path: String)
    case fallback

    package var description: String {
      switch self {
      case .flag(let name): name
      case .variable(let name): "$\(name)"
      case .variableFile(let name, let path): "$\(name) (\(path))"
      case .credential(let path), .file(let path): path
      case .fallback: "default"
      }
    }
  }

  package struct Value: Hashable, Sendable {
    package var texts: [String]
    package var origin: Origin
  }

  private(set) var values: [String: Value] = [:]
  /// The config file that was read, if one was.
  private(set) var file: String?

  /// - Throws: `config` with one line that names the setting, where it was set and what it wants.
  init(
    settings: [Setting], flags: [String: [String]], variables: [String: String]
  ) throws(ToolError) {
    let sources = SettingSources(flags: flags, variables: variables)
    var members: [String: Value] = [:]
    if let path = try Self.filePath(sources) {
      file = path
      members = try ConfigFile.read(path)
    }
    for setting in settings {
      let found = try sources.value(of: setting) ?? members[setting.name]
      guard let value = found ?? setting.fallback.map({ Value(texts: [$0], origin: .fallback) })
      else { continue }
      try Self.check(value, of: setting)
      values[setting.name] = value
    }
  }

  private static func filePath(_ sources: SettingSources) throws(ToolError) -> String? {
    if let named = try sources.value(of: .config)?.texts.first { return named }
    guard let data = try sources.value(of: .data)?.texts.first else { return nil }
    let path = data + "/latchkey.json"
    return Files.exists(path) ? path : nil
  }

  private static func check(_ value: Value, of setting: Setting) throws(ToolError) {
    guard setting.repeatable || value.texts.count == 1 else {
      throw ToolError(.config, "\(setting.name): one value wanted (from \(value.origin))")
    }
    for text in value.texts {
      guard let wanted = setting.form.complaint(about: text) else { continue }
      let mayHoldSecret = setting.secret || text.contains("@")
      let given = mayHoldSecret ? "" : ", not \"\(text)\""
      let exit: ExitCode = if case .flag = value.origin { .usage } else { .config }
      throw ToolError(exit, "\(setting.name): want \(wanted)\(given) (from \(value.origin))")
    }
  }

  /// For a demo server: its own words stand in for settings nobody gave.
  mutating func settle(_ setting: Setting, _ text: String) {
    if values[setting.name].map({ $0.origin == .fallback }) ?? true {
      values[setting.name] = Value(texts: [text], origin: .fallback)
    }
  }

  func text(_ setting: Setting) -> String? { values[setting.name]?.texts.first }
  func texts(_ setting: Setting) -> [String] { values[setting.name]?.texts ?? [] }
  func number(_ setting: Setting) -> Int { text(setting).flatMap { Int($0) } ?? 0 }
  func address(_ setting: Setting) -> HostPort? { text(setting).flatMap { HostPort($0) } }

  func require(_ setting: Setting) throws(ToolError) -> String {
    guard let text = text(setting) else {
      let ways = setting.hasFlag ? "\(setting.flag) \(setting.placeholder) or set " : ""
      throw ToolError(.usage, "\(setting.name) is not given: say \(ways)\(setting.variable)")
    }
    return text
  }
}

/// Flags, variables and credentials: whatever is not the config file.
struct SettingSources {
  let flags: [String: [String]]
  let variables: [String: String]

  func value(of setting: Setting) throws(ToolError) -> Config.Value? {
    if let texts = flags[setting.name], !texts.isEmpty {
      return Config.Value(texts: texts, origin: .flag(setting.flag))
    }
    if let text = variables[setting.variable], !text.isEmpty {
      return Config.Value(texts: split(text, setting), origin: .variable(setting.variable))
    }
    let fileVariable = setting.variable + "_FILE"
    if setting.name != Setting.masterKeyFile.name, let path = variables[fileVariable],
      !path.isEmpty
    {
      return Config.Value(
        texts: split(try contents(path, named: fileVariable), setting),
        origin: .variableFile(fileVariable, path: path))
    }
    guard let folder = variables["CREDENTIALS_DIRECTORY"], !folder.isEmpty else { return nil }
    let path = folder + "/" + setting.credential
    guard Files.exists(path) else { return nil }
    return Config.Value(
      texts: split(try contents(path, named: path), setting), origin: .credential(path: path))
  }

  private func split(_ text: String, _ setting: Setting) -> [String] {
    guard setting.repeatable else { return [text] }
    return text.split { $0 == "," || $0.isWhitespace }.map(String.init)
  }

  private func contents(_ path: String, named name: String) throws(ToolError) -> String {
    do {
      let bytes = try Files.read(path, limit: 64 * 1024)
      let text = String(decoding: bytes, as: UTF8.self)
      return String(
        text.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
    } catch {
      throw ToolError(.config, "\(name): \(error)")
    }
  }
}
