// Nothing that is kept or sent of a report holds a secret, whoever reported it and however.
import Crypto
import KeyModel
import Management
import Storage
import Testing

@Suite("What is kept of leaks")
struct LeakPlaceTests {
  /// The history, the audit, the mails and what webhooks are sent.
  private func kept(_ world: World, _ hook: WebhookID) async throws -> [String] {
    func text(_ answer: Answer) -> String {
      String(decoding: JSONWriter.compact(answer.body ?? .null), as: UTF8.self)
    }
    let leaks = try await world.management.listLeaks(OwnerQuery(), PageRequest(), by: .local)
    let audit = try await world.management.listAudit(AuditQuery(), PageRequest(), by: .local)
    let rows = try await world.store.read { tx in
      (
        mails: try tx.mails.list(limit: 200).map { $0.body.text + $0.body.html },
        sent: try tx.deliveries.due(of: hook, at: world.clock.now(), limit: 99).map {
          String(decoding: $0.body, as: UTF8.self)
        }
      )
    }
    return [text(leaks), text(audit)] + rows.mails + rows.sent
  }

  private func report(_ world: World, _ object: JSONObject) async throws {
    var fields = Fields(object)
    let answer = try await world.management.reportLeak(try LeakReport(&fields), by: World.local)
    #expect(answer.body?["label"] == "true_positive")
  }

  private func check(
    _ world: World, _ account: AccountID, _ secret: String, _ id: KeyID
  ) async throws {
    let hooks = try await world.hooks(account, [("production", ["*"])])
    let encoded = secret.utf8.map { "%" + String($0, radix: 16) }.joined()
    var number = 0
    for subject: JSONObject in [
      ["token": .string(secret)], ["token": .string("Bearer " + secret)],
      ["key": .string(id.description)],
    ] {
      for url in [
        "https://x.example/?q=\(secret)", "https://me:\(secret)@x.example/",
        "https://x.example/\(encoded)", "https://me:hunter2@x.example/",
      ] {
        number += 1
        var object = subject
        object["url"] = .string("\(url)&\(number)")
        object["source"] = .string("found \(secret)")
        try await report(world, object)
      }
      var object = subject
      object["source"] = .string(
        "in https://me:hunter2@x.example?\(encoded)".suffix(128).description)
      try await report(world, object)
    }
    let texts = try await kept(world, hooks[0])
    #expect(texts.count > 20 && texts[0].contains("[redacted]"))
    for text in texts {
      #expect(!text.contains(secret) && !text.contains(encoded) && !text.contains("hunter2"))
    }
  }

  @Test("by token or by id, in url and source: history, audit, mails and events are without it")
  func issued() async throws {
    for prefix in ["sk_live_", ""] {
      let world = try await World()
      let account = try await world.account(
        policy: [
          "leaks": ["action": "notify"],
          "environments": [
            ["name": "production", "title": "P", "secret_prefix": .string(prefix)]
          ],
        ])
      let key = try await world.key(account)
      try await check(world, account, key.secret, key.id)
    }
  }

  @Test("nor the secret of a key that was taken over, of whatever form")
  func imported() async throws {
    let world = try await World()
    let account = try await world.account(policy: ["leaks": ["action": "notify"]])
    let foreign = "of-another.system-1234567890"
    let hash = Hex.encode(SHA256.digest(of: Array(foreign.utf8)))
    var rows = Fields([
      "keys": [["hash": .string(hash), "environment": "production"]],
      "account_id": .string(account.description),
    ])
    _ = try await world.management.importKeys(into: "demo", try KeyImport(&rows), by: World.local)
    let found = try await world.store.read {
      try $0.keys.find(lookup: Secret(foreign).withBytes { LookupHasher.sha256(of: $0) })
    }
    try await check(world, account, foreign, try #require(found).id)
  }
}
