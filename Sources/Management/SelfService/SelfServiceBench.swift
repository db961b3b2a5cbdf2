// What a self-service request is about, read inside its transaction: the presented key, its account
// and policy, and the keys it may mean. The key is judged again here, because the one that was
// admitted may have been revoked or reset since.
internal import KeyModel
internal import Storage

struct SelfServiceBench {
  let account: Account
  let policy: Policy
  let service: SelfService
  private let presented: Key
  private let now: Timestamp

  /// Throws 401 where the presented key is not accepted any more, 404 where there is no such API.
  init(
    _ request: SelfServiceRequest, _ view: View, _ policies: PolicyLibrary, now: Timestamp
  ) throws {
    guard let key = try view.tx.keys.find(request.keyID), key.accountID == request.accountID,
      key.kind == .secret, key.standing(at: now) == .active,
      let version = key.versions.first(where: { $0.id == request.versionID }),
      version.isAccepted(at: now)
    else { throw Problem.unauthorized(invalidToken: true) }
    account = try view.account(key.accountID)
    guard account.state != .suspended else { throw Problem.unauthorized(invalidToken: true) }
    policy = try policies.policy(of: try view.project(account.projectID)).policy
    guard let service = policy.selfService else { throw Problem.notFound() }
    self.service = service
    presented = key
    self.now = now
  }

  /// Oldest first.
  func activeKeys(_ tx: Transaction) throws -> [Key] {
    try tx.keys.all(filter)
  }

  private var filter: KeyFilter {
    KeyFilter(account: account.id, environment: presented.environment, standing: .active(at: now))
  }

  /// Oldest first, one more than the page holds where there is a next one.
  func activeKeys(_ page: PageRequest, _ tx: Transaction) throws -> [Key] {
    try tx.keys.list(
      filter, after: page.cursor.map { KeyID(bits: $0) }, limit: page.limit + 1)
  }

  /// By the id that answers show. Throws 404 for whatever is not a live key of the same account and
  /// environment.
  func key(_ id: String, _ tx: Transaction) throws -> Key {
    let found =
      policy.publicID == nil
      ? try KeyID(id).flatMap { try tx.keys.find($0) }
      : try tx.keys.find(publicID: id, in: account.projectID)
        // A key that was made before the policy had public ids is shown by its own.
        ?? KeyID(id).flatMap { try tx.keys.find($0) }.flatMap { $0.publicID == nil ? $0 : nil }
    guard let found, found.accountID == account.id, found.state == .active,
      found.environment == presented.environment
    else { throw Problem.notFound() }
    return found
  }

  /// What the body asks for within the bounds of the presented key.
  func newKey(_ body: JSONObject) throws(Problem) -> NewKey {
    let accepts = service.create?.accepts ?? []
    for member in body.members where !accepts.contains(member.name) {
      throw .invalid(JSONPointer([member.name]).description, "is not a field of this request")
    }
    var fields = Fields(body)
    var new = try NewKey(&fields)
    new.environment = presented.environment
    new.kind = .secret
    new.applicationID = presented.applicationID
    new.routes = presented.routes
    new.access = new.access ?? presented.access
    if let end = presented.expiresAt { new.expiresAt = min(new.expiresAt ?? end, end) }
    return new
  }

  func detail(_ keys: Int) -> JSONObject {
    ["keys": .integer(Int64(keys)), "environment": .string(presented.environment)]
  }
}
