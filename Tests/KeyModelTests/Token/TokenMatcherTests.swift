// The flat matcher of the data plane must answer as the rules it was made from.
import KeyModel
import TestSupport
import Testing

@Suite("Token matcher")
struct TokenMatcherTests {
  @Test("answers as TokenForms does, for whole and damaged tokens", arguments: ProfileTests.names)
  func agrees(name: String) throws {
    let policy = try ProfileTests.policy(name)
    let forms = TokenForms(policy: policy)
    let matcher = TokenMatcher(forms)
    var random = SeededGenerator(seed: 51)
    for round in 0..<5000 {
      let environment = round % policy.environments.count
      let kind = policy.kinds[round % policy.kinds.count]
      var token = try #require(
        forms.generate(environment: environment, kind: kind) { random.bytes($0) })
      #expect(token.withUnsafeBytes { matcher.matches($0) })
      switch random.below(4) {
      case 0: token[random.below(token.count)] = UInt8(truncatingIfNeeded: random.next())
      case 1: token.removeLast(random.below(token.count + 1))
      case 2: token += random.bytes(1 + random.below(3))
      default: token.remove(at: random.below(token.count))
      }
      let recognized = token.withUnsafeBytes { forms.recognize($0) != nil }
      #expect(token.withUnsafeBytes { matcher.matches($0) } == recognized)
    }
  }
}
