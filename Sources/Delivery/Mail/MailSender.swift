// Sends what is due in the mail outbox. A mail is claimed before it is sent and settled after: who
// dies in between leaves a claim that ends by itself, and the mail is sent again.
package import KeyModel
package import Storage

package actor MailSender {
  /// Longer than any attempt takes.
  static let claimSeconds: Int64 = 180
  private static let batch = 20

  private let store: Store
  private let transport: any MailTransport
  private let now: @Sendable () -> Timestamp
  package private(set) var totals = Totals()

  /// Attempts since the start, by what came of them.
  package struct Totals: Sendable, Hashable {
    package var accepted = 0
    package var postponed = 0
    package var refused = 0
    package init() {}

    fileprivate mutating func add(_ outcome: MailOutcome) {
      switch outcome {
      case .accepted: accepted += 1
      case .postponed: postponed += 1
      case .refused: refused += 1
      }
    }
  }

  package init(
    store: Store, transport: any MailTransport, now: @escaping @Sendable () -> Timestamp
  ) {
    self.store = store
    self.transport = transport
    self.now = now
  }

  /// Sends until nothing is due. To be called every second or so.
  package func round() async throws {
    while !Task.isCancelled {
      let due = now()
      guard try await store.read({ try $0.mails.isDue(at: due) }) else { return }
      let claimed = try await store.write { tx in
        try tx.mails.claim(
          at: due, until: due.adding(seconds: Self.claimSeconds), limit: Self.batch)
      }
      let settled = await attempt(claimed)
      try await store.write { tx in
        for one in settled { try tx.mails.settle(one) }
      }
    }
  }

  private func attempt(_ claimed: [ClaimedMail]) async -> [ClaimedMail] {
    let ended = await withTaskGroup(of: (ClaimedMail, MailOutcome).self) {
      [transport, now] group in
      for one in claimed {
        group.addTask {
          var settled = one
          let outcome = await Self.outcome(of: one.mail, transport, now())
          settled.mail.note(outcome, at: now())
          return (settled, outcome)
        }
      }
      return await group.reduce(into: []) { $0.append($1) }
    }
    for (_, outcome) in ended { totals.add(outcome) }
    return ended.map(\.0)
  }

  private static func outcome(
    of mail: Mail, _ transport: any MailTransport, _ now: Timestamp
  ) async -> MailOutcome {
    if mail.isStale(at: now) { return .refused("It could not be sent within three days.") }
    // The row may be older than the rule for addresses.
    guard let recipient = mail.recipient.flatMap({ EmailAddress.normalized($0) }) else {
      return .refused("The recipient is not a mail address.")
    }
    return await transport.send(
      MIMEMessage.bytes(of: mail, from: transport.sender, to: recipient), to: recipient)
  }
}
