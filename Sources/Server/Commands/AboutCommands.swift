// The commands help, completion and version: what the program says about itself.

enum AboutCommands {
  static let all = [help, completion, version]

  static let help = Command(
    path: ["help"], summary: "Show help for a command, or the reference page",
    arguments: [
      Argument(name: "COMMAND", summary: "such as keys, or keys-create", optional: true),
      Argument(name: "SUBCOMMAND", summary: "such as create", optional: true),
    ],
    flags: [Flag(name: "markdown", placeholder: nil, summary: "the whole reference page")],
    examples: [Example(line: "latchkey help keys", says: "everything about keys")]
  ) { invocation in
    let help = Help(commands: CommandTable.all, groups: CommandTable.groups)
    if invocation.has("markdown") { return invocation.surroundings.write(help.markdown()) }
    var path = ["COMMAND", "SUBCOMMAND"].compactMap { invocation.argument($0) }
    if path.count == 1,
      let joined = CommandTable.all.first(where: { $0.path.joined(separator: "-") == path[0] })
    {
      path = joined.path
    }
    guard path.isEmpty || CommandTable.all.contains(where: { $0.path.starts(with: path) }) else {
      let hint = Nearest.hint(
        path.joined(separator: " "),
        among: CommandTable.all.map(\.name) + CommandTable.groups.flatMap(\.words))
      throw ToolError(.usage, "no command \"\(path.joined(separator: " "))\"\(hint)")
    }
    invocation.surroundings.write(help.text(for: path))
  }

  static let completion = Command(
    path: ["completion"], summary: "Print a completion script for a shell",
    arguments: [Argument(name: "SHELL", summary: "bash, zsh or fish")],
    examples: [
      Example(
        line: "latchkey completion bash > /etc/bash_completion.d/latchkey",
        says: "install it for everyone")
    ]
  ) { invocation in
    let name = invocation.argument("SHELL") ?? ""
    guard let shell = Shell(rawValue: name) else {
      throw ToolError(.usage, "completion: want bash, zsh or fish, not \"\(name)\"")
    }
    invocation.surroundings.write(Completion(commands: CommandTable.all).script(shell))
  }

  static let version = Command(path: ["version"], summary: "Print the version") { invocation in
    invocation.surroundings.line("latchkey \(Tool.version)")
  }
}
