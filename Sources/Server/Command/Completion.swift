// Shell completion scripts, made from the command table. They hold words only and start nothing.

enum Shell: String, CaseIterable, Sendable { case bash, zsh, fish }

struct Completion {
  let commands: [Command]

  func script(_ shell: Shell) -> String {
    switch shell {
    case .bash: bash()
    case .zsh: "#compdef latchkey\nautoload -U +X bashcompinit && bashcompinit\n" + bash()
    case .fish: fish()
    }
  }

  /// What may follow each path, in the table's order.
  private var following: [(path: [String], words: [String])] {
    var order: [[String]] = []
    var words: [[String]: [String]] = [:]
    for command in commands {
      for count in 0..<command.path.count {
        let path = Array(command.path[..<count])
        if words[path] == nil { order.append(path) }
        if words[path]?.contains(command.path[count]) != true {
          words[path, default: []].append(command.path[count])
        }
      }
    }
    return order.map { ($0, words[$0] ?? []) }
  }

  private func bash() -> String {
    var lines = [
      "_latchkey() {",
      "  local cur=\"${COMP_WORDS[COMP_CWORD]}\" prev=\"${COMP_WORDS[COMP_CWORD-1]}\" path= word",
      "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do",
      "    case \"$word\" in -*) break ;; esac",
      "    path=\"${path:+$path }$word\"",
      "  done",
      "  case \"$prev\" in",
      "    --data|--config|--master-key-file|--tls-certificate|--tls-key|--outbound-ca)",
      "      COMPREPLY=($(compgen -f -- \"$cur\")); return ;;",
    ]
    for flag in choiceFlags() {
      lines.append(
        "    --\(flag.name)) COMPREPLY=($(compgen -W '\(flag.choices.joined(separator: " "))'"
          + " -- \"$cur\")); return ;;")
    }
    lines += ["  esac", "  case \"$path\" in"]
    for (path, words) in following {
      let pattern = path.isEmpty ? "''" : "'\(path.joined(separator: " "))'"
      lines.append(
        "    \(pattern)) COMPREPLY=($(compgen -W '\(words.joined(separator: " "))'"
          + " -- \"$cur\")) ;;")
    }
    for command in commands {
      let flags = command.allFlags.map { "--" + $0.name }.joined(separator: " ")
      lines.append(
        "    '\(command.name)'*) COMPREPLY=($(compgen -W '\(flags)' -- \"$cur\")) ;;")
    }
    lines += ["  esac", "}", "complete -F _latchkey latchkey"]
    return lines.joined(separator: "\n") + "\n"
  }

  private func choiceFlags() -> [Flag] {
    var seen: Set<String> = []
    return commands.flatMap(\.allFlags).filter {
      !$0.choices.isEmpty && seen.insert($0.name).inserted
    }
  }

  private func fish() -> String {
    var lines = ["complete -c latchkey -f"]
    for (path, words) in following {
      let condition =
        path.isEmpty
        ? "__fish_use_subcommand" : "__fish_seen_subcommand_from \(path.joined(separator: " "))"
      for word in words {
        let summary = commands.first { $0.path == path + [word] }?.summary ?? ""
        lines.append(
          "complete -c latchkey -n '\(condition)' -a \(word) -d '\(quoted(summary))'")
      }
    }
    for command in commands {
      let condition = command.path.map { "__fish_seen_subcommand_from \($0)" }
        .joined(separator: "; and ")
      for flag in command.allFlags {
        let value =
          flag.placeholder == nil
          ? "" : flag.choices.isEmpty ? " -r" : " -x -a '\(flag.choices.joined(separator: " "))'"
        lines.append(
          "complete -c latchkey -n '\(condition)' -l \(flag.name)\(value)"
            + " -d '\(quoted(flag.summary))'")
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private func quoted(_ text: String) -> String { text.replacing("'", with: "") }
}
