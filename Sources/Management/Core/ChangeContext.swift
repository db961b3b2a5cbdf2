// What a change may use while it runs inside its transaction, and what it must leave behind: an
// audit entry for each thing it changed, and the subjects the data plane has to hear of.
internal import Crypto
internal import Delivery
internal import KeyModel
internal import Storage

struct ChangeContext {
  let view: View
  let now: Timestamp
  let entropy: any Entropy
  let policies: PolicyLibrary
  /// For links in mails.
  let publicURL: String?
  private(set) var notes: [AuditNote] = []
  private(set) var published: [Published] = []
  /// In whose queues there is something new.
  private(set) var woken: [WebhookID] = []
  /// The request was right but there was nothing left to do: no audit entry is owed.
  private(set) var isUnchanged = false

  var tx: Transaction { view.tx }
  var actor: String { view.principal.actor }

  init(
    view: View, now: Timestamp, entropy: any Entropy, policies: PolicyLibrary,
    publicURL: String? = nil
  ) {
    self.view = view
    self.now = now
    self.entropy = entropy
    self.policies = policies
    self.publicURL = publicURL
  }

  mutating func audit(
    _ action: String, project: ProjectID?, account: AccountID? = nil,
    subject: some CustomStringConvertible, _ detail: JSONObject = [:]
  ) {
    notes.append(
      AuditNote(
        action: action, projectID: project, accountID: account,
        subject: subject.description, detail: detail))
  }

  /// The data plane hears of it, and reads it from the store.
  mutating func publish(_ subject: ChangeSubject) {
    published.append(Published(subject: subject, record: nil))
  }

  /// The same with a key as it is stored now, all its versions included.
  mutating func publish(_ key: Key) {
    published.append(Published(subject: .key(key.id), record: .key(KeyRecord(key))))
  }

  mutating func nothingToDo() { isUnchanged = true }

  /// Tells the account's webhooks that subscribed to it, by way of the store: the event leaves
  /// only if this change is committed.
  /// - Parameter environment: nil: it concerns the account in all of them.
  mutating func emit(
    _ kind: EventKind, project: ProjectID, account: AccountID, environment: String? = nil,
    _ data: @autoclosure () throws -> JSONObject
  ) throws {
    woken += try outbox.write(
      kind.rawValue, project: project, account: account, environment: environment, try data())
  }

  var outbox: EventOutbox {
    EventOutbox(tx, now: now, entropy: entropy) { [policies, tx] id in
      guard let project = try tx.projects.find(id) else { throw Problem.notFound() }
      return try policies.policy(of: project).policy.webhooks
    }
  }

  /// Tells the account's members who should hear of it, where the policy wants it told: mails leave
  /// only if this change is committed.
  func mail(_ notice: Notice, project: ProjectID, account: AccountID) throws {
    try mails.write(notice, project: project, account: account)
  }

  var mails: MailOutbox {
    MailOutbox(tx, now: now, entropy: entropy, link: publicURL) { [policies] project in
      try policies.policy(of: project).policy
    }
  }

  mutating func wake(_ webhooks: [WebhookID]) { woken += webhooks }
}

struct Published: Sendable {
  var subject: ChangeSubject
  var record: RecordChange?
}

/// An audit entry before it has its place in the chain.
struct AuditNote: Sendable {
  var action: String
  var projectID: ProjectID?
  var accountID: AccountID?
  var subject: String
  var detail: JSONObject
}
