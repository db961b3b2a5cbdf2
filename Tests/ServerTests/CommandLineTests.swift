// The command table: parsing, help, completion and the reference page all say the same.
import Foundation
import KeyModel
import Testing

@testable import Server

@Suite("The command line")
struct CommandLineTests {
  private func refusal(_ words: String...) -> String {
    do {
      _ = try Parser(commands: CommandTable.all).parse(words)
      return "accepted"
    } catch {
      return error.exit == .usage ? error.message : "exit \(error.exit)"
    }
  }

  @Test("A slip names its nearest neighbour")
  func slips() {
    #expect(refusal("kyes", "list").contains("did you mean keys?"))
    #expect(refusal("keys", "lst").contains("did you mean list?"))
    #expect(refusal("serve", "--dta", "x").contains("did you mean --data?"))
    #expect(refusal("zzzzzz").contains("latchkey help"))
  }

  @Test("Every refusal says what is wrong with which word")
  func refusals() {
    #expect(refusal("keys").contains("create"))
    #expect(
      refusal("keys", "get") == "keys get: KEY is missing: usage: latchkey keys get KEY [flags]")
    #expect(refusal("keys", "get", "a", "b").contains("unexpected \"b\""))
    #expect(refusal("keys", "list").contains("--account ACCOUNT is missing"))
    #expect(refusal("serve", "--data").contains("the value is missing"))
    #expect(refusal("serve", "--dev=1").contains("takes no value"))
    #expect(refusal("serve", "--data", "a", "--data", "b").contains("twice"))
    #expect(refusal("serve", "stray").contains("stray"))
  }

  @Test("Flags may stand before and after arguments, with a blank or an equals sign")
  func forms() throws {
    let forms = [
      ["keys", "rotate", "key_1", "--overlap", "5", "--json"],
      ["keys", "rotate", "--json", "--overlap=5", "key_1"],
      ["keys", "rotate", "--overlap=5", "--json", "--", "key_1"],
    ]
    for words in forms {
      guard
        case .run(let command, let arguments, let flags) = try Parser(
          commands: CommandTable.all
        ).parse(words)
      else {
        Issue.record("no command in \(words)")
        continue
      }
      #expect(command.name == "keys rotate")
      #expect(arguments == ["KEY": "key_1"])
      #expect(flags == ["overlap": ["5"], "json": ["true"]])
    }
  }

  @Test("No two commands have the same words, and every command stands in a help group")
  func table() {
    let names = CommandTable.all.map(\.name)
    #expect(Set(names).count == names.count)
    let words = Set(CommandTable.groups.flatMap(\.words))
    for command in CommandTable.all {
      #expect(words.contains(command.path[0]), "\(command.name)")
      let flags = command.allFlags.map(\.name)
      #expect(Set(flags).count == flags.count, "\(command.name) has a flag twice")
      for example in command.examples {
        #expect(example.line.contains("latchkey " + command.name), "\(example.line)")
      }
    }
  }

  @Test("Help names every command, its flags and its examples")
  func help() async {
    let all = await latchkey("help")
    #expect(all.exit == .ok)
    for word in CommandTable.groups.flatMap(\.words) { #expect(all.output.contains(word)) }
    let keys = await latchkey("keys", "--help")
    #expect(keys.output.contains("latchkey keys create --account"))
    let create = await latchkey("keys", "create", "-h")
    #expect(create.output.contains("--expires-at TIME"))
    #expect(create.output == (await latchkey("help", "keys-create")).output)
    let operators = await latchkey("help", "operator-keys-create")
    #expect(operators.output.contains("latchkey operator-keys create"))
    let project = await latchkey("projects", "create", "--help")
    #expect(project.output.contains("latchkey projects create SLUG --name NAME"))
    let wrong = await latchkey("help", "kyes")
    #expect(wrong.exit == .usage)
    #expect(wrong.errors.contains("did you mean keys?"))
  }

  @Test("docs/cli.md is what help --markdown prints")
  func reference() async throws {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let page = try String(contentsOf: root.appending(path: "docs/cli.md"), encoding: .utf8)
    let made = await latchkey("help", "--markdown")
    #expect(made.output.contains("| `config` | `LATCHKEY_CONFIG` | – |"))
    #expect(page == made.output, "run: latchkey help --markdown > docs/cli.md")
  }

  @Test(
    "Completion scripts are valid for their shells and know every command",
    arguments: ["bash", "zsh", "fish"])
  func completion(shell: String) async throws {
    let script = await latchkey("completion", shell)
    #expect(script.exit == .ok)
    for command in CommandTable.all {
      for word in command.path { #expect(script.output.contains(word)) }
    }
    guard shell == "bash" else { return }
    let folder = try TemporaryFolder()
    let file = try folder.write(
      script.output
        + "COMP_WORDS=(latchkey keys ro) COMP_CWORD=2\n_latchkey\necho \"${COMPREPLY[*]}\"\n"
        + "COMP_WORDS=(latchkey keys list --state a) COMP_CWORD=4\n_latchkey\n"
        + "echo \"${COMPREPLY[*]}\"\n", to: "script")
    let process = Process()
    let pipe = Pipe()
    process.executableURL = URL(filePath: "/bin/bash")
    process.arguments = [file]
    process.standardOutput = pipe
    try process.run()
    let said = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(said == "rotate\nactive\n")
  }

  @Test("Lists become tables, single objects aligned lines, and control characters show")
  func rendering() throws {
    let rows = try JSONReader.read(#"{"data":[{"id":"a","n":1},{"id":"bcd","n":null}]}"#)
    #expect(Rendering.text(rows, columns: ["id", "n"]) == "ID   N\na    1\nbcd  -\n")
    let object = try JSONReader.read(#"{"id":"a\u001b[2J","keys":[{"b":true}]}"#)
    #expect(
      Rendering.text(object, columns: []) == "id  a\u{FFFD}[2J\n\nkeys:\nB\nyes\n")
  }

  @Test("Words near each other are told from words far apart")
  func nearest() {
    #expect(Nearest.match("listne", among: ["listen", "node"]) == "listen")
    #expect(Nearest.match("xyz", among: ["listen", "node"]) == nil)
    #expect(Nearest.distance(Array("abcd".utf8), Array("acbd".utf8)) == 1)
    #expect(Nearest.distance([], Array("abc".utf8)) == 3)
  }
}
