// Sends mails while the server runs: looks into the outbox once a second. Without a mail server
// nothing is sent; mails are kept and can be read.
internal import Delivery
internal import KeyModel
internal import Storage

final class Mailing: Sendable {
  private let sender: MailSender
  private let task: Task<Void, Never>

  init(
    _ server: MailServer, _ store: Store, _ transport: CurlTransport,
    now: @escaping @Sendable () -> Timestamp, _ log: Log
  ) {
    let sender = MailSender(
      store: store, transport: CurlMail(server, over: transport), now: now)
    self.sender = sender
    task = Task {
      var isFailing = false
      while !Task.isCancelled {
        do {
          try await sender.round()
          isFailing = false
        } catch {
          if !isFailing { log.error("mails cannot be sent: \(Failure.line(error))") }
          isFailing = true
        }
        try? await Task.sleep(for: .seconds(1))
      }
    }
  }

  var totals: MailSender.Totals { get async { await sender.totals } }

  /// Begins nothing more.
  func close() { task.cancel() }

  /// After `close`, and after the transport was stopped.
  func ended() async { await task.value }
}
