// Help on the terminal and the reference page, both made from the command table.

struct Help {
  let commands: [Command]
  let groups: [CommandGroup]

  /// Help for one command, for the commands below a word, or for all.
  func text(for path: [String]) -> String {
    if let command = commands.first(where: { $0.path == path }) { return text(for: command) }
    let below = commands.filter { $0.path.starts(with: path) && !path.isEmpty }
    if below.isEmpty { return overview() }
    var lines = ["\(path.joined(separator: " ")): \(groupSummary(path[0]))", ""]
    lines += columns(below.map { (usageTail($0), $0.summary) })
    for command in below where !command.examples.isEmpty {
      lines += ["", "\(command.name):"] + examples(command)
    }
    lines += ["", "latchkey \(path.joined(separator: " ")) COMMAND --help shows the flags."]
    return lines.joined(separator: "\n") + "\n"
  }

  private func overview() -> String {
    var lines = ["latchkey: API keys for your API's customers, and the gate that checks them", ""]
    for group in groups {
      let rows = group.words.flatMap { word -> [(String, String)] in
        let below = commands.filter { $0.path[0] == word }
        return below.count == 1 && below[0].path.count == 1
          ? [(word, below[0].summary)]
          : [
            (
              word,
              below.map { $0.path.dropFirst().joined(separator: " ") }
                .joined(separator: ", ")
            )
          ]
      }
      lines += [group.title + ":"] + columns(rows) + [""]
    }
    lines += [
      "latchkey COMMAND --help has flags and examples. Every setting is a flag, a variable",
      "LATCHKEY_… or LATCHKEY_…_FILE, or a member of the config file: latchkey config print.",
    ]
    return lines.joined(separator: "\n") + "\n"
  }

  private func text(for command: Command) -> String {
    var lines = [command.summary, "", "  " + command.usage]
    if !command.arguments.isEmpty {
      lines += ["", "Arguments:"] + columns(command.arguments.map { ($0.name, $0.summary) })
    }
    lines += ["", "Flags:"] + columns(command.allFlags.map { ($0.text, note($0)) })
    if !command.examples.isEmpty { lines += ["", "Examples:"] + examples(command) }
    return lines.joined(separator: "\n") + "\n"
  }

  private func note(_ flag: Flag) -> String {
    let choices = flag.choices.isEmpty ? "" : " (\(flag.choices.joined(separator: ", ")))"
    return flag.summary + choices + (flag.repeatable ? "; repeatable" : "")
  }

  private func examples(_ command: Command) -> [String] {
    command.examples.flatMap { ["  # \($0.says)", "  \($0.line)"] }
  }

  private func usageTail(_ command: Command) -> String {
    (command.path.dropFirst() + command.arguments.map(\.text)
      + command.flags.filter(\.required).map(\.text)).joined(separator: " ")
  }

  private func groupSummary(_ word: String) -> String {
    groups.first { $0.words.contains(word) }?.title.lowercased() ?? ""
  }

  private func columns(_ rows: [(String, String)]) -> [String] {
    let width = min(34, rows.map(\.0.count).max() ?? 0)
    return rows.map { left, right in
      left.count > width
        ? "  \(left)\n  \(String(repeating: " ", count: width))  \(right)"
        : "  \(left)\(String(repeating: " ", count: width - left.count))  \(right)"
    }
  }

  /// docs/cli.md.
  func markdown() -> String {
    var lines = [
      "# Command line", "",
      "Made by `latchkey help --markdown`; a test keeps this page and the program equal.", "",
      "Exit codes: "
        + ExitCode.allCases.map { "`\($0.rawValue)` \($0.meaning)" }.joined(separator: " · ") + ".",
      "",
      "Any setting: flag > `LATCHKEY_…` > `LATCHKEY_…_FILE` > "
        + "`$CREDENTIALS_DIRECTORY/latchkey-…` > config file > default.",
    ]
    for group in groups {
      lines += ["", "## \(group.title)"]
      for command in commands where group.words.contains(command.path[0]) {
        lines += ["", "### `latchkey \(command.name)`", "", command.summary + "."]
        lines += ["", "```", command.usage, "```"]
        if !command.arguments.isEmpty {
          lines += [""] + command.arguments.map { "- `\($0.text)`: \($0.summary)" }
        }
        lines += ["", "| flag | |", "| --- | --- |"]
        lines += command.allFlags.dropLast().map { "| `\($0.text)` | \(escaped(note($0))) |" }
        if !command.examples.isEmpty {
          lines +=
            ["", "```sh"] + command.examples.flatMap { ["# \($0.says)", $0.line] } + ["```"]
        }
      }
    }
    lines += [
      "", "## Settings", "", "| setting | variable | config file | |", "| --- | --- | --- | --- |",
    ]
    lines += Setting.all.map {
      let member = ConfigFile.outside.contains($0.name) ? "–" : "`\($0.member)`"
      return "| `\($0.name)` | `\($0.variable)` | \(member) | \(escaped($0.summary)) |"
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private func escaped(_ text: String) -> String { text.replacing("|", with: "\\|") }
}

struct CommandGroup: Sendable {
  let title: String
  /// First words of the commands in it.
  let words: [String]
}
