// Calls that must not be made, each with what to use in its place. Time, randomness and the
// network enter through `init`, so that months of life can run in a second of test.

enum CallRules {
  static let all: [Rule] = outside + everywhere + [sqlTime, secretInText, publicAccess]

  /// Where the world is let in: the composition root, the command line and the event loop's clock.
  static let worldPaths = ["Sources/Server/", "Sources/latchkey/"]

  private static let outside: [Rule] = [
    banned("Date()", use: "a Timestamp argument"),
    banned("Date.now", use: "a Timestamp argument"),
    banned(".now()", in: ["ContinuousClock", "SuspendingClock"], use: "a clock argument"),
    banned("Task.sleep", use: "a timer that the owner passes in"),
    banned("usleep(", use: "a timer of the event loop"),
    banned("nanosleep(", use: "a timer of the event loop"),
    banned("clock_gettime(", use: "Worker.now", except: ["Sources/HTTPServer/"]),
    banned("gettimeofday(", use: "Worker.now"),
    banned(".random(", use: "an Entropy argument"),
    banned("SystemRandomNumberGenerator", use: "an Entropy argument"),
    banned("arc4random", use: "an Entropy argument"),
    banned("UUID()", use: "ID(now:random:)"),
    banned("URLSession", use: "the outbound transport"),
    banned(
      "print(", use: "the log, or the command line's output",
      except: ["Sources/latchkey/", "Sources/latchkey-sim/"]),
  ]

  private static let everywhere: [Rule] = [
    crash("try!", use: "a typed error"),
    crash("as!", use: "as? and a typed error"),
    crash("fatalError(", use: "a typed error, or precondition for a caller's mistake"),
    crash("unowned(unsafe)", use: "an owner"),
  ]

  private static func banned(
    _ call: String, in types: [String] = [], use replacement: String, except: [String] = []
  ) -> Rule {
    let needles = types.isEmpty ? [call] : types.map { $0 + call }
    return Rule(
      name: "no \(needles[0])",
      planted: Sample("Sources/Management/Planted.swift", "// Head.\nlet a = x\(needles[0])\n")
        .spaced(before: needles[0]),
      clean: Sample("Sources/Management/Clean.swift", "// Head: no \(needles[0]) here.\n")
    ) { file in
      guard file.module != nil, file.path.hasSuffix(".swift") else { return [] }
      guard !(worldPaths + except).contains(where: file.path.hasPrefix) else { return [] }
      return needles.flatMap {
        file.mentions(of: $0, in: file.code, "\($0) is banned: use \(replacement)")
      }
    }
  }

  private static func crash(_ call: String, use replacement: String) -> Rule {
    Rule(
      name: "no \(call)",
      planted: Sample("Sources/Server/Planted.swift", "// Head.\nlet a = \(call)\n"),
      clean: Sample("Sources/Server/Clean.swift", "// Head: no \(call) here.\nlet a = \"\(call)\"")
    ) { file in
      guard file.path.hasSuffix(".swift"), !file.path.hasPrefix("Tests/") else { return [] }
      return file.mentions(of: call, in: file.code, "\(call) is banned: use \(replacement)")
    }
  }

  static let sqlTime = Rule(
    name: "no clock, id or randomness in SQL",
    planted: Sample(
      "Sources/Storage/Keys.swift", "// Head.\nlet q = \"UPDATE keys SET made_at = NOW()\"\n"),
    clean: Sample("Sources/Storage/Keys.swift", "// Head.\nlet now = clock.now()\n")
  ) { file in
    guard file.module != nil else { return [] }
    let needles = [
      "now()", "current_timestamp", "datetime('now'", "strftime(", "unixepoch(", "random()",
      "randomblob(", "gen_random_uuid(", "clock_timestamp(", "statement_timestamp(",
    ]
    let lowered = file.literals.map { $0.lowercased() }
    return needles.flatMap {
      file.mentions(of: $0, in: lowered, "\($0) in SQL is banned: pass it as an argument")
    }
  }

  static let secretInText = Rule(
    name: "no secret is interpolated",
    planted: Sample(
      "Sources/Management/Issue.swift", "// Head.\nlet line = \"made \\(secret.revealText())\"\n"),
    clean: Sample("Sources/Management/Issue.swift", "// Head.\nlet text = secret.revealText()\n")
  ) { file in
    guard file.module != nil else { return [] }
    return file.lines.indices.compactMap { index in
      guard file.code[index].mentions("revealText()"), file.lines[index].mentions("\\(") else {
        return nil
      }
      return file.violation(line: index, "a revealed secret must not become part of a text")
    }
  }

  static let publicAccess = Rule(
    name: "package access, not public",
    planted: Sample("Sources/KeyModel/Key.swift", "// Head.\npublic struct Key {}\n"),
    clean: Sample("Sources/KeyModel/Key.swift", "// Head.\npackage struct Key {}\n")
  ) { file in
    guard file.module != nil, file.path.hasSuffix(".swift") else { return [] }
    return file.code.indices.filter { file.code[$0].words.contains("public") }.map {
      file.violation(line: $0, "use package: nothing outside this repository links against it")
    }
  }
}

extension Sample {
  /// Puts a blank before a needle that begins with a letter, so that it stands as a word.
  fileprivate func spaced(before needle: String) -> Sample {
    guard needle.utf8.first?.isWordByte == true else { return self }
    return Sample(path, "// Head.\nlet a = \(needle)\n")
  }
}
