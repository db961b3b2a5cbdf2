// What the control plane publishes and the data plane applies: records, never verdicts. State,
// expiry, access and limits are decided per call from these.

/// A change of what the data plane knows, in the order of its position.
package enum RecordChange: Sendable {
  case project(ProjectRecord)
  case projectRemoved(ProjectID)
  case account(AccountRecord)
  /// The account, its keys included.
  case accountRemoved(AccountID)
  case key(KeyRecord)
  case keyRemoved(KeyID)
  case operatorKey(OperatorKeyRecord)
  case operatorKeyRemoved(OperatorKeyID)
}

/// What the data plane needs to let an operator's backend ask it to verify.
package struct OperatorKeyRecord: Hashable, Sendable {
  package var id: OperatorKeyID
  package var lookup: Lookup
  package var mayVerify: Bool
  /// Bound to one project; nil: all.
  package var projectID: ProjectID?
  package var revoked: Bool
  package init(
    id: OperatorKeyID, lookup: Lookup, mayVerify: Bool, projectID: ProjectID?, revoked: Bool
  ) {
    self.id = id
    self.lookup = lookup
    self.mayVerify = mayVerify
    self.projectID = projectID
    self.revoked = revoked
  }
}

package struct ProjectRecord: Sendable {
  package var id: ProjectID
  package var slug: String
  /// The merged and validated policy document.
  package var policy: Policy
  package var upstream: String?
  package var hosts: [String]
  package var upstreamTimeoutSeconds: Int64?
  /// 32 bytes: the HMAC-SHA-256 key of `X-Latchkey-Assertion`.
  package var assertionKey: [UInt8]
  /// Keys were imported: a token of any form may be one, and some are found by their SHA-256.
  package var hasImports: Bool
  package init(
    id: ProjectID, slug: String, policy: Policy, upstream: String?, hosts: [String],
    upstreamTimeoutSeconds: Int64?, assertionKey: [UInt8], hasImports: Bool = false
  ) {
    self.id = id
    self.slug = slug
    self.policy = policy
    self.upstream = upstream
    self.hosts = hosts
    self.upstreamTimeoutSeconds = upstreamTimeoutSeconds
    self.assertionKey = assertionKey
    self.hasImports = hasImports
  }
}

package struct AccountRecord: Hashable, Sendable {
  package var id: AccountID
  package var projectID: ProjectID
  package var clientID: String
  package var username: String
  package var brands: [String]
  package var suspended: Bool
  package init(
    id: AccountID, projectID: ProjectID, clientID: String, username: String, brands: [String],
    suspended: Bool
  ) {
    self.id = id
    self.projectID = projectID
    self.clientID = clientID
    self.username = username
    self.brands = brands
    self.suspended = suspended
  }
}

/// A key with all versions that may still be presented, ended ones included: the caller of a
/// revoked key is told so. Its account's and project's records come before it in the stream.
package struct KeyRecord: Hashable, Sendable {
  package var id: KeyID
  package var publicID: String?
  package var projectID: ProjectID
  package var accountID: AccountID
  package var applicationID: ApplicationID
  package var environment: String
  package var kind: KeyKind
  package var access: Access
  package var routes: [RoutePattern]
  package var revoked: Bool
  package var expiresAt: Timestamp?
  package var versions: [VersionRecord]
  /// Look-up values that no version has any more: left behind by a change of pepper.
  package var formerLookups: [Lookup] = []
  /// Whether it is other than it was made.
  package var isChanged = false
  package init(
    id: KeyID, publicID: String? = nil, projectID: ProjectID, accountID: AccountID,
    applicationID: ApplicationID, environment: String, kind: KeyKind = .secret,
    access: Access = .full, routes: [RoutePattern] = [], revoked: Bool = false,
    expiresAt: Timestamp? = nil, versions: [VersionRecord]
  ) {
    self.id = id
    self.publicID = publicID
    self.projectID = projectID
    self.accountID = accountID
    self.applicationID = applicationID
    self.environment = environment
    self.kind = kind
    self.access = access
    self.routes = routes
    self.revoked = revoked
    self.expiresAt = expiresAt
    self.versions = versions
  }

  package init(_ key: Key) {
    self.init(
      id: key.id, publicID: key.publicID, projectID: key.projectID, accountID: key.accountID,
      applicationID: key.applicationID, environment: key.environment, kind: key.kind,
      access: key.access, routes: key.routes, revoked: key.state == .revoked,
      expiresAt: key.expiresAt, versions: key.versions.map(VersionRecord.init))
    formerLookups = key.versions.compactMap(\.formerLookup)
    isChanged = key.revision > 1
  }
}

package struct VersionRecord: Hashable, Sendable {
  package var id: VersionID
  package var lookup: Lookup
  package var algorithm: LookupAlgorithm
  package var state: VersionState
  package var acceptedFrom: Timestamp
  package var acceptedUntil: Timestamp?
  package init(
    id: VersionID, lookup: Lookup, algorithm: LookupAlgorithm = .blake2b,
    state: VersionState = .active, acceptedFrom: Timestamp, acceptedUntil: Timestamp? = nil
  ) {
    self.id = id
    self.lookup = lookup
    self.algorithm = algorithm
    self.state = state
    self.acceptedFrom = acceptedFrom
    self.acceptedUntil = acceptedUntil
  }

  package init(_ version: KeyVersion) {
    self.init(
      id: version.id, lookup: version.lookup, algorithm: version.algorithm,
      state: version.state, acceptedFrom: version.acceptedFrom,
      acceptedUntil: version.acceptedUntil)
  }
}
