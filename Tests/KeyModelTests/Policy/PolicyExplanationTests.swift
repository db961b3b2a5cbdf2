// A policy in words, and the reference page that must know every knob.
import Foundation
import KeyModel
import Testing

@Suite("Policy in words")
struct PolicyExplanationTests {
  @Test("says what a limit does and how it refuses")
  func sentences() throws {
    let truv = PolicyExplanation.sentences(of: try ProfileTests.policy("truv"))
    #expect(
      truv.contains(
        "At most 2 active keys per environment; one more is refused with 409 `key_limit_reached`."))
    let quota = PolicyExplanation.sentences(of: try ProfileTests.policy("truecontext"))
    #expect(
      quota.contains(
        "At most 2500 calls a day per account, fresh at 00:00 UTC; more are refused with 402."))
    #expect(
      quota.contains("At most 3 calls at once per application; more are refused with 429."))
    let own = PolicyExplanation.sentences(of: try ProfileTests.policy("default"))
    #expect(
      own.contains("A key can be rotated; the old secret works for at most 7 days more."))
    #expect(own.contains("A call without a key is answered with a problem document."))
  }

  @Test("every profile is told in whole sentences", arguments: ProfileTests.names)
  func whole(name: String) throws {
    let sentences = PolicyExplanation.sentences(of: try ProfileTests.policy(name))
    #expect(sentences.count >= 7)
    #expect(sentences.allSatisfy { $0.hasSuffix(".") && !$0.contains("Optional") })
  }

  @Test("the reference page names every knob of every profile")
  func reference() throws {
    let page = try String(
      contentsOf: ProfileTests.folder.appending(path: "../docs/policy.md"), encoding: .utf8)
    for name in ProfileTests.names {
      let document = try ProfileTests.document(name)
      for knob in Self.knobs(document, at: []) where !page.contains("`\(knob)`") {
        Issue.record("docs/policy.md does not name `\(knob)`")
      }
    }
  }

  /// Where names are the operator's own words and not knobs.
  private static let free: Set<String> = [
    "headers", "answer_headers", "body", "item", "error_body", "roles", "schema",
  ]

  private static func knobs(_ value: JSONValue, at path: [String]) -> Set<String> {
    switch value {
    case .object(let object):
      if let last = path.last, free.contains(last) { return [] }
      return object.members.reduce(into: []) { names, member in
        names.insert(member.name)
        names.formUnion(knobs(member.value, at: path + [member.name]))
      }
    case .array(let elements):
      return elements.reduce(into: []) { $0.formUnion(knobs($1, at: path)) }
    default: return []
    }
  }
}
