// What a change may use while it runs inside its transaction, and what it must leave behind: an
// audit entry for each thing it changed, and the subjects the data plane has to hear of.
internal import Crypto
internal import KeyModel
internal import Storage

struct ChangeContext {
  let view: View
  let now: Timestamp
  let entropy: any Entropy
  private(set) var notes: [AuditNote] = []
  private(set) var published: [Published] = []
  /// The request was right but there was nothing left to do: no audit entry is owed.
  private(set) var isUnchanged = false

  var tx: Transaction { view.tx }
  var actor: String { view.principal.actor }

  init(view: View, now: Timestamp, entropy: any Entropy) {
    self.view = view
    self.now = now
    self.entropy = entropy
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
