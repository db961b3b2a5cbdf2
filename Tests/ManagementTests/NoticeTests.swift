// What members and webhooks are told by the clock and by use: once for each, however many ask.
import KeyModel
import Storage
import Testing
import Verification

@testable import Management

@Suite("Notices")
struct NoticeTests {
  private static let day: Int64 = 86_400

  private func mails(_ world: World) async throws -> [Mail] {
    try await world.store.read { try $0.mails.list(limit: 200) }
  }

  private func member(
    _ world: World, _ account: AccountID, _ email: String, _ role: String
  ) async throws {
    _ = try await world.management.createMember(
      of: account, NewMember(email: email, role: role), by: Caller(.local))
  }

  private func expiringKey(
    _ world: World, _ account: AccountID, in seconds: Int64
  ) async throws {
    var new = NewKey(environment: "production")
    new.expiresAt = world.clock.now().adding(seconds: seconds)
    _ = try await world.management.createKey(of: account, new, by: Caller(.local))
  }

  @Test("A key's end is told 30, 7 and 1 days before, once each, to those who manage keys")
  func expiry() async throws {
    let world = try await World()
    let account = try await world.account()
    try await member(world, account, "ann@example.com", "admin")
    try await member(world, account, "vic@example.com", "viewer")
    try await world.management.tellOfExpiries()
    try await expiringKey(world, account, in: 40 * Self.day)
    var told: [Int] = []
    for day in 1...41 {
      world.clock.advance(seconds: Self.day)
      for _ in 0..<2 { try await world.management.tellOfExpiries() }
      let now = try await mails(world)
      if now.count > told.count { told.append(40 - day) }
    }
    #expect(told == [30, 7, 1])
    let all = try await mails(world)
    #expect(all.count == 3 && all.allSatisfy { $0.recipient == "ann@example.com" })
    #expect(all.allSatisfy { $0.kind == .keyExpiring })
  }

  @Test("Many keys that end at one moment are all told of, by several servers together once")
  func many() async throws {
    let world = try await World()
    let account = try await world.account()
    try await world.management.tellOfExpiries()
    for _ in 0..<450 { try await expiringKey(world, account, in: 31 * Self.day) }
    world.clock.advance(seconds: Self.day + 60)
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<4 { group.addTask { try? await world.management.tellOfExpiries() } }
    }
    var seen = 0
    var last: MailID?
    while true {
      let before = last
      let page = try await world.store.read { try $0.mails.list(before: before, limit: 200) }
      seen += page.count
      last = page.last?.id
      if page.count < 200 { break }
    }
    #expect(seen == 450)
  }

  @Test("A first start and clock steps tell nothing of what is past")
  func steps() async throws {
    let world = try await World()
    let account = try await world.account()
    try await expiringKey(world, account, in: 5 * Self.day)
    try await world.management.tellOfExpiries()
    #expect(try await mails(world).isEmpty)
    world.clock.advance(seconds: 400 * Self.day)
    try await world.management.tellOfExpiries()
    #expect(try await mails(world).isEmpty)
    world.clock.advance(seconds: -400 * Self.day)
    try await world.management.tellOfExpiries()
    world.clock.advance(seconds: 4 * Self.day + 1)
    try await world.management.tellOfExpiries()
    #expect(try await mails(world).count == 1)
  }

  @Test("Without anybody to tell the mail is kept for the operator, who reads it")
  func kept() async throws {
    let world = try await World()
    let account = try await world.account()
    try await world.store.write { tx in
      try world.management.tellOfQuotas(
        [
          QuotaNotice(
            subject: QuotaSubject(id: account.bits, account: account), scope: .account,
            percent: 80, limit: 100, used: 80, dayStart: world.clock.now())
        ], tx)
    }
    let answer = try await world.management.listMails(OwnerQuery(), PageRequest(), by: .local)
    let mail = try #require(answer.body?["data"]?.array?.first)
    #expect(mail["state"] == "kept" && mail["to"] == .null)
    #expect(mail["kind"] == "quota_reached")
    #expect(mail["text"]?.string?.contains("Calls: 100") == true)
  }
}
