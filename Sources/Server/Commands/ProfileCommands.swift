// profiles list, show and check: policies as files, explained and checked without a server.
internal import KeyModel
internal import Management

enum ProfileCommands {
  static let all = [list, show, check]

  static let list = Command(
    path: ["profiles", "list"], summary: "List the profiles that ship with this program",
    flags: [ResourceCommand.json]
  ) { invocation in
    let names = EmbeddedProfiles.texts().keys.sorted()
    if invocation.has("json") {
      return invocation.surroundings.line(
        JSONWriter.compactText(.array(names.map { .string($0) })))
    }
    for name in names { invocation.surroundings.line(name) }
  }

  static let show = Command(
    path: ["profiles", "show"], summary: "Show a profile's policy, as JSON or in sentences",
    arguments: [Argument(name: "NAME", summary: "the profile's name")],
    flags: [Flag(name: "explain", placeholder: nil, summary: "say what it does, in sentences")],
    examples: [
      Example(line: "latchkey profiles show default --explain", says: "what the default does")
    ]
  ) { invocation in
    let document = try profile(invocation.argument("NAME") ?? "")
    guard invocation.has("explain") else {
      return invocation.surroundings.line(JSONWriter.pretty(document))
    }
    for line in PolicyExplanation.sentences(of: try PolicyReader.read(document)) {
      invocation.surroundings.line(line)
    }
  }

  static let check = Command(
    path: ["profiles", "check"],
    summary: "Explain a policy file in sentences, or point at every mistake in it (3)",
    arguments: [Argument(name: "FILE", summary: "JSON, comments allowed")],
    flags: [
      Flag(
        name: "profile", placeholder: "NAME",
        summary: "FILE is a merge patch over this profile; else it is a whole policy")
    ],
    examples: [
      Example(
        line: "latchkey profiles check acme.json --profile default",
        says: "what a project's patch would come to")
    ]
  ) { invocation in
    let base = try invocation.flag("profile").map(profile)
    let file = try PolicyFile(invocation.argument("FILE") ?? "")
    let document = base.map { Policy.document(profile: $0, patch: file.document) }
    do throws(PolicyInvalid) {
      let policy = try PolicyReader.read(document ?? file.document)
      for line in PolicyExplanation.sentences(of: policy) { invocation.surroundings.line(line) }
    } catch {
      for problem in error.problems {
        invocation.surroundings.writeError(file.pointing(at: problem))
      }
      let count = error.problems.count
      throw ToolError(.config, "\(file.path): \(count) mistake\(count == 1 ? "" : "s")")
    }
  }

  private static func profile(_ name: String) throws(ToolError) -> JSONValue {
    let texts = EmbeddedProfiles.texts()
    guard let text = texts[name], let document = try? JSONReader.read(text, comments: true) else {
      let hint = Nearest.hint(name, among: texts.keys.sorted())
      throw ToolError(.notFound, "no profile \"\(name)\"\(hint)")
    }
    return document
  }
}

/// A JSON file that a person wrote, with the places of its values.
struct PolicyFile {
  let path: String
  let document: JSONValue
  private let bytes: [UInt8]
  private let places: JSONPlaces

  /// - Throws: exit 3 with line, column and caret where it is no JSON.
  init(_ path: String) throws(ToolError) {
    let bytes: [UInt8]
    do { bytes = try Files.read(path) } catch { throw ToolError(.config, "\(error)") }
    do { document = try JSONReader.read(bytes, comments: true) } catch {
      throw ToolError(
        .config,
        "\(path):\(error.line):\(error.column): \(error.message)"
          + Self.caret(bytes, error.line, error.column))
    }
    self.path = path
    self.bytes = bytes
    places = JSONPlaces(bytes)
  }

  /// `FILE:3:5: /limits/keys/mx: is an unknown knob`, the line, and a caret below it.
  func pointing(at problem: PolicyProblem) -> String {
    guard let place = places.place(of: problem.pointer) else { return "\(path): \(problem)\n" }
    return "\(path):\(place.line):\(place.column): \(Rendering.printable(problem.description))"
      + Self.caret(bytes, place.line, place.column) + "\n"
  }

  private static func caret(_ bytes: [UInt8], _ line: Int, _ column: Int) -> String {
    let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    guard lines.indices.contains(line - 1) else { return "" }
    let text = String(decoding: lines[line - 1].prefix(400), as: UTF8.self)
    let shown = Rendering.printable(text.replacing("\t", with: " "))
    return "\n  \(shown)\n  " + String(repeating: " ", count: column - 1) + "^"
  }
}
