// The pages of the profiles: each says what its policy says now, sentence by sentence, and names
// every knob that the policy sets.
import Foundation
import KeyModel
import Testing

@Suite("Pages of the profiles")
struct ProfilePageTests {
  private static func page(_ name: String) throws -> String {
    let file = ProfileTests.folder.appending(path: "../docs/profiles/\(name).md")
    return try String(contentsOf: file.standardizedFileURL, encoding: .utf8)
  }

  /// `limits.keys.max`; a list, and what words an answer, is one knob.
  private static func knobs(_ value: JSONValue, _ path: [String] = []) -> [String] {
    let isWhole = path.count == 2 && ["errors", "self_service"].contains(path[0])
    guard let object = value.object, !object.members.isEmpty, !isWhole,
      !["body", "roles"].contains(path.last)
    else { return [path.joined(separator: ".")] }
    return object.members.flatMap { knobs($0.value, path + [$0.name]) }
  }

  @Test("A page holds each sentence of its policy", arguments: ProfileTests.names)
  func sentences(name: String) throws {
    let lines = try Self.page(name).split(separator: "\n")
    for sentence in PolicyExplanation.sentences(of: try ProfileTests.policy(name)) {
      #expect(lines.contains { $0 == "- " + sentence }, "\(name): \(sentence)")
    }
  }

  @Test("A page names each knob that its policy sets", arguments: ProfileTests.names)
  func knobs(name: String) throws {
    let page = try Self.page(name)
    for knob in Self.knobs(try ProfileTests.document(name)) {
      #expect(page.contains("`\(knob)`"), "\(name): \(knob)")
    }
  }
}
