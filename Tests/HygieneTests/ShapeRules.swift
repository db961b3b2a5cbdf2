// How large things may be and how a file begins: 500 lines, 70 lines, 100 columns, a head comment.

enum ShapeRules {
  static let all: [Rule] = [fileLength, functionLength, lineLength, head, moduleName, placeholder]

  static let maximumFile = 500
  static let maximumFunction = 70
  static let maximumColumns = 100

  static let fileLength = Rule(
    name: "a file has at most 500 lines",
    planted: Sample(
      "Sources/Crypto/Long.swift", "// Head.\n" + String(repeating: "let a = 1\n", count: 500)),
    clean: Sample(
      "Sources/Crypto/Long.swift", "// Head.\n" + String(repeating: "let a = 1\n", count: 499))
  ) { file in
    guard file.path.hasSuffix(".swift") else { return [] }
    let count = file.lines.last == "" ? file.lines.count - 1 : file.lines.count
    guard count > maximumFile else { return [] }
    return [file.violation(line: maximumFile, "\(count) lines: split the file by what it does")]
  }

  static let functionLength = Rule(
    name: "a function has at most 70 lines",
    planted: Sample("Sources/Crypto/Long.swift", function(lines: 71)),
    clean: Sample("Sources/Crypto/Long.swift", function(lines: 70))
  ) { file in
    guard file.path.hasSuffix(".swift") else { return [] }
    return FunctionReader.functions(in: file.code).compactMap { found in
      guard found.lines > maximumFunction else { return nil }
      return file.violation(line: found.first, "\(found.lines) lines in one function")
    }
  }

  static let lineLength = Rule(
    name: "a line has at most 100 columns",
    planted: Sample("Sources/Crypto/Wide.swift", "// " + String(repeating: "a", count: 98)),
    clean: Sample("Sources/Crypto/Wide.swift", "// " + String(repeating: "ä", count: 97))
  ) { file in
    guard file.path.hasSuffix(".swift") else { return [] }
    return file.lines.indices.filter { file.lines[$0].count > maximumColumns }.map {
      file.violation(line: $0, "\(file.lines[$0].count) columns")
    }
  }

  static let head = Rule(
    name: "a file begins by saying what it is for",
    planted: Sample("Sources/Crypto/Bare.swift", "import CSodium\n// Not a head.\n"),
    clean: Sample(
      "Sources/Crypto/Bare.swift", "// Seals and opens. Keeps no key.\nimport CSodium\n")
  ) { file in
    guard file.path.hasSuffix(".swift"), file.path != "Package.swift" else { return [] }
    let first = file.lines.first ?? ""
    guard !first.hasPrefix("// ") || first.words.count < 4 else { return [] }
    return [file.violation(line: 0, "begin with // lines: what it is for, what it must not do")]
  }

  static let moduleName = Rule(
    name: "no type has its module's name",
    planted: Sample("Sources/Crypto/Name.swift", "// Head.\npackage enum Crypto {}\n"),
    clean: Sample("Sources/Crypto/Name.swift", "// Head.\npackage enum Cryptography {}\n")
  ) { file in
    guard let module = file.module else { return [] }
    let kinds: Set<Substring> = ["struct", "class", "enum", "actor", "protocol", "typealias"]
    return file.code.indices.compactMap { line in
      let words = file.code[line].words
      guard let at = words.firstIndex(where: kinds.contains), at + 1 < words.count else {
        return nil
      }
      guard words[at + 1] == module else { return nil }
      return file.violation(line: line, "\(module) is the module: the type hides it")
    }
  }

  static let placeholder = Rule(
    name: "no file of work left over",
    planted: Sample("Sources/Crypto/Later.swift", "// Head.\n// TO" + "DO: the rest\n"),
    clean: Sample("Sources/Crypto/Later.swift", "// Head.\nlet todoList = 1\n")
  ) { file in
    let marks = ["TO" + "DO", "FIX" + "ME", "X" + "XX"]
    guard file.path.hasSuffix(".swift") || file.path.hasSuffix(".sh") else { return [] }
    return marks.flatMap { mark in
      file.lines.indices.filter { file.lines[$0].words.contains(Substring(mark)) }
        .map { file.violation(line: $0, "\(mark): finish it, or write an issue") }
    }
  }

  private static func function(lines: Int) -> String {
    "// Head.\nfunc long() {\n" + String(repeating: "  step()\n", count: lines - 2) + "}\n"
  }
}

/// Finds functions by their keyword and counts braces from there.
enum FunctionReader {
  struct Found {
    /// From 0.
    var first: Int
    var lines: Int
  }

  private static let openers: Set<Substring> = ["func", "init", "deinit", "subscript"]

  static func functions(in code: [String]) -> [Found] {
    code.indices.compactMap { line in
      let line = Int(line)
      guard let keyword = declaration(in: code[line]) else { return nil }
      return extent(in: code, from: line, after: keyword).map {
        Found(first: line, lines: $0 - line + 1)
      }
    }
  }

  /// The column where the parameters of a declared function may begin; nil for calls.
  private static func declaration(in line: String) -> Int? {
    let words = line.words
    guard let word = words.first(where: openers.contains) else { return nil }
    let before = line[..<word.startIndex]
    guard !before.contains("."), !before.contains("("), !before.contains("=") else { return nil }
    return line.utf8.distance(from: line.utf8.startIndex, to: word.endIndex)
  }

  /// The line of the brace that closes the body; nil where there is none (a protocol's).
  private static func extent(in code: [String], from start: Int, after column: Int) -> Int? {
    var parentheses = 0
    var braces = 0
    for index in start..<code.count {
      if index > start, braces == 0, parentheses == 0, endsRequirement(code[index]) { return nil }
      for byte in code[index].utf8.dropFirst(index == start ? column : 0) {
        switch byte {
        case UInt8(ascii: "("), UInt8(ascii: "["): parentheses += 1
        case UInt8(ascii: ")"), UInt8(ascii: "]"): parentheses -= 1
        case UInt8(ascii: "{") where parentheses == 0 || braces > 0: braces += 1
        case UInt8(ascii: "}") where parentheses == 0 || braces > 0:
          if braces == 0 { return nil }
          braces -= 1
          if braces == 0 { return index }
        default: break
        }
      }
    }
    return nil
  }

  private static func endsRequirement(_ line: String) -> Bool {
    guard let first = line.words.first else { return false }
    return openers.contains(first)
      || ["var", "static", "mutating", "associatedtype"].contains(first)
  }
}
