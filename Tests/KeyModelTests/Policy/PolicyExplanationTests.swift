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

  @Test(
    "each rule that differs from the default changes what is told",
    arguments: [
      #""public_id":"PFK-{uuid}""#, #""public_id":"{integer}""#, #""brand_header":"X-Sub""#,
      #""secret":{"bytes":48,"accept_from_bytes":32}"#, #""access":["full"]"#,
      #""safe_delete_seconds":60"#, #""quota":{"calls":5,"counter_resets_at":"00:30"}"#,
      #""quota":{"calls":5,"on_outage":"allow"}"#, #""errors":{"revoked":{"status":410}}"#,
      #""errors":{"read_only":{"status":405}}"#, #""auto_cycling":{"acknowledge":"proof"}"#,
      #""auto_cycling":{"retries_within_cycle":2}"#, #""auto_cycling":{"deadline_seconds":600}"#,
      #""rate":[{"calls":1,"seconds":1,"identical_failing":true}]"#,
      #""rate":[{"calls":1,"seconds":1,"count_refused":true}]"#,
      #""rate":[{"calls":1,"seconds":1,"except":[{"path":"/a"}]}]"#,
      #""webhooks":{"unique_url":true}"#, #""webhooks":{"disable_after_seconds":600}"#,
      #""webhooks":{"user_agent":"shop/1"}"#,
      #""webhooks":{"event_types":[{"type":"a.b"}]}"#, #""webhooks":{"body":{"id":"{id}"}}"#,
      #""webhooks":{"signatures":[{"header":"X-S","value":"{hex}"}]}"#,
      #""members":{"roles":{"owner":["keys","members"]}}"#,
      #""members":{"api_keys_permission":true}"#, #""notify":{"auto_cycling_changed":true}"#,
      #""notify":{"quota_percent":[]}"#, #""retention":{"requests_days":7}"#,
      #""retention":{"deliveries_days":7}"#, #""records":{"headers":["X-Trace"]}"#,
      #""records":{"calls":"failed"}"#, #""records":{"calls":"none"}"#,
      #""leaks":{"action":"rotate"}"#, #""answer_headers":{"X-R":"{request_id}"}"#,
    ])
  func everyRule(rule: String) throws {
    func told(_ members: String) throws -> [String] {
      let document = try JSONReader.read(Array("{\(members)}".utf8))
      return PolicyExplanation.sentences(of: try PolicyReader.read(document))
    }
    // Beside the same group as it is where nothing is said in it.
    let group = try #require(rule.split(separator: ":").first)
    let rest: [Substring: String] = [
      #""quota""#: #"{"calls":5}"#, #""auto_cycling""#: "{}",
      #""rate""#: #"[{"calls":1,"seconds":1}]"#,
    ]
    let plain = try told(rest[group].map { "\(group):\($0)" } ?? "")
    #expect(try told(rule) != plain)
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
