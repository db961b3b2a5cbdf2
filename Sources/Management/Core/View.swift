// How use cases get at stored objects: every way to one goes through the authorization of the
// operation, so that none can be reached without it.
internal import KeyModel
internal import Storage

struct View {
  let tx: Transaction
  let principal: Principal
  let operation: Operation

  func project(_ id: ProjectID) throws -> Project {
    try visible(id)
    guard let project = try tx.projects.find(id) else { throw Problem.notFound() }
    return project
  }

  /// Of the project's row; nil where there is none.
  func revision(_ id: ProjectID) throws -> Int64? {
    try visible(id)
    return try tx.projects.revision(id)
  }

  func project(slug: String) throws -> Project {
    guard ProjectRule.isSlug(slug), let project = try tx.projects.find(slug: slug) else {
      throw Problem.notFound()
    }
    try visible(project.id)
    return project
  }

  /// What a list is narrowed to: a slug, an id (what is deleted has no slug any more), or what the
  /// principal is bound to; nil: everything.
  func projectID(_ text: String?) throws -> ProjectID? {
    guard let text else { return principal.projectID }
    guard let id = ProjectID(text) else { return try project(slug: text).id }
    try visible(id)
    return id
  }

  func account(_ id: AccountID) throws -> Account {
    guard let account = try tx.accounts.find(id) else { throw Problem.notFound() }
    try visible(account.id, in: account.projectID)
    return account
  }

  func application(_ id: ApplicationID) throws -> Application {
    guard let application = try tx.applications.find(id) else { throw Problem.notFound() }
    try visible(application.accountID, in: application.projectID)
    return application
  }

  func member(_ id: MemberID) throws -> Member {
    guard let member = try tx.members.find(id) else { throw Problem.notFound() }
    try visible(member.accountID, in: member.projectID)
    return member
  }

  func webhook(_ id: WebhookID) throws -> Webhook {
    guard let webhook = try tx.webhooks.find(id) else { throw Problem.notFound() }
    try visible(webhook.accountID, in: webhook.projectID)
    return webhook
  }

  /// With its webhook and the type of its event.
  func delivery(_ id: DeliveryID) throws -> (Delivery, Webhook, eventType: String) {
    guard let (delivery, type) = try tx.deliveries.find(id) else { throw Problem.notFound() }
    return (delivery, try webhook(delivery.webhookID), type)
  }

  func key(_ id: KeyID) throws -> Key {
    guard let key = try tx.keys.find(id) else { throw Problem.notFound() }
    try visible(key.accountID, in: key.projectID)
    return key
  }

  func cycle(_ id: CycleID) throws -> Cycle {
    guard let cycle = try tx.cycles.find(id) else { throw Problem.notFound() }
    try visible(cycle.accountID, in: cycle.projectID)
    return cycle
  }

  /// 404 also where the key is another account's.
  func key(_ id: KeyID, of account: Account) throws -> Key {
    let key = try key(id)
    guard key.accountID == account.id else { throw Problem.notFound() }
    return key
  }

  /// Operator keys bound to a project are seen by principals of that project; the others only by
  /// principals that are not bound.
  func operatorKey(_ id: OperatorKeyID) throws -> OperatorKey {
    guard let key = try tx.operatorKeys.find(id) else { throw Problem.notFound() }
    guard principal.projectID == nil || principal.projectID == key.projectID else {
      throw Problem.notFound()
    }
    return key
  }

  private func visible(_ id: ProjectID) throws(Problem) {
    try principal.require(operation, on: .project(id))
  }

  private func visible(_ id: AccountID, in project: ProjectID) throws(Problem) {
    try principal.require(operation, on: .account(id, in: project))
  }
}
