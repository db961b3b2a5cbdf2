// A mail server that hangs does not hold up whoever stops, whatever it was about to say.
import Foundation
import KeyModel
import Synchronization
import TestSupport
import Testing

@testable import Delivery

@Suite("Mails that are cut off")
struct MailCutTests {
  /// A transport whose thread tells when it has ended.
  private final class Loop: Sendable {
    let mail: CurlMail
    private let transport: CurlTransport
    private let ended = Mutex<ContinuousClock.Instant?>(nil)

    init(port: UInt16) throws {
      let transport = try CurlTransport(allow: [])
      self.transport = transport
      let server = MailServer(
        url: "smtp://127.0.0.1:\(port)", sender: "keys@api.example", isLoopback: true)
      mail = CurlMail(server, over: transport)
      Thread.detachNewThread { [self] in
        transport.run()
        ended.withLock { $0 = .now }
      }
    }

    /// Seconds until the thread has ended; nil where that takes more than ten.
    func cut() async throws -> Double? {
      let begun = ContinuousClock.now
      transport.cut()
      return try await end().map { ($0 - begun) / .seconds(1) }
    }

    func drain() async throws -> Bool {
      transport.drain()
      return try await end() != nil
    }

    /// When the thread had ended, by its own clock: whoever waits may be late to hear of it.
    private func end() async throws -> ContinuousClock.Instant? {
      _ = try await wait { ended.withLock { $0 != nil } }
      return ended.withLock { $0 }
    }
  }

  private static func message(to recipient: String) -> [UInt8] {
    MIMEMessage.bytes(of: Sample.mail(), from: "keys@api.example", to: recipient)
  }

  private static func isCalled(_ listener: Int32) -> Bool {
    var descriptor = pollfd(fd: listener, events: Int16(POLLIN), revents: 0)
    return poll(&descriptor, 1, 0) == 1
  }

  @Test("A server that takes the connection and never greets holds nobody up")
  func silent() async throws {
    let (listener, port) = Loopback.listen()
    defer { close(listener) }
    let loop = try Loop(port: port)
    let sent = Task { await loop.mail.send(Self.message(to: "a@x.org"), to: "a@x.org") }
    // Waited for without a thread of the pool: who sends needs one.
    #expect(try await wait { Self.isCalled(listener) })
    let peer = try #require(Loopback.accept(listener))
    defer { close(peer) }
    let seconds = try #require(try await loop.cut())
    #expect(seconds < 5)
    #expect(await sent.value == .postponed("The server is stopping."))
  }

  @Test("A server that thinks before it takes the text gets no mail without one")
  func halfway() async throws {
    let server = try MailServerProcess()
    let loop = try Loop(port: UInt16(server.port))
    let sent = Task { await loop.mail.send(Self.message(to: "slow@x.org"), to: "slow@x.org") }
    #expect(try await wait { server.says("waits") })
    let seconds = try #require(try await loop.cut())
    #expect(seconds < 5)
    #expect(await sent.value == .postponed("The server is stopping."))
    #expect(try await wait { server.says("left") })
    #expect(server.mails.isEmpty)
  }

  @Test("A server that does not answer to a leave-taking is left all the same, and told")
  func leaving() async throws {
    let server = try MailServerProcess()
    do {
      let loop = try Loop(port: UInt16(server.port))
      #expect(await loop.mail.send(Self.message(to: "deaf@x.org"), to: "deaf@x.org") == .accepted)
      #expect(try await loop.drain())
    }
    #expect(try await wait { server.says("left") })
    #expect(server.says("quits") && !server.says("waited for"))
  }
}

/// At most ten seconds.
private func wait(_ isDone: () -> Bool) async throws -> Bool {
  for _ in 0..<1000 where !isDone() { try await Task.sleep(for: .milliseconds(10)) }
  return isDone()
}
