// What a member is called and may do, as pure functions.
import KeyModel
import Testing

@Suite("Members")
struct MemberTests {
  @Test(
    "An address is brought to one form",
    arguments: [
      ("Ann@Example.COM", "ann@example.com"), ("a.b+c@x-y.co", "a.b+c@x-y.co"),
      ("o'neil@a.b.c", "o'neil@a.b.c"),
    ])
  func good(text: String, normalized: String) {
    #expect(EmailAddress.normalized(text) == normalized)
  }

  @Test(
    "What is no address is refused",
    arguments: [
      "", "a", "@", "a@", "@b.co", "a@b", "a@@b.co", "a@b.co@c.co", ".a@b.co", "a.@b.co",
      "a..b@b.co", "a@-b.co", "a@b-.co", "a@b..co", "a@b.co.", "a b@c.co", " a@b.co", "a@b.co\n",
      "\"a\"@b.co", "a@[127.0.0.1]", "a@b_c.co", "ä@b.co", "a@bü.co", "a,b@c.co", "a@b.co\0",
      String(repeating: "a", count: 65) + "@b.co",
      "a@" + String(repeating: "b", count: 64) + ".co",
      "a@" + String(repeating: "b.", count: 130) + "co",
    ])
  func bad(text: String) {
    #expect(EmailAddress.normalized(text) == nil)
  }

  @Test("A role's permissions and those given besides add up; an unknown role has none")
  func effective() {
    let rules = MemberRules()
    #expect(rules.effective(role: "viewer", given: []) == [.logs])
    #expect(rules.effective(role: "viewer", given: [.webhooks]) == [.logs, .webhooks])
    #expect(rules.effective(role: "developer", given: []) == [.logs, .keys])
    #expect(rules.effective(role: "gone", given: [.keys, .members]) == [])
  }

  @Test("VF-40 Where keys are a permission of their own, a role only makes them possible")
  func separate() throws {
    var rules = MemberRules()
    rules.apiKeysPermission = true
    #expect(rules.effective(role: "admin", given: []) == [.logs, .webhooks, .members])
    #expect(rules.effective(role: "admin", given: [.keys]).contains(.keys))
    let viewer = try #require(rules.role(named: "viewer"))
    #expect(!rules.mayGive(.keys, to: viewer))
    #expect(rules.effective(role: "viewer", given: [.keys]) == [.logs])
  }
}
