// Holds the source tree to the house's rules, and each rule to a planted violation. Must not grow
// exceptions: those stand in Allowance.swift with their reasons.
import Foundation
import Testing

enum Tree {
  static let rules = ImportRules.all + CallRules.all + ShapeRules.all + TextRules.all

  static let root = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  private static let roots = [
    "Sources", "Tests", "Benchmarks", "Profiles", "Web", "docs", "packaging", "scripts", ".ci",
    "clients",
  ]
  private static let extensions: Set<String> = [
    "swift", "md", "sh", "py", "json", "conf", "service", "sql", "yaml", "yml", "h", "c",
    "modulemap", "js", "css", "html", "",
  ]

  /// Every text of the repository, in the order of its path.
  static let files: [SourceText] = {
    var urls =
      (try? FileManager.default.contentsOfDirectory(at: root, includingPropertiesForKeys: nil))
      ?? []
    for name in roots {
      let found = FileManager.default.enumerator(
        at: root.appending(path: name), includingPropertiesForKeys: [.isRegularFileKey])
      urls += found?.compactMap { $0 as? URL } ?? []
    }
    return urls.filter { extensions.contains($0.pathExtension) && $0.lastPathComponent != ".git" }
      .compactMap(read)
      .sorted { $0.path < $1.path }
  }()

  private static func read(_ url: URL) -> SourceText? {
    guard (try? url.resourceValues(forKeys: [.isRegularFileKey]))?.isRegularFile == true,
      let text = try? String(contentsOf: url, encoding: .utf8)
    else { return nil }
    let path = url.standardizedFileURL.path.dropFirst(root.standardizedFileURL.path.count)
    return SourceText(path: String(path.drop { $0 == "/" }), text: text)
  }
}

@Suite("House rules")
struct HygieneTests {
  @Test("The tree keeps the rule", arguments: Tree.rules)
  func tree(rule: Rule) {
    for violation in Tree.files.flatMap(rule.violations) {
      Issue.record("\(violation)")
    }
  }

  @Test("The rule catches a planted violation", arguments: Tree.rules)
  func planted(rule: Rule) {
    let file = SourceText(path: rule.planted.path, text: rule.planted.text)
    #expect(rule.check(file).count == 1, "\(rule.name) caught \(rule.check(file))")
  }

  @Test("The rule lets pass what keeps it", arguments: Tree.rules)
  func clean(rule: Rule) {
    let file = SourceText(path: rule.clean.path, text: rule.clean.text)
    #expect(rule.check(file).isEmpty)
  }

  @Test("The tree is read: sources, tests, documents and scripts are among its files")
  func readsTheTree() {
    let paths = Set(Tree.files.map(\.path))
    for path in ["Package.swift", "Makefile", "scripts/setup.sh", ".ci/run", "README.md"] {
      #expect(paths.contains(path))
    }
    #expect(paths.contains("Sources/KeyModel/Entities/Key.swift"))
    #expect(paths.contains("Tests/HygieneTests/HygieneTests.swift"))
  }

  @Test("Each exception names a rule that exists and a file that needs it")
  func allowances() {
    for allowance in Allowance.all {
      let rule = Tree.rules.first { $0.name == allowance.rule }
      #expect(rule != nil, "no rule is named \(allowance.rule)")
      let covered = Tree.files.filter { allowance.covers(rule: allowance.rule, path: $0.path) }
      let needed = covered.contains { rule?.check($0).isEmpty == false }
      #expect(needed, "\(allowance.path) keeps \(allowance.rule) by now: remove the exception")
      #expect(allowance.reason.split(separator: " ").count >= 4)
    }
  }

  @Test("Every target of the package has its line in the import rule")
  func targetsAreKnown() throws {
    let sources = Tree.root.appending(path: "Sources").path
    let targets = try FileManager.default.contentsOfDirectory(atPath: sources)
    for target in targets
    where !FileManager.default.fileExists(
      atPath: "\(sources)/\(target)/module.modulemap")
    {
      #expect(ImportRules.allowed[target] != nil, "\(target)")
    }
  }
}

@Suite("The reader of source text")
struct SourceTextTests {
  @Test("Comments and literals are blanked, interpolated code stays")
  func blanks() {
    let text = #"let a = "x \(call(1, "y")) z" // tail"#
    let file = SourceText(path: "a.swift", text: text)
    #expect(file.code[0].contains("call(1,"))
    #expect(!file.code[0].contains("x") && !file.code[0].contains("tail"))
    #expect(file.literals[0].words == ["x", "y", "z"])
  }

  @Test("Multi-line, raw and nested literals end where they end")
  func literals() {
    let text =
      "let a = \"\"\"\n  Date()\n  \"\"\"\nlet b = #\"a\"b\\(c)\"#; d()\n/* e /* f */ g */ h()"
    let file = SourceText(path: "a.swift", text: text)
    #expect(file.code.joined().words == ["let", "a", "let", "b", "d", "h"])
    #expect(file.literals[1].contains("Date()"))
  }

  @Test("A function's extent is found past default arguments, closures and protocol requirements")
  func functions() {
    let text = """
      protocol P {
        func required(_ a: Int)
        func other()
      }
      func one(
        a: () -> Void = { },
        b: Int
      ) {
        if true { two() }
      }
      """
    let found = FunctionReader.functions(in: SourceText(path: "a.swift", text: text).code)
    #expect(found.map(\.first) == [4])
    #expect(found.map(\.lines) == [6])
  }
}

@Suite("Documents")
struct DocumentTests {
  static let documents = Tree.files.filter { $0.path.hasSuffix(".md") }

  @Test("Every link to a file of the repository leads to one", arguments: documents.map(\.path))
  func links(path: String) throws {
    let document = try #require(Self.documents.first { $0.path == path })
    let folder = Tree.root.appending(path: path).deletingLastPathComponent()
    for (index, line) in document.lines.enumerated() {
      for match in line.matches(of: /\]\(([^)#]+)(#[^)]*)?\)/) {
        let target = String(match.output.1)
        if target.contains("://") || target.hasPrefix("mailto:") { continue }
        let exists = FileManager.default.fileExists(atPath: folder.appending(path: target).path)
        #expect(exists, "\(path):\(index + 1): \(target)")
      }
    }
  }
}
