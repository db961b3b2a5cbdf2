// What a policy may have captured with request records, and the words about refusals.
import Foundation
import KeyModel
import Testing

@Suite("Records of calls: what a policy says, what a refusal says")
struct RecordRulesTests {
  @Test("headers to be captured are names; one that carries a secret is refused where it stands")
  func headers() throws {
    let policy = try PolicyReader.read(["records": ["headers": ["X-Trace", "X-App"]]])
    #expect(policy.records.headers == ["X-Trace", "X-App"])
    let refused = try PolicyReaderTests.problems(
      """
      {"credential": {"scheme": "header", "header": "X-Key"},
       "records": {"headers": ["X-Trace", "x-key", "Cookie", "authorization"]}}
      """)
    #expect(
      refused.map(\.pointer.description)
        == ["/records/headers/1", "/records/headers/2", "/records/headers/3"])
    #expect(try PolicyReaderTests.problems(#"{"records": {"bodies": true}}"#).count == 1)
  }

  @Test("a policy says which calls leave a record: all, those that failed, or none")
  func calls() throws {
    #expect(Policy().records.calls == .all)
    #expect(try PolicyReader.read(["records": ["calls": "failed"]]).records.calls == .failed)
    #expect(try PolicyReader.read(["records": ["calls": "none"]]).records.calls == .none)
    let problems = try PolicyReaderTests.problems(#"{"records": {"calls": "some"}}"#)
    #expect(problems.map(\.pointer.description) == ["/records/calls"])
    for status in [0, 200, 302, 399, 400, 404, 499, 503] {
      #expect(RecordRules.Calls.all.have(status: status))
      #expect(!RecordRules.Calls.none.have(status: status))
      #expect(RecordRules.Calls.failed.have(status: status) == (status == 0 || status >= 400))
    }
  }

  @Test("each refusal has one sentence that says what to do, and docs/logs.md has it too")
  func remedies() throws {
    let page = try String(
      contentsOf: ProfileTests.folder.appending(path: "../docs/logs.md"), encoding: .utf8)
    #expect(DecisionCode.valid.remedy == nil)
    for code in DecisionCode.allCases where code != .valid {
      let remedy = try #require(code.remedy)
      #expect(remedy.hasSuffix(".") && !remedy.contains("\n"))
      #expect(page.contains("| `\(code.name)` | \(remedy) |"), "docs/logs.md: \(code.name)")
    }
  }
}
