// The config file: one JSON object with comments, a member per setting. Mistakes are told with line
// and caret, unknown members with their nearest neighbour. Values of secrets are never repeated.
internal import KeyModel

enum ConfigFile {
  /// Settings that cannot stand in the file: it would be too late for them.
  static let outside = [Setting.config.name]

  static func read(_ path: String) throws(ToolError) -> [String: Config.Value] {
    let bytes: [UInt8]
    do { bytes = try Files.read(path) } catch {
      throw ToolError(.config, "config file \(error)")
    }
    return try parse(bytes, path: path)
  }

  static func parse(_ bytes: [UInt8], path: String) throws(ToolError) -> [String: Config.Value] {
    let document: JSONValue
    do { document = try JSONReader.read(bytes, comments: true) } catch {
      throw ToolError(.config, complaint(error, bytes: bytes, path: path))
    }
    guard let object = document.object else {
      throw ToolError(.config, "config file \(path): want one JSON object")
    }
    var values: [String: Config.Value] = [:]
    for member in object.members {
      let setting = try setting(member.name, path: path)
      values[setting.name] = Config.Value(
        texts: try texts(member.value, setting, path: path), origin: .file(path: path))
    }
    return values
  }

  private static func setting(_ member: String, path: String) throws(ToolError) -> Setting {
    let known = Setting.all.filter { !outside.contains($0.name) }
    if let setting = known.first(where: { $0.member == member }) { return setting }
    let hint = Nearest.hint(member, among: known.map(\.member))
    throw ToolError(.config, "config file \(path): unknown setting \"\(member)\"\(hint)")
  }

  private static func texts(
    _ value: JSONValue, _ setting: Setting, path: String
  ) throws(ToolError) -> [String] {
    switch value {
    case .string(let text): return [text]
    case .integer(let number): return [String(number)]
    case .array(let items) where setting.repeatable:
      let texts = items.compactMap(\.string)
      if texts.count == items.count { return texts }
    default: break
    }
    let wanted = setting.repeatable ? "a string or a list of strings" : "a string or a number"
    throw ToolError(.config, "config file \(path): \(setting.member) must be \(wanted)")
  }

  /// Three lines: what and where, the line itself, a caret below the place.
  private static func complaint(_ error: JSONError, bytes: [UInt8], path: String) -> String {
    let lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
    let head = "\(path):\(error.line):\(error.column): \(error.message)"
    guard error.line <= lines.count else { return head }
    let line = String(decoding: lines[error.line - 1], as: UTF8.self).replacing("\t", with: " ")
    let caret = String(repeating: " ", count: max(0, error.column - 1)) + "^"
    return "\(head)\n  \(redacted(line))\n  \(caret)"
  }

  /// A line that sets a secret shows its name only.
  private static func redacted(_ line: String) -> String {
    for setting in Setting.all where setting.secret {
      guard let range = line.firstRange(of: "\"\(setting.member)\"") else { continue }
      let rest = line[range.upperBound...].count
      return line[..<range.upperBound] + String(repeating: "*", count: rest)
    }
    return line
  }
}
