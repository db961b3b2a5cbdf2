// The command table's types. One row drives parsing, help, completion and the reference page, so a
// command that is not in the table does not exist.

struct Flag: Sendable {
  let name: String
  /// Nil: a switch without value.
  let placeholder: String?
  let summary: String
  var repeatable = false
  var required = false
  /// What completion offers.
  var choices: [String] = []
  /// `-f` for `--file`.
  var short: Character?

  var text: String {
    (short.map { "-\($0), " } ?? "") + "--" + name + (placeholder.map { " " + $0 } ?? "")
  }
}

struct Argument: Sendable {
  let name: String
  let summary: String
  var optional = false

  var text: String { optional ? "[\(name)]" : name }
}

struct Example: Sendable {
  let line: String
  let says: String
}

struct Command: Sendable {
  /// `["keys", "create"]`.
  let path: [String]
  let summary: String
  var arguments: [Argument] = []
  var flags: [Flag] = []
  /// Settings this command reads; those with a flag may be given on the command line.
  var settings: [Setting] = []
  var examples: [Example] = []
  let run: @Sendable (Invocation) async throws -> Void

  var name: String { path.joined(separator: " ") }

  /// Every flag, the settings' included.
  var allFlags: [Flag] {
    flags
      + settings.filter(\.hasFlag).map {
        Flag(
          name: $0.name, placeholder: $0.placeholder,
          summary: $0.summary + ($0.fallback.map { " (\($0))" } ?? ""),
          repeatable: $0.repeatable)
      } + [Flag(name: "help", placeholder: nil, summary: "show this help")]
  }

  var usage: String {
    let words = ["latchkey"] + path + arguments.map(\.text)
    let needed = flags.filter(\.required).map(\.text)
    return (words + needed + ["[flags]"]).joined(separator: " ")
  }
}

/// A command line that fits its command.
struct Invocation: Sendable {
  let command: Command
  let arguments: [String: String]
  let flags: [String: [String]]
  let surroundings: Surroundings

  func argument(_ name: String) -> String? { arguments[name] }
  func flag(_ name: String) -> String? { flags[name]?.last }
  func list(_ name: String) -> [String] { flags[name] ?? [] }
  func has(_ name: String) -> Bool { flags[name] != nil }

  func config() throws(ToolError) -> Config {
    try Config(
      settings: command.settings, flags: flags, variables: surroundings.variables)
  }
}
