// The mail outbox on every engine.
import KeyModel
import Testing

@testable import Storage

extension Sample {
  /// Made now, so that it is older than what comes later.
  static func mail(_ number: Int, to recipient: String? = "a@example.com") -> Mail {
    Mail(
      id: MailID(now: now, random: UInt128(number)), projectID: id(1), accountID: id(1),
      kind: .cycleFailed, recipient: recipient,
      body: MailBody(subject: "s\(number)", text: "t\n✓", html: "<p>"), createdAt: now)
  }
}

@Suite struct MailConformance {
  private static let later = Sample.now.adding(seconds: 60)

  @Test(
    "mails are stored, listed by project and account, and forgotten", arguments: Backend.allCases)
  func life(_ backend: Backend) async throws {
    try await backend.withStore { store in
      try await store.addTenant()
      try await store.write { tx in
        try tx.mails.insert([Sample.mail(1), Sample.mail(2, to: nil), Sample.mail(3)])
        try #expect(tx.mails.find(Sample.mail(2).id) == Sample.mail(2, to: nil))
        let all = try tx.mails.list(project: Sample.id(1), account: Sample.id(1), limit: 9)
        #expect(all == [Sample.mail(3), Sample.mail(2, to: nil), Sample.mail(1)])
        let page = try tx.mails.list(before: Sample.mail(3).id, limit: 1)
        #expect(page == [Sample.mail(2, to: nil)])
        try #expect(tx.mails.list(project: Sample.id(2), limit: 9) == [])
        try #expect(tx.mails.purge(before: Sample.now, limit: 9) == 0)
        try #expect(tx.mails.purge(before: Self.later, limit: 2) == 2)
        try #expect(tx.mails.list(limit: 9) == [Sample.mail(3)])
      }
    }
  }

  @Test("a mail is claimed by one at a time, and an old claim is not heard")
  func claims() async throws {
    for backend in Backend.allCases {
      try await backend.withStore { store in
        try await store.addTenant()
        try await store.write { tx in
          let now = Sample.now
          try tx.mails.insert([Sample.mail(1), Sample.mail(2, to: nil)])
          try #expect(tx.mails.isDue(at: now.adding(seconds: -1)) == false)
          try #expect(tx.mails.isDue(at: now))
          let first = try #require(try tx.mails.claim(at: now, until: Self.later, limit: 9).first)
          #expect(first.mail == Sample.mail(1) && first.epoch == 1)
          try #expect(tx.mails.claim(at: now, until: Self.later, limit: 9) == [])
          try #expect(!tx.mails.isDue(at: now))
          var second = try #require(
            try tx.mails.claim(at: Self.later, until: Self.later, limit: 9).first)
          #expect(second.epoch == 2)
          var old = first
          old.mail.note(.refused("old"), at: now)
          try tx.mails.settle(old)
          try #expect(tx.mails.find(first.mail.id)?.state == .pending)
          second.mail.note(.accepted, at: Self.later)
          try tx.mails.settle(second)
          let sent = try #require(try tx.mails.find(first.mail.id))
          #expect(sent.state == .sent && sent.sentAt == Self.later && sent.tries == 1)
          try #expect(!tx.mails.isDue(at: Self.later.adding(seconds: 9_999)))
        }
      }
    }
  }
}
