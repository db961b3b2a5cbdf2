// What a finder says of a place goes on record without secrets, however they are spelled.
import Testing

@testable import KeyModel

@Suite("Places of leaks")
struct LeakRedactionTests {
  private let policy: Policy
  private let token: String

  init() {
    var policy = Policy()
    policy.environments[0].secretPrefix = "sk_live_"
    self.policy = policy
    token = Self.token(policy, 9)
  }

  private static func token(_ policy: Policy, _ byte: UInt8) -> String {
    let made = TokenForms(policy: policy).generate(environment: 0, kind: .secret) {
      (0..<$0).map { UInt8(truncatingIfNeeded: $0 * 37) &+ byte }
    }
    return String(decoding: made ?? [], as: UTF8.self)
  }

  private func redacted(
    _ text: String, found: String?, imports: Bool = false, policy given: Policy? = nil,
    keys: Set<String> = []
  ) -> String {
    let redact = LeakRedaction(
      found: found, TokenMatcher(TokenForms(policy: given ?? policy)), imports: imports)
    return redact(text, longest: 1024) { keys.contains(String(decoding: $0, as: UTF8.self)) }
  }

  private static func encoded(_ text: String, times: Int = 1) -> String {
    (0..<times).reduce(text) { text, _ in
      text.utf8.map { "%" + String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }
  }

  /// Of a text that holds the token: with it reported, and with the key named by its id.
  @Test("The token goes in every spelling, also where only the key's id was reported")
  func spellings() {
    let upper = token.replacing("_", with: "%5F")
    for (text, want) in [
      ("https://x/?q=\(token)", "https://x/?q=[redacted]"),
      ("https://x/?q=\(token)&a=b#L1", "https://x/?q=[redacted]&a=b#L1"),
      ("found \(token)", "found [redacted]"), ("https://x/\(upper)/y", "https://x/[redacted]/y"),
      ("https://x/\(Self.encoded(token))", "https://x/[redacted]"),
      ("https://x/\(Self.encoded(token, times: 2))", "https://x/[redacted]"),
      ("https://x/\(Self.encoded(token, times: 3))", "https://x/[redacted]"),
      ("https://x/?u=https%3A%2F%2Fy%2F%3Fq%3D\(upper)%26b", "[redacted]"),
      ("\(token),\(token)", "[redacted],[redacted]"), ("a b", "a b"), ("", ""),
      ("https://x/\(token.prefix(20))\u{1}\(token.dropFirst(20))", "https://x/[redacted]"),
    ] {
      for found in [token, nil] {
        let got = redacted(text, found: found)
        #expect(got == want || want == "[redacted]" && got.contains(want), "\(text)")
        #expect(!got.contains(token) && !got.contains(upper))
      }
    }
  }

  @Test("Another key of the project goes, too, and an operator's")
  func others() {
    let other = Self.token(policy, 77)
    let operatorKey = "lk_op_" + String(repeating: "x", count: 38)
    #expect(
      redacted("https://x/\(other)/\(operatorKey)?\(token)", found: token)
        == "https://x/[redacted]/[redacted]")
  }

  @Test("The user and the password of a URL go, wherever it stands")
  func users() {
    for (text, want) in [
      ("https://me:pw@h/x", "https://[redacted]@h/x"), ("https://me@h", "https://[redacted]@h"),
      ("https://me:a@b@h/x@y", "https://[redacted]@h/x@y"), ("//me:pw@h", "//[redacted]@h"),
      ("https://me:\(token)@h/x", "https://[redacted]@h/x"),
      ("https://a/w/https://me:pw@h/x", "https://a/w/https://[redacted]@h/x"),
      ("https://h/@me/x", "https://h/@me/x"), ("https://h?a@b", "https://h?a@b"),
      ("https://x/?u=https%3A%2F%2Fme%3Apw%40h", "https://x/?u=https%3A%2F%2F[redacted]%40h"),
      ("see https://me:pw@h for more", "see https://[redacted]@h for more"),
    ] {
      #expect(redacted(text, found: token) == want)
      #expect(redacted(text, found: nil) == want)
    }
  }

  @Test("A token without a prefix is known by what is on record, one of any form as well")
  func plain() {
    var policy = policy
    policy.environments[0].secretPrefix = ""
    let token = Self.token(policy, 3)
    let text = "https://x/?q=\(token)"
    #expect(redacted(text, found: nil, policy: policy, keys: [token]) == "https://x/?q=[redacted]")
    #expect(redacted(text, found: token, policy: policy) == "https://x/?q=[redacted]")
    let foreign = "of-another.system+1234567890"
    for spelled in [foreign, Self.encoded(foreign)] {
      let got = redacted("https://x/\(spelled)/y", found: nil, imports: true, keys: [foreign])
      #expect(got == "https://x/[redacted]/y")
    }
  }

  @Test("A place that is too long ends with a whole word")
  func long() {
    let start = "https://x/" + String(repeating: "a/", count: 1010)
    let got = redacted(start + token, found: nil)
    #expect(got.unicodeScalars.count == 1024 && start.hasPrefix(got))
    let tokens = String(repeating: token + "/", count: 60)
    let few = redacted("https://x/" + tokens, found: nil)
    #expect(few.split(separator: "/").dropFirst(2).allSatisfy { $0 == "[redacted]" })
  }
}
