// Rows of the mail outbox. A claim is known by its epoch; what an older one learned is not heard.
package import KeyModel

/// A mail that somebody is sending.
package struct ClaimedMail: Hashable, Sendable {
  package var mail: Mail
  package var epoch: Int64
}

package struct MailRepository {
  private let transaction: Transaction
  init(_ transaction: Transaction) { self.transaction = transaction }

  private static let columns = """
    id, project_id, account_id, kind, recipient, subject, body_text, body_html, state, tries,
    next_attempt_at, last_error, created_at, sent_at
    """

  private static let inserts = MultiRowInsert(
    table: "mails", columns: columns + ", leased_until, epoch", count: 16)

  package func insert(_ mails: [Mail]) throws(StoreError) {
    try Self.inserts.run(in: transaction, rows: mails.count) { row, arguments in
      let mail = mails[row]
      arguments += [
        .id(mail.id), .id(mail.projectID), .id(mail.accountID), .text(mail.kind.rawValue),
        .text(mail.recipient), .text(mail.body.subject), .text(mail.body.text),
        .text(mail.body.html), .raw(mail.state), .integer(mail.tries), .time(mail.nextAttemptAt),
        .text(mail.lastError), .time(mail.createdAt), .time(mail.sentAt), .integer(0), .integer(0),
      ]
    }
  }

  /// Newest first; `before` is exclusive, `limit` at most 200.
  package func list(
    project: ProjectID? = nil, account: AccountID? = nil, before: MailID? = nil, limit: Int
  ) throws(StoreError) -> [Mail] {
    var conditions = Conditions()
    if let account { conditions.add("account_id = ?", .id(account)) }
    if let project { conditions.add("project_id = ?", .id(project)) }
    let page = conditions.newestFirst(before: before, limit: limit)
    return try transaction.rows(
      "SELECT \(Self.columns) FROM mails\(page)",
      conditions.arguments, Self.mail)
  }

  package func find(_ id: MailID) throws(StoreError) -> Mail? {
    try transaction.row("SELECT \(Self.columns) FROM mails WHERE id = $1", [.id(id)], Self.mail)
  }

  /// Those that are due and that nobody holds, longest due first; the caller's until `end`.
  package func claim(
    at now: Timestamp, until end: Timestamp, limit: Int
  ) throws(StoreError) -> [ClaimedMail] {
    let due = try transaction.rows(
      """
      SELECT id FROM mails WHERE next_attempt_at <= $1 AND leased_until <= $1
      ORDER BY next_attempt_at, id LIMIT $2
      """, [.time(now), .integer(Int64(limit))]
    ) { (row: any Row) throws(StoreError) in try row.id(0, MailTag.self) }
    var claimed: [ClaimedMail] = []
    for id in due {
      let one = try transaction.rowChanging(
        """
        UPDATE mails SET leased_until = $2, epoch = epoch + 1 WHERE id = $1
        RETURNING \(Self.columns), epoch
        """, [.id(id), .time(end)]
      ) { (row: any Row) throws(StoreError) in
        ClaimedMail(mail: try Self.mail(row), epoch: try row.integer(14))
      }
      if let one { claimed.append(one) }
    }
    return claimed
  }

  /// Whether something is due that nobody holds.
  package func isDue(at now: Timestamp) throws(StoreError) -> Bool {
    try transaction.number(
      "SELECT count(*) FROM (SELECT 1 FROM mails WHERE next_attempt_at <= $1"
        + " AND leased_until <= $1 LIMIT 1) AS due", [.time(now)]) > 0
  }

  /// What an attempt came to; nothing where the claim is not the present one any more.
  package func settle(_ claimed: ClaimedMail) throws(StoreError) {
    let mail = claimed.mail
    try transaction.execute(
      """
      UPDATE mails SET state = $3, tries = $4, next_attempt_at = $5, last_error = $6,
        sent_at = $7, leased_until = 0
      WHERE id = $1 AND epoch = $2
      """,
      [
        .id(mail.id), .integer(claimed.epoch), .raw(mail.state), .integer(mail.tries),
        .time(mail.nextAttemptAt), .text(mail.lastError), .time(mail.sentAt),
      ])
  }

  /// The oldest `limit` of those made before `time`. Gives how many went.
  package func purge(before time: Timestamp, limit: Int) throws(StoreError) -> Int {
    try transaction.execute(
      "DELETE FROM mails WHERE id IN (SELECT id FROM mails WHERE id < $1 ORDER BY id LIMIT $2)",
      [.id(MailID(now: time, random: 0)), .integer(Int64(limit))])
  }

  private static func mail(_ row: any Row) throws(StoreError) -> Mail {
    guard let kind = NoticeKind(rawValue: try row.text(3)) else { throw .corrupt("a mail's kind") }
    var mail = Mail(
      id: try row.id(0), projectID: try row.id(1), accountID: try row.id(2), kind: kind,
      recipient: try row.optionalText(4),
      body: MailBody(subject: try row.text(5), text: try row.text(6), html: try row.text(7)),
      createdAt: try row.time(12))
    mail.state = try row.raw(8)
    mail.tries = try row.integer(9)
    mail.nextAttemptAt = try row.optionalTime(10)
    mail.lastError = try row.optionalText(11)
    mail.sentAt = try row.optionalTime(13)
    return mail
  }
}
