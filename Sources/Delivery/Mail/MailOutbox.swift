// Writes a notice into the store as mails, in the transaction of what it tells of: one for each
// member who should hear of it, so that no member sees another's address. Nothing is sent here.
package import Crypto
package import KeyModel
package import Storage

package struct MailOutbox {
  private let tx: Transaction
  private let now: Timestamp
  private let entropy: any Entropy
  private let link: String?
  private let policy: (Project) throws -> Policy

  /// - Parameters:
  ///   - link: `--public-url`; nil: mails have no link.
  ///   - policy: of a project, as this transaction sees it.
  package init(
    _ tx: Transaction, now: Timestamp, entropy: any Entropy, link: String?,
    policy: @escaping (Project) throws -> Policy
  ) {
    self.tx = tx
    self.now = now
    self.entropy = entropy
    self.link = link
    self.policy = policy
  }

  /// Nothing where the policy does not want it told. Where nobody of the account may hear of it, it
  /// is kept for the operator.
  package func write(_ notice: Notice, project id: ProjectID, account: AccountID) throws {
    guard let project = try tx.projects.find(id), let account = try tx.accounts.find(account) else {
      return
    }
    let policy = try policy(project)
    guard notice.isWanted(by: policy.notify) else { return }
    let body = MailBody(notice, project: project.name, account: account.name, link: link)
    let recipients = try tx.members.all(account: account.id).filter {
      policy.members.effective(role: $0.role, given: $0.permissions)
        .contains(notice.kind.permission)
    }.map { Optional($0.email) }
    try tx.mails.insert(
      (recipients.isEmpty ? [nil] : recipients).map { recipient in
        Mail(
          id: entropy.newID(now), projectID: id, accountID: account.id, kind: notice.kind,
          recipient: recipient, body: body, createdAt: now)
      })
  }
}
