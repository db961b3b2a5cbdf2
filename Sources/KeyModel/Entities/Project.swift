// The control plane's other values: projects, accounts, applications, operator keys.

package struct Project: Hashable, Sendable {
  package var id: ProjectID
  /// `[a-z0-9-]`, 1 to 63 characters, unique.
  package var slug: String
  package var name: String
  /// The profile the policy began with.
  package var profile: String
  /// The RFC 7396 merge patch over the profile, as given.
  package var policyPatch: JSONValue
  /// `http(s)://host[:port][/prefix]`, nil where only verify and forward-auth are used.
  package var upstream: String?
  /// Host names (lower case, no port) by which the gateway finds this project.
  package var hosts: [String]
  /// How long the gateway waits for the upstream; nil: the server's setting.
  package var upstreamTimeoutSeconds: Int64?
  package var createdAt: Timestamp
  package var revision: Int64
  /// Keys from elsewhere were imported. Never taken back.
  package var hasImports: Bool

  package init(
    id: ProjectID, slug: String, name: String, profile: String, policyPatch: JSONValue = .null,
    upstream: String? = nil, hosts: [String] = [], upstreamTimeoutSeconds: Int64? = nil,
    createdAt: Timestamp, revision: Int64 = 1, hasImports: Bool = false
  ) {
    self.id = id
    self.slug = slug
    self.name = name
    self.profile = profile
    self.policyPatch = policyPatch
    self.upstream = upstream
    self.hosts = hosts
    self.upstreamTimeoutSeconds = upstreamTimeoutSeconds
    self.createdAt = createdAt
    self.revision = revision
    self.hasImports = hasImports
  }
}

package enum AccountState: UInt8, Sendable, CaseIterable {
  case active = 0
  case suspended = 1
  package var name: String { self == .active ? "active" : "suspended" }
}

package struct Account: Hashable, Sendable {
  package var id: AccountID
  package var projectID: ProjectID
  package var name: String
  package var externalID: String?
  package var plan: String?
  /// Sent with the key by schemes that name the account's user (`apikey user:key`).
  package var username: String
  /// One per account, the same in all its environments: 32 lower-case hexadecimal digits, or what
  /// the operator's system before had.
  package var clientID: String
  package var sealedClientSecret: [UInt8]
  package var brands: [String]
  package var state: AccountState
  package var createdAt: Timestamp
  package var revision: Int64

  package init(
    id: AccountID, projectID: ProjectID, name: String, externalID: String? = nil,
    plan: String? = nil, username: String, clientID: String, sealedClientSecret: [UInt8],
    brands: [String] = [], state: AccountState = .active, createdAt: Timestamp,
    revision: Int64 = 1
  ) {
    self.id = id
    self.projectID = projectID
    self.name = name
    self.externalID = externalID
    self.plan = plan
    self.username = username
    self.clientID = clientID
    self.sealedClientSecret = sealedClientSecret
    self.brands = brands
    self.state = state
    self.createdAt = createdAt
    self.revision = revision
  }
}

package struct Application: Hashable, Sendable {
  package var id: ApplicationID
  package var projectID: ProjectID
  package var accountID: AccountID
  package var name: String
  package var description: String
  /// The access of keys made with this application; nil: the key's own choice.
  package var access: Access?
  package var createdAt: Timestamp
  package var revision: Int64

  package init(
    id: ApplicationID, projectID: ProjectID, accountID: AccountID, name: String,
    description: String = "", access: Access? = nil, createdAt: Timestamp, revision: Int64 = 1
  ) {
    self.id = id
    self.projectID = projectID
    self.accountID = accountID
    self.name = name
    self.description = description
    self.access = access
    self.createdAt = createdAt
    self.revision = revision
  }
}

/// A credential of the operator for the management API: `lk_op_…`.
package struct OperatorKey: Hashable, Sendable {
  package var id: OperatorKeyID
  package var name: String
  package var lookup: Lookup
  package var pepperID: Int64
  package var hint: String
  /// Scope names as `Management` defines them.
  package var scopes: [String]
  /// Bound to one project: everything outside it answers 404.
  package var projectID: ProjectID?
  package var createdAt: Timestamp
  package var revokedAt: Timestamp?

  package init(
    id: OperatorKeyID, name: String = "", lookup: Lookup, pepperID: Int64, hint: String,
    scopes: [String], projectID: ProjectID? = nil, createdAt: Timestamp,
    revokedAt: Timestamp? = nil
  ) {
    self.id = id
    self.name = name
    self.lookup = lookup
    self.pepperID = pepperID
    self.hint = hint
    self.scopes = scopes
    self.projectID = projectID
    self.createdAt = createdAt
    self.revokedAt = revokedAt
  }
}

/// One control-plane change, chained by hash to the one before.
package struct AuditEntry: Hashable, Sendable {
  package var id: AuditID
  /// 1, 2, 3 … without gaps; the chain's order.
  package var sequence: Int64
  package var at: Timestamp
  /// `operator:opk_…`, `member:mem_…`, `key:key_…`, `local` (the command line on the data folder).
  package var actor: String
  /// `key.created`, `account.updated`, …: subject and past participle.
  package var action: String
  package var projectID: ProjectID?
  package var accountID: AccountID?
  /// The id of the thing that changed.
  package var subject: String
  /// JSON text of what changed; never a secret.
  package var detail: String
  /// Hash of the entry before (32 bytes; zeros for the first).
  package var previousHash: [UInt8]
  /// Hash over all fields above.
  package var hash: [UInt8]

  package init(
    id: AuditID, sequence: Int64, at: Timestamp, actor: String, action: String,
    projectID: ProjectID?, accountID: AccountID?, subject: String, detail: String,
    previousHash: [UInt8], hash: [UInt8]
  ) {
    self.id = id
    self.sequence = sequence
    self.at = at
    self.actor = actor
    self.action = action
    self.projectID = projectID
    self.accountID = accountID
    self.subject = subject
    self.detail = detail
    self.previousHash = previousHash
    self.hash = hash
  }
}
