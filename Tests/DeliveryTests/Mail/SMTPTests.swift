// Mails through a real SMTP server: with and without TLS and password, and what its refusals mean.
import Crypto
import Foundation
import KeyModel
import Testing

@testable import Delivery

@Suite("SMTP")
struct SMTPTests {
  private static let sender = "keys@api.example"
  private static let message = MIMEMessage.bytes(
    of: Sample.mail(subject: "Grüße\r\nBcc: x@example.com", text: ".\n..dot\nÄ=\n"), from: sender,
    to: "ann@example.com")

  private func mail(
    _ url: String, user: String? = nil, password: String? = nil, authorities: String? = nil,
    isLoopback: Bool = false
  ) throws -> (CurlMail, RunningTransport) {
    let running = try RunningTransport(authorities: authorities)
    let server = MailServer(
      url: url, user: user, password: password.map { Secret($0) }, sender: Self.sender,
      isLoopback: isLoopback)
    return (CurlMail(server, over: running.transport), running)
  }

  private static func sentence(_ outcome: MailOutcome) -> String? {
    if case .postponed(let sentence) = outcome { sentence } else { nil }
  }

  @Test("A mail arrives whole, its headers one line each, for its recipient alone")
  func plain() async throws {
    let server = try MailServerProcess()
    let (mail, running) = try mail("smtp://127.0.0.1:\(server.port)")
    #expect(await mail.send(Self.message, to: "ann@example.com") == .accepted)
    #expect(await mail.send(Self.message, to: "bob@example.com") == .accepted)
    withExtendedLifetime(running) {}
    #expect(server.mails.map(\.to) == [["<ann@example.com>"], ["<bob@example.com>"]])
    let taken = try #require(server.mails.first)
    #expect(taken.from == "<keys@api.example>" && !taken.tls && taken.user == nil)
    let head = taken.data.components(separatedBy: "\r\n\r\n")[0]
    #expect(!head.contains("Bcc") && head.contains("\r\nTo: <ann@example.com>\r\n"))
    #expect(taken.data.contains("\r\n.\r\n..dot\r\n=C3=84=3D\r\n"))
  }

  @Test("User and password go over STARTTLS only, from settings or the URL")
  func authenticated() async throws {
    let certificate = try Certificate()
    let server = try MailServerProcess(certificate, password: "pass word")
    for (url, user) in [("", "latchkey"), ("latchkey:pass%20word@", nil)] {
      let (mail, running) = try mail(
        "smtp://\(url)localhost:\(server.port)", user: user,
        password: user == nil ? nil : "pass word", authorities: certificate.file)
      #expect(await mail.send(Self.message, to: "ann@example.com") == .accepted)
      withExtendedLifetime(running) {}
    }
    #expect(server.mails.count == 2)
    #expect(server.mails.allSatisfy { $0.tls && $0.user == "latchkey" })
    let open = try MailServerProcess(password: "pass word")
    let (mail, running) = try mail(
      "smtp://localhost:\(open.port)", user: "latchkey", password: "pass word")
    let outcome = await mail.send(Self.message, to: "ann@example.com")
    withExtendedLifetime(running) {}
    #expect(Self.sentence(outcome)?.contains("no TLS") == true)
    #expect(open.mails.isEmpty)
  }

  @Test("A wrong password, an unknown certificate and a server that is away put a mail off")
  func postponed() async throws {
    let certificate = try Certificate()
    let server = try MailServerProcess(certificate, password: "right")
    for (password, authorities, words) in [
      ("wrong", certificate.file, "user and password"), ("right", nil, "not trusted"),
    ] {
      let (mail, running) = try mail(
        "smtp://localhost:\(server.port)", user: "u", password: password, authorities: authorities)
      let outcome = await mail.send(Self.message, to: "ann@example.com")
      withExtendedLifetime(running) {}
      #expect(Self.sentence(outcome)?.contains(words) == true, "\(outcome)")
      #expect(!"\(outcome)".contains(password))
    }
    let (mail, running) = try mail("smtp://127.0.0.1:1")
    let away = await mail.send(Self.message, to: "ann@example.com")
    withExtendedLifetime(running) {}
    #expect(Self.sentence(away) == "The mail server cannot be reached.")
  }

  @Test("A mailbox that does not exist is refused for good, one that is busy is tried again")
  func recipients() async throws {
    let server = try MailServerProcess()
    let (mail, running) = try mail("smtp://127.0.0.1:\(server.port)")
    #expect(
      await mail.send(Self.message, to: "refused@example.com")
        == .refused("The mail server refused it with 550."))
    #expect(Self.sentence(await mail.send(Self.message, to: "busy@example.com")) != nil)
    for address in ["a@b", "a@b.c>\r\nRCPT TO:<x@example.com", "a b@c.de", ""] {
      let outcome = await mail.send(Self.message, to: address)
      #expect(outcome == .refused("The recipient is not a mail address."), "\(address)")
    }
    #expect(await mail.send(Self.message, to: "ann@example.com") == .accepted)
    withExtendedLifetime(running) {}
    #expect(server.mails.count == 1)
  }
}

enum Sample {
  static func mail(
    _ number: Int = 1, to recipient: String? = "ann@example.com", subject: String = "s",
    text: String = "t", at time: Timestamp = Timestamp(seconds: 1_795_255_200)
  ) -> Mail {
    Mail(
      id: MailID(now: time, random: UInt128(number)), projectID: ProjectID(bits: 1),
      accountID: AccountID(bits: 1), kind: .cycleFailed, recipient: recipient,
      body: MailBody(subject: subject, text: text, html: "<p>x</p>"), createdAt: time)
  }
}
