// config print, config check. Both read every setting as `serve` would; the check also loads the
// certificates that settings name.
internal import KeyModel

enum ConfigCommands {
  static let all = [print, check]

  static let print = Command(
    path: ["config", "print"],
    summary: "Show every setting as serve would have it, and where it comes from; secrets redacted",
    flags: [ResourceCommand.json], settings: Setting.all,
    examples: [Example(line: "latchkey config print --data DIR", says: "what serve would use")]
  ) { invocation in
    let config = try invocation.config()
    let rows = Setting.all.map { setting in row(setting, config) }
    if invocation.has("json") {
      let members = rows.map { row in
        (row.0, ["value": row.1.map { .string($0) } ?? .null, "from": .string(row.2)] as JSONValue)
      }
      return invocation.surroundings.line(JSONWriter.compactText(.object(JSONObject(members))))
    }
    let table = [["SETTING", "VALUE", "FROM"]] + rows.map { [$0.0, $0.1 ?? "-", $0.2] }
    invocation.surroundings.write(Rendering.aligned(table))
  }

  static let check = Command(
    path: ["config", "check"],
    summary: "Check every setting and the certificates they name; print ok or what is wrong",
    flags: [ResourceCommand.json], settings: Setting.all
  ) { invocation in
    let file: String?
    do throws(ToolError) {
      file = try checked(invocation)
    } catch {
      if invocation.has("json") {
        let answer: JSONValue = ["ok": false, "detail": .string(error.message)]
        invocation.surroundings.line(JSONWriter.compactText(answer))
      }
      throw error
    }
    if invocation.has("json") {
      let answer: JSONValue = ["ok": true, "file": file.map { .string($0) } ?? .null]
      return invocation.surroundings.line(JSONWriter.compactText(answer))
    }
    invocation.surroundings.line("ok: the settings are right" + (file.map { " (\($0))" } ?? ""))
  }

  /// Gives the config file that was read, if one was.
  private static func checked(_ invocation: Invocation) throws(ToolError) -> String? {
    let config = try invocation.config()
    let settings = try ServeSettings(config, anyFolder: true)
    try settings.checkFiles(at: invocation.surroundings.now())
    return config.file
  }

  private static func row(_ setting: Setting, _ config: Config) -> (String, String?, String) {
    guard let value = config.values[setting.name] else { return (setting.name, nil, "not set") }
    let text = setting.secret ? "[redacted]" : value.texts.joined(separator: ", ")
    return (setting.name, text, value.origin.description)
  }
}
