// From the words of a command line to an invocation. Every refusal names the word, and the nearest
// word that would have been right.

enum Parsed {
  case run(Command, arguments: [String: String], flags: [String: [String]])
  /// Help for the commands whose path begins so; empty for all.
  case help([String])
}

struct Parser {
  let commands: [Command]

  func parse(_ words: [String]) throws(ToolError) -> Parsed {
    if words.isEmpty { return .help([]) }
    if words[0] == "--version" || words[0] == "-V" { return try parse(["version"]) }
    let (path, rest) = split(words)
    if words.prefix(while: { $0 != "--" }).contains(where: { $0 == "--help" || $0 == "-h" }) {
      return .help(path)
    }
    guard let command = commands.first(where: { $0.path == path }) else {
      throw unknown(path, rest)
    }
    return try read(rest, for: command)
  }

  /// The longest run of leading words that begins some command's path.
  private func split(_ words: [String]) -> ([String], [String]) {
    var count = 0
    while count < words.count,
      commands.contains(where: { $0.path.starts(with: words[...count]) })
    {
      count += 1
      if commands.contains(where: { $0.path == Array(words[..<count]) }) { break }
    }
    return (Array(words[..<count]), Array(words[count...]))
  }

  private func unknown(_ path: [String], _ rest: [String]) -> ToolError {
    let prefix = path.joined(separator: " ")
    let next = commands.filter { $0.path.starts(with: path) }.map { $0.path[path.count] }
    guard let word = rest.first, !word.hasPrefix("-") else {
      let choices = Array(Set(next)).sorted().joined(separator: ", ")
      return ToolError(
        .usage,
        path.isEmpty
          ? "a command is missing: see latchkey help"
          : "\(prefix) wants one of: \(choices)")
    }
    let hint = Nearest.hint(word, among: next)
    return ToolError(
      .usage,
      "unknown command \"\((path + [word]).joined(separator: " "))\"\(hint)"
        + (hint.isEmpty ? ": see latchkey help" : ""))
  }

  private func read(_ words: [String], for command: Command) throws(ToolError) -> Parsed {
    var flags: [String: [String]] = [:]
    var plain: [String] = []
    var at = 0
    while at < words.count {
      let word = words[at]
      at += 1
      if word == "--" {
        plain += words[at...]
        break
      }
      guard word.hasPrefix("-"), word != "-" else {
        plain.append(word)
        continue
      }
      let (flag, attached) = try flag(word, of: command)
      guard flag.placeholder != nil else {
        if attached != nil { throw ToolError(.usage, "--\(flag.name) takes no value") }
        flags[flag.name] = ["true"]
        continue
      }
      var value = attached
      if value == nil, at < words.count {
        value = words[at]
        at += 1
      }
      guard let value else { throw ToolError(.usage, "\(flag.text): the value is missing") }
      if flags[flag.name] != nil, !flag.repeatable {
        throw ToolError(.usage, "--\(flag.name) is given twice")
      }
      flags[flag.name, default: []].append(value)
    }
    return .run(command, arguments: try bind(plain, command, flags), flags: flags)
  }

  private func flag(_ word: String, of command: Command) throws(ToolError) -> (Flag, String?) {
    let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    let name = String(parts[0].drop { $0 == "-" })
    if word.hasPrefix("--"), let flag = command.allFlags.first(where: { $0.name == name }) {
      return (flag, parts.count == 2 ? String(parts[1]) : nil)
    }
    if word.count == 2, let flag = command.allFlags.first(where: { $0.short == word.last }) {
      return (flag, nil)
    }
    let hint = Nearest.hint("--" + name, among: command.allFlags.map { "--" + $0.name })
    throw ToolError(
      .usage,
      "\(command.name): unknown flag \(parts[0])\(hint)"
        + (hint.isEmpty ? ": see latchkey \(command.name) --help" : ""))
  }

  private func bind(
    _ plain: [String], _ command: Command, _ flags: [String: [String]]
  ) throws(ToolError) -> [String: String] {
    var arguments: [String: String] = [:]
    for (at, argument) in command.arguments.enumerated() {
      if at < plain.count {
        arguments[argument.name] = plain[at]
      } else if !argument.optional {
        throw ToolError(
          .usage, "\(command.name): \(argument.name) is missing: usage: \(command.usage)")
      }
    }
    if plain.count > command.arguments.count {
      throw ToolError(
        .usage, "\(command.name): unexpected \"\(plain[command.arguments.count])\"")
    }
    for flag in command.flags where flag.required && flags[flag.name] == nil {
      throw ToolError(.usage, "\(command.name): \(flag.text) is missing")
    }
    return arguments
  }
}
