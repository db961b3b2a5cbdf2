// What becomes of keys that were found: by the policy, once for each place, and only for who may
// report them.
import Crypto
import KeyModel
import Management
import Storage
import Testing

@Suite("Leaked keys")
struct LeakTests {
  private func report(_ text: String, url: String = "https://x.example/1") throws -> LeakReport {
    var fields = Fields(["token": .string(text), "url": .string(url), "source": "commit"])
    return try LeakReport(&fields)
  }

  private func tell(
    _ world: World, _ text: String, url: String = "https://x.example/1",
    by caller: Caller = World.local
  ) async throws -> JSONValue {
    try await world.management.reportLeak(try report(text, url: url), by: caller).body ?? .null
  }

  private func actions(_ world: World) async throws -> [String] {
    let page = try await world.management.listAudit(AuditQuery(), PageRequest(), by: .local)
    return (page.body?["data"]?.array ?? []).compactMap { $0["action"]?.string }.reversed()
  }

  @Test("by default a leaked key ends at once, told to webhooks and on the audit")
  func revokes() async throws {
    let world = try await World()
    let account = try await world.account()
    let hooks = try await world.hooks(account, [("production", ["*"])])
    let (leaked, other) = (try await world.key(account), try await world.key(account))
    let answer = try await tell(world, leaked.secret)
    #expect(answer["label"] == "true_positive" && answer["action"] == "revoked")
    #expect(answer["key_id"]?.string == leaked.id.description)
    #expect(
      answer["token_hash"]?.string
        == Hex.encode(SHA256.digest(of: Array(leaked.secret.utf8))))
    #expect(world.decide(leaked.secret) == .revoked && world.decide(other.secret) == .valid)
    let told = try await world.types(hooks[0])
    #expect(told.sorted() == ["key.created", "key.created", "key.revoked", "leak.reported"])
    #expect(try await actions(world).suffix(2) == ["leak.reported", "key.revoked"])
  }

  @Test("by policy it gets a new secret, or its owner is only told")
  func otherActions() async throws {
    for (action, done, code) in [
      ("rotate", "rotated", DecisionCode.revoked), ("notify", "notified", .valid),
    ] {
      let world = try await World()
      let account = try await world.account(policy: ["leaks": ["action": .string(action)]])
      let key = try await world.key(account)
      #expect(try await tell(world, key.secret)["action"]?.string == done)
      #expect(world.decide(key.secret) == code)
      let shown = try await world.management.key(key.id, by: .local)
      #expect(shown.body?["state"] == "active")
      #expect(shown.body?["versions"]?.array?.count == (action == "rotate" ? 2 : 1))
    }
  }

  @Test("where the policy says so, the old secret of a rotated key has its overlap")
  func overlap() async throws {
    let world = try await World()
    let account = try await world.account(
      policy: ["leaks": ["action": "rotate", "overlap_seconds": 600]])
    let key = try await world.key(account)
    #expect(try await tell(world, key.secret)["action"] == "rotated")
    #expect(world.decide(key.secret) == .valid)
    // Found again elsewhere within it: now it ends.
    #expect(try await tell(world, key.secret, url: "https://x.example/2")["action"] == "rotated")
    #expect(world.decide(key.secret) == .revoked)
    let shown = try await world.management.key(key.id, by: .local)
    #expect(shown.body?["state"] == "active")
  }

  @Test("what was reported is listed in pages, to the operators whose it is")
  func listed() async throws {
    let world = try await World()
    let account = try await world.account(policy: ["leaks": ["action": "notify"]])
    let key = try await world.key(account)
    for number in 1...3 {
      world.clock.advance(seconds: 1)
      _ = try await tell(world, key.secret, url: "https://x.example/\(number)")
    }
    _ = try await tell(world, "nobodys")
    let all = try await world.management.listLeaks(OwnerQuery(), PageRequest(), by: .local)
    let rows = try #require(all.body?["data"]?.array)
    #expect(rows.compactMap { $0["url"]?.string?.last } == ["3", "2", "1"])
    let row = rows[0]
    #expect(row["key_id"]?.string == key.id.description && row["action"] == "notified")
    #expect(row["source"] == "commit" && row["account_id"]?.string == account.description)
    #expect(row["id"]?.string?.hasPrefix("lek_") == true && row["reported_by"] != nil)
    #expect(!JSONWriter.compactText(all.body ?? .null).contains(key.secret))
    _ = try await world.account("other")
    var query = OwnerQuery()
    query.project = "other"
    let none = try await world.management.listLeaks(query, PageRequest(), by: .local)
    #expect(none.body?["data"]?.array?.isEmpty == true)
  }

  @Test("the same find again changes nothing and is answered the same; another place is another")
  func idempotent() async throws {
    let world = try await World()
    let account = try await world.account(policy: ["leaks": ["action": "notify"]])
    let hooks = try await world.hooks(account, [("production", ["leak.reported"])])
    let key = try await world.key(account)
    let first = try await tell(world, key.secret)
    for _ in 0..<3 { #expect(try await tell(world, key.secret) == first) }
    #expect(try await world.types(hooks[0]).count == 1)
    _ = try await tell(world, "Bearer \(key.secret)", url: "https://x.example/2")
    #expect(try await world.types(hooks[0]).count == 2)
  }

  @Test("a secret that had ended is ours still, and nothing more happens to its key")
  func ended() async throws {
    let world = try await World()
    let account = try await world.account()
    let key = try await world.key(account)
    let made = try await world.management.rotateKey(
      key.id, KeyRotation(overlapSeconds: 0), by: World.local)
    let answer = try await tell(world, key.secret)
    #expect(answer["label"] == "true_positive" && answer["action"] == "none")
    #expect(world.decide(made.body?["secret"]?.string ?? "") == .valid)
  }

  @Test("what is nobody's, and what is meant to be seen, is a false positive")
  func falsePositives() async throws {
    let world = try await World()
    let account = try await world.account(
      policy: [
        "kinds": ["secret", "publishable"],
        "environments": [
          [
            "name": "production", "title": "P", "secret_prefix": "sk_",
            "publishable_prefix": "pk_",
          ]
        ],
      ])
    var new = NewKey(environment: "production")
    new.kind = .publishable
    let made = try await world.management.createKey(of: account, new, by: World.local)
    for text in ["sk_nothing", "", made.body?["secret"]?.string ?? "?"] {
      let answer = try await tell(world, text)
      #expect(answer["label"] == "false_positive" && answer["key_id"] == .null, "\(text)")
    }
    #expect(try await actions(world).contains("leak.reported") == false)
  }

  @Test("keys made under the pepper before, and imported ones, are found too")
  func lookups() async throws {
    let world = try await World()
    let account = try await world.account()
    let key = try await world.key(account)
    _ = try await world.management.rotatePepper()
    #expect(try await tell(world, key.secret)["label"] == "true_positive")
    let foreign = "of-another-system-1234567890"
    let hash = Hex.encode(SHA256.digest(of: Array(foreign.utf8)))
    var rows = Fields([
      "keys": [["hash": .string(hash), "environment": "production"]],
      "account_id": .string(account.description),
    ])
    _ = try await world.management.importKeys(
      into: "demo", try KeyImport(&rows), by: World.local)
    #expect(world.decide(foreign) == .valid)
    #expect(try await tell(world, foreign)["label"] == "true_positive")
    #expect(world.decide(foreign) == .revoked)
  }

  @Test("an operator of another project learns nothing and ends nothing")
  func bound() async throws {
    let world = try await World()
    let account = try await world.account()
    let key = try await world.key(account)
    _ = try await world.account("other")
    let found = try await world.store.read { try $0.projects.find(slug: "other") }
    let project = try #require(found)
    let stranger = Caller(
      .operatorKey(id: OperatorKeyID(bits: 1), scopes: [.keysWrite], projectID: project.id))
    #expect(try await tell(world, key.secret, by: stranger)["label"] == "false_positive")
    var fields = Fields(["key": .string(key.id.description)])
    let named = try LeakReport(&fields)
    await #expect(
      code { try await world.management.reportLeak(named, by: stranger) } == .notFound)
    #expect(world.decide(key.secret) == .valid)
    _ = try await world.management.reportLeak(named, by: World.local)
    #expect(world.decide(key.secret) == .revoked)
  }
}
