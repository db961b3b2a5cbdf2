// A mail in the outbox, and when it is tried again. Pure: what an attempt came to is an argument.

package struct Mail: Hashable, Sendable {
  package enum State: UInt8, Sendable, CaseIterable {
    /// Waits for the next attempt, or for a mail server to be configured.
    case pending = 0
    case sent = 1
    case failed = 2
    /// The account has nobody to send it to: it is there for the operator to read.
    case kept = 3

    package var name: String {
      switch self {
      case .pending: "pending"
      case .sent: "sent"
      case .failed: "failed"
      case .kept: "kept"
      }
    }
  }

  package var id: MailID
  package var projectID: ProjectID
  package var accountID: AccountID
  package var kind: NoticeKind
  /// A normalized address; nil: nobody.
  package var recipient: String?
  package var body: MailBody
  package var state: State
  package var tries: Int64 = 0
  package var nextAttemptAt: Timestamp?
  /// What the last attempt met, in one sentence.
  package var lastError: String?
  package var createdAt: Timestamp
  package var sentAt: Timestamp?

  package init(
    id: MailID, projectID: ProjectID, accountID: AccountID, kind: NoticeKind, recipient: String?,
    body: MailBody, createdAt: Timestamp
  ) {
    self.id = id
    self.projectID = projectID
    self.accountID = accountID
    self.kind = kind
    self.recipient = recipient
    self.body = body
    self.createdAt = createdAt
    state = recipient == nil ? .kept : .pending
    nextAttemptAt = recipient == nil ? nil : createdAt
  }
}

/// What an attempt to send a mail came to.
package enum MailOutcome: Hashable, Sendable {
  case accepted
  /// For now: the server is away, busy, or not set up rightly.
  case postponed(String)
  /// For good: this mail will never be taken.
  case refused(String)
}

extension Mail {
  /// Seconds to the next attempt after the first, second, …; then the last again and again.
  package static let waits: [Int64] = [15, 60, 300, 900, 1800, 3600]
  /// What could not be sent for so long is news no more.
  package static let longest: Int64 = 3 * 86_400
  /// How long mails can be read.
  package static let keptDays: Int64 = 30

  package mutating func note(_ outcome: MailOutcome, at now: Timestamp) {
    guard state == .pending else { return }
    tries += 1
    switch outcome {
    case .accepted:
      (state, sentAt, nextAttemptAt, lastError) = (.sent, now, nil, nil)
    case .refused(let reason):
      (state, nextAttemptAt, lastError) = (.failed, nil, reason)
    case .postponed(let reason):
      lastError = reason
      let wait = Self.waits[Int(min(tries, Int64(Self.waits.count))) - 1]
      let next = now.adding(seconds: wait)
      if next > createdAt.adding(seconds: Self.longest) {
        (state, nextAttemptAt) = (.failed, nil)
      } else {
        nextAttemptAt = next
      }
    }
  }

  /// Too old to be sent at all: it waited for a mail server that nobody configured in time.
  package func isStale(at now: Timestamp) -> Bool {
    now > createdAt.adding(seconds: Self.longest)
  }
}
