// Which environment and kind a token's prefix stands for.
import KeyModel
import TestSupport
import Testing

@Suite("Token forms of a policy")
struct TokenFormsTests {
  static func policy(_ alphabet: SecretForm.Alphabet = .base64url) -> Policy {
    var policy = Policy()
    policy.kinds = [.secret, .publishable]
    policy.secret.alphabet = alphabet
    policy.secret.checksum = alphabet == .base62
    var production = Environment(name: "production", title: "Production")
    production.secretPrefix = "tw_sk_"
    production.publishablePrefix = "tw_pk_"
    var sandbox = Environment(name: "sandbox", title: "Sandbox")
    sandbox.secretPrefix = "tw_sk_test_"
    sandbox.publishablePrefix = "tw_pk_test_"
    policy.environments = [production, sandbox]
    return policy
  }

  @Test("the longest prefix decides")
  func longestPrefix() {
    let forms = TokenForms(policy: Self.policy())
    let body = String(repeating: "a", count: 43)
    let cases: [(String, Int, KeyKind)] = [
      ("tw_sk_", 0, .secret), ("tw_sk_test_", 1, .secret), ("tw_pk_", 0, .publishable),
      ("tw_pk_test_", 1, .publishable), ("tw_sk_test", 0, .secret),
    ]
    for (prefix, environment, kind) in cases {
      let form = Array((prefix + body).utf8).withUnsafeBytes { forms.recognize($0) }
      #expect(form?.environment == environment)
      #expect(form?.kind == kind)
    }
    for bad in ["", "tw_", "tw_xk_" + body, "tw_sk_test_" + body.dropLast(5), body] {
      #expect(Array(bad.utf8).withUnsafeBytes { forms.recognize($0) } == nil)
    }
  }

  @Test(
    "what is made for an environment is recognized as its own",
    arguments: [
      SecretForm.Alphabet.base62, .base64url, .hex,
    ])
  func generates(alphabet: SecretForm.Alphabet) throws {
    let forms = TokenForms(policy: Self.policy(alphabet))
    var random = SeededGenerator(seed: 21)
    for environment in 0...1 {
      for kind in KeyKind.allCases {
        for _ in 0..<500 {
          let token = try #require(
            forms.generate(environment: environment, kind: kind) { random.bytes($0) })
          let form = token.withUnsafeBytes { forms.recognize($0) }
          #expect(form?.environment == environment)
          #expect(form?.kind == kind)
        }
      }
    }
    #expect(forms.generate(environment: 2, kind: .secret) { random.bytes($0) } == nil)
  }

  @Test("a body that reads as another environment's prefix is drawn again")
  func redraws() throws {
    var policy = Self.policy()
    policy.secret.alphabet = .hex
    policy.environments[1].secretPrefix = "tw_sk_0"
    let forms = TokenForms(policy: policy)
    var draws = 0
    let token = forms.generate(environment: 0, kind: .secret) { count in
      draws += 1
      return [UInt8](repeating: draws < 3 ? 0x01 : 0x10, count: count)
    }
    #expect(draws == 3)
    #expect(try #require(token).withUnsafeBytes { forms.classify($0) }?.environment == 0)
  }

  @Test("environments that share a prefix leave the choice to host or path")
  func sharedPrefix() {
    var policy = Policy()
    policy.environments = ["a", "b"].map { Environment(name: $0, title: $0) }
    let forms = TokenForms(policy: policy)
    #expect(forms.forms.count == 1)
    #expect(forms.forms[0].environment == nil)
    #expect(forms.format(environment: 1, kind: .secret) != nil)
    #expect(forms.format(environment: 1, kind: .publishable) == nil)
  }
}
