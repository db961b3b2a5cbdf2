// The outbox's sender over a real store: what is due is sent, what fails is tried again, what
// another holds is left alone.
import KeyModel
import Storage
import Synchronization
import Testing

@testable import Delivery

@Suite("The sender of mails")
struct MailSenderTests {
  private static let start = Timestamp(seconds: 1_795_255_200)

  private final class Post: MailTransport {
    let sender = "keys@api.example"
    let taken = Mutex<[String]>([])
    let answer = Mutex<MailOutcome>(.accepted)
    var count: Int { taken.withLock { $0.count } }
    var recipients: Int { taken.withLock { Set($0).count } }

    func send(_ message: [UInt8], to recipient: String) async -> MailOutcome {
      let outcome = answer.withLock { $0 }
      if outcome == .accepted { taken.withLock { $0.append(recipient) } }
      return outcome
    }
  }

  private final class Clock: Sendable {
    let time = Mutex(start)
    func add(_ seconds: Int64) { time.withLock { $0 = $0.adding(seconds: seconds) } }
  }

  private let store: Store
  private let post = Post()
  private let clock = Clock()
  private let sender: MailSender

  init() async throws {
    store = try Store.open(.sqliteMemory)
    sender = MailSender(store: store, transport: post) { [clock] in clock.time.withLock { $0 } }
    try await store.write { tx in
      try tx.projects.insert(
        Project(
          id: ProjectID(bits: 1), slug: "p", name: "P", profile: "default", createdAt: Self.start))
      try tx.accounts.insert(
        Account(
          id: AccountID(bits: 1), projectID: ProjectID(bits: 1), name: "A", username: "a",
          clientID: "c", sealedClientSecret: [], createdAt: Self.start))
    }
  }

  private func add(_ mails: [Mail]) async throws {
    try await store.write { try $0.mails.insert(mails) }
  }

  private func states() async throws -> [Mail.State] {
    try await store.read { try $0.mails.list(limit: 200).map(\.state) }
  }

  @Test("Each mail is sent once, however many are due")
  func sends() async throws {
    try await add((1...45).map { Sample.mail($0, to: "m\($0)@example.com") })
    try await add([Sample.mail(46, to: nil)])
    try await sender.round()
    try await sender.round()
    #expect(post.recipients == 45)
    #expect(post.count == 45)
    #expect(try await states().count { $0 == .sent } == 45)
    #expect(try await states().count { $0 == .kept } == 1)
  }

  @Test("While the mail server is away mails wait; they are sent once it is back")
  func outage() async throws {
    post.answer.withLock { $0 = .postponed("away") }
    try await add([Sample.mail(1)])
    for _ in 0..<600 {
      try await sender.round()
      clock.add(60)
    }
    let waiting = try #require(try await store.read { try $0.mails.list(limit: 1).first })
    #expect(waiting.state == .pending && waiting.lastError == "away" && waiting.tries < 30)
    post.answer.withLock { $0 = .accepted }
    clock.add(3600)
    try await sender.round()
    #expect(post.count == 1)
  }

  @Test("What somebody claimed and never settled is sent after the claim has ended")
  func crash() async throws {
    try await add([Sample.mail(1)])
    let until = Self.start.adding(seconds: MailSender.claimSeconds)
    _ = try await store.write { try $0.mails.claim(at: Self.start, until: until, limit: 9) }
    try await sender.round()
    #expect(post.count == 0)
    clock.add(MailSender.claimSeconds)
    try await sender.round()
    #expect(post.count == 1)
  }

  @Test("Mails that waited for a mail server for more than three days are not sent any more")
  func stale() async throws {
    try await add([Sample.mail(1)])
    clock.add(Mail.longest + 1)
    try await sender.round()
    #expect(post.count == 0)
    #expect(try await states() == [.failed])
  }
}
