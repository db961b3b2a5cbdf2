// The policy's `answer_headers`, which stand on every answer of a project: the gateway's own
// refusals, forward-auth and what an upstream answers. Nothing is done for a policy without them.
import KeyModel

final class AnswerHeaders {
  private let names: [[UInt8]]
  private let lines: DenialText

  /// Nil where the policy has none.
  init?(_ policy: Policy) {
    if policy.answerHeaders.isEmpty { return nil }
    names = policy.answerHeaders.map { Array($0.name.lowercased().utf8) }
    let text = policy.answerHeaders.map { "\($0.name): \($0.value)\r\n" }.joined()
    lines = DenialText(Array(text.utf8), code: .valid, named: "valid")
  }

  /// Complete lines.
  func append(_ requestID: RequestID, to out: OutputBuffer) {
    lines.append(DenialFacts(requestID: requestID), to: out)
  }

  /// True for a field of the upstream's answer that ours replaces.
  func replaces(_ name: UnsafeRawBufferPointer) -> Bool {
    for candidate in names where ByteText.equal(name, ignoringCase: candidate) { return true }
    return false
  }
}
