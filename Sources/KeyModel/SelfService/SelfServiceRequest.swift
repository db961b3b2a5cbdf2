// A request of the self-service API and its outcome as values: the gateway makes the one and the
// control plane the other, so that neither has to know its counterpart.

/// What a key that was admitted asks about the keys of its account.
package struct SelfServiceRequest: Sendable, Hashable {
  package enum Action: Sendable, Hashable {
    case create, reset
    case list(Page)
    /// The id as the policy shows it, decoded.
    case delete(id: String)
  }
  /// As the query has it; nil where it says nothing.
  package struct Page: Sendable, Hashable {
    package var limit: String?
    package var cursor: String?
    package init(limit: String? = nil, cursor: String? = nil) {
      self.limit = limit
      self.cursor = cursor
    }
  }
  package var action: Action
  /// Who asks; checked again by whoever acts, since the gateway's decision may be out of date.
  package var keyID: KeyID
  package var versionID: VersionID
  package var accountID: AccountID
  package var projectID: ProjectID
  /// The members of the body; empty where there was none.
  package var body: JSONObject
  /// Method and path, and the key of the request's Idempotency-Key field.
  package var route: String
  package var idempotencyKey: String?

  package init(
    _ action: Action, key: KeyID, version: VersionID, account: AccountID, project: ProjectID,
    body: JSONObject = JSONObject(), route: String = "", idempotencyKey: String? = nil
  ) {
    self.action = action
    keyID = key
    versionID = version
    accountID = account
    projectID = project
    self.body = body
    self.route = route
    self.idempotencyKey = idempotencyKey
  }
}

package enum SelfServiceOutcome: Sendable, Hashable {
  /// Key objects of the contract, with `secret` where it may be shown; none after a removal.
  /// `next` is the cursor of the next page of a list, where there is one.
  case keys([JSONObject], next: String?, replayed: Bool)
  case refused(SelfServiceRefusal)
  /// The presented key is not accepted any more.
  case denied(DecisionCode)
}

package struct SelfServiceRefusal: Sendable, Hashable, Error {
  /// Stable; the policy words it.
  package var code: String
  package var status: Int
  /// Never holds a secret.
  package var message: String
  /// Methods that the path has.
  package var allow: [String]
  package var retryAfterSeconds: Int?

  package init(
    _ code: String, status: Int, _ message: String, allow: [String] = [],
    retryAfterSeconds: Int? = nil
  ) {
    self.code = code
    self.status = status
    self.message = message
    self.allow = allow
    self.retryAfterSeconds = retryAfterSeconds
  }
}
