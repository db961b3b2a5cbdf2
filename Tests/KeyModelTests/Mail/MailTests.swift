// Notices, their words, and when a mail is tried again.
import KeyModel
import Testing

@Suite("Mails")
struct MailTests {
  private static let now = Timestamp(seconds: 1_795_255_200)
  private static let hostile = "a<b>\"'&\r\nBcc: x@example.com\u{2028}\u{1b}[31m\u{202e}"

  static let notices: [Notice] = [
    .cyclingChanged(
      .changed, environment: hostile, endpoint: "https://e.example/secret?token=1", everyDays: 30),
    .cycleFailed(environment: hostile, endpoint: "https://e.example/secret", reason: hostile),
    .webhookFailed(
      name: hostile, url: "https://e.example?secret", eventType: hostile, reason: hostile),
    .webhookFailing(name: hostile, url: "https://e.example/secret", disabledAt: now),
    .webhookDisabled(name: hostile, url: "https://e.example/secret", reason: hostile),
    .keyExpiring(name: hostile, hint: "abcd", environment: hostile, days: 7, at: now),
    .quotaReached(percent: 80, limit: 100, scope: .account, resetsAt: now),
    .keyLeaked(
      name: hostile, hint: "abcd", environment: hostile, source: hostile, action: hostile),
  ]

  @Test("There is a notice of each kind")
  func kinds() {
    #expect(Set(Self.notices.map(\.kind)) == Set(NoticeKind.allCases))
  }

  @Test("No value adds a line, a tag or a direction of its own", arguments: notices)
  func inert(notice: Notice) {
    let body = MailBody(
      notice, project: Self.hostile, account: Self.hostile, link: "https://l.example/?a=1&b=\"")
    #expect(!body.subject.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x202e })
    for text in [body.text, body.html] {
      #expect(!text.contains("\r") && !text.contains("\u{1b}") && !text.contains("\u{2028}"))
      #expect(!text.contains("\u{202e}") && !text.contains("secret"))
      #expect(!text.split(separator: "\n").contains { $0.hasPrefix("Bcc") })
    }
    #expect(!body.html.contains("<b>") && body.html.contains("a&lt;b&gt;&quot;&#39;&amp;"))
    #expect(body.html.contains("https://l.example/?a=1&amp;b=&quot;"))
    #expect(body.text.contains("https://l.example/"))
  }

  @Test("The place of a leak is told with its path and without its query")
  func places() {
    for (source, shown) in [
      ("https://h.example/a/b.env?token=secret#L7", "https://h.example/a/b.env?…#L7"),
      ("https://h.example/a#L7?secret", "https://h.example/a#L7?…"), ("paste", "paste"),
      ("seen?", "seen?"),
    ] {
      let notice = Notice.keyLeaked(
        name: "n", hint: "abcd", environment: "e", source: source, action: "revoked")
      #expect(NoticeText(notice).facts.contains { $0.label == "Found" && $0.value == shown })
    }
  }

  @Test("Each knob of the policy switches its notices")
  func knobs() {
    var rules = NotifyRules()
    rules.autoCyclingChanged = true
    rules.webhookFailed = true
    #expect(Self.notices.allSatisfy { $0.isWanted(by: rules) })
    rules.autoCyclingChanged = false
    rules.cycleFailed = false
    rules.webhookFailed = false
    rules.webhookDisabled = false
    rules.keyExpiringDays = [30]
    rules.quotaPercent = [100]
    #expect(Self.notices.filter { $0.isWanted(by: rules) }.map(\.kind) == [.keyLeaked])
  }

  private func mail() -> Mail {
    Mail(
      id: MailID(bits: 1), projectID: ProjectID(bits: 1), accountID: AccountID(bits: 1),
      kind: .cycleFailed, recipient: "a@example.com",
      body: MailBody(subject: "", text: "", html: ""), createdAt: Self.now)
  }

  @Test("A mail that is put off is tried again, ever less often, for three days")
  func retries() {
    var mail = mail()
    var at = Self.now
    var waits: [Int64] = []
    while let next = mail.nextAttemptAt {
      if next > at { waits.append((next.microseconds - at.microseconds) / 1_000_000) }
      at = next
      mail.note(.postponed("away"), at: at)
    }
    #expect(waits.prefix(6) == [15, 60, 300, 900, 1800, 3600])
    #expect(waits.dropFirst(6).allSatisfy { $0 == 3600 })
    #expect(mail.state == .failed && mail.lastError == "away")
    #expect(at <= Self.now.adding(seconds: Mail.longest))
    #expect(at > Self.now.adding(seconds: Mail.longest - 3601))
  }

  @Test("What was sent or refused is over")
  func over() {
    var sent = mail()
    sent.note(.postponed("away"), at: Self.now)
    sent.note(.accepted, at: Self.now)
    #expect(sent.state == .sent && sent.sentAt == Self.now && sent.lastError == nil)
    sent.note(.refused("late"), at: Self.now)
    #expect(sent.state == .sent && sent.tries == 2)
    var refused = mail()
    refused.note(.refused("no such mailbox"), at: Self.now)
    #expect(refused.state == .failed && refused.nextAttemptAt == nil)
  }
}
