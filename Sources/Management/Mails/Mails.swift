// Use cases on the mail outbox: the operator reads it, also where no mail server is configured.
package import KeyModel
internal import Storage

/// Whose mails or leaks are wanted.
package struct OwnerQuery: Sendable {
  /// A slug or an id.
  package var project: String?
  package var account: AccountID?
  package init() {}
}

extension UseCases {
  package func listMails(
    _ query: OwnerQuery, _ page: PageRequest, by principal: Principal
  ) async throws(Problem) -> Answer {
    try await read(.listMails, by: principal) { view in
      let project = try view.projectID(query.project)
      let rows = try view.tx.mails.list(
        project: project, account: query.account, before: page.before(), limit: page.limit + 1)
      return page.answer(rows, cursor: \.id.bits) { Represent.mail($0) }
    }
  }
}

extension Represent {
  static func mail(_ mail: Mail) -> JSONValue {
    [
      "id": .string(mail.id.description),
      "project_id": .string(mail.projectID.description),
      "account_id": .string(mail.accountID.description),
      "kind": .string(mail.kind.rawValue),
      "to": text(mail.recipient),
      "subject": .string(mail.body.subject),
      "text": .string(mail.body.text),
      "html": .string(mail.body.html),
      "state": .string(mail.state.name),
      "attempts": .integer(mail.tries),
      "last_error": text(mail.lastError),
      "created_at": time(mail.createdAt),
      "next_attempt_at": time(mail.nextAttemptAt),
      "sent_at": time(mail.sentAt),
    ]
  }
}
