// A key and its versions as the control plane keeps them. The rules of their lives are in
// Lifecycle/; what the data plane sees of them is Record/KeyRecord.swift.

/// `secret` or `publishable`. Raw values are stored.
@usableFromInline package enum KeyKind: UInt8, Sendable, CaseIterable {
  case secret = 0
  case publishable = 1
  @usableFromInline package var word: StaticString { self == .secret ? "secret" : "publishable" }
  package var name: String { word.description }
  package init?(name: String) {
    guard let value = Self.allCases.first(where: { $0.name == name }) else { return nil }
    self = value
  }
}

/// `full` or `read_only`. Raw values are stored.
@usableFromInline package enum Access: UInt8, Sendable, CaseIterable {
  case full = 0
  case readOnly = 1
  @usableFromInline package var word: StaticString { self == .full ? "full" : "read_only" }
  package var name: String { word.description }
  package init?(name: String) {
    guard let value = Self.allCases.first(where: { $0.name == name }) else { return nil }
    self = value
  }
}

/// What is stored of a key's life; `expired` is derived from `expiresAt` at reading time.
package enum KeyState: UInt8, Sendable, CaseIterable {
  case active = 0
  case revoked = 1
}

/// Raw values are stored. Legal moves are in Lifecycle/VersionLifecycle.swift.
@usableFromInline package enum VersionState: UInt8, Sendable, CaseIterable {
  case pending = 0
  case active = 1
  case retiring = 2
  case retired = 3
  case abandoned = 4
  case revoked = 5
  package var name: String {
    switch self {
    case .pending: "pending"
    case .active: "active"
    case .retiring: "retiring"
    case .retired: "retired"
    case .abandoned: "abandoned"
    case .revoked: "revoked"
    }
  }
}

/// How a look-up value was made from the token; raw values are stored.
@usableFromInline package enum LookupAlgorithm: UInt8, Sendable {
  /// BLAKE2b-256 keyed with a pepper.
  case blake2b = 0
  /// Plain SHA-256, for keys imported from elsewhere.
  case sha256 = 1
}

package struct Key: Hashable, Sendable {
  package var id: KeyID
  /// The vendor-shaped id (`PFK-…`, an integer as text) where the policy makes one.
  package var publicID: String?
  package var projectID: ProjectID
  package var accountID: AccountID
  package var applicationID: ApplicationID
  package var environment: String
  package var kind: KeyKind
  package var name: String
  package var description: String
  package var access: Access
  /// Empty: every route.
  package var routes: [RoutePattern]
  package var state: KeyState
  package var createdAt: Timestamp
  /// Who made it: `operator:opk_…`, `member:mem_…` or `key:key_…`.
  package var createdBy: String
  package var expiresAt: Timestamp?
  package var revokedAt: Timestamp?
  package var lastUsedAt: Timestamp?
  /// Admitted calls of the day `callsDay`, as its policy cut days then.
  package var calls: Int64
  package var callsDay: MeterDay
  /// Counts every change; an update names the revision it read.
  package var revision: Int64
  package var versions: [KeyVersion]

  package init(
    id: KeyID, publicID: String? = nil, projectID: ProjectID, accountID: AccountID,
    applicationID: ApplicationID, environment: String, kind: KeyKind = .secret, name: String = "",
    description: String = "", access: Access = .full, routes: [RoutePattern] = [],
    state: KeyState = .active, createdAt: Timestamp, createdBy: String,
    expiresAt: Timestamp? = nil, revokedAt: Timestamp? = nil, lastUsedAt: Timestamp? = nil,
    calls: Int64 = 0, callsDay: MeterDay = .never, revision: Int64 = 1, versions: [KeyVersion] = []
  ) {
    self.id = id
    self.publicID = publicID
    self.projectID = projectID
    self.accountID = accountID
    self.applicationID = applicationID
    self.environment = environment
    self.kind = kind
    self.name = name
    self.description = description
    self.access = access
    self.routes = routes
    self.state = state
    self.createdAt = createdAt
    self.createdBy = createdBy
    self.expiresAt = expiresAt
    self.revokedAt = revokedAt
    self.lastUsedAt = lastUsedAt
    self.calls = calls
    self.callsDay = callsDay
    self.revision = revision
    self.versions = versions
  }
}

package struct KeyVersion: Hashable, Sendable {
  package var id: VersionID
  package var keyID: KeyID
  /// 1 for the first version; never used again, also not after a rotation that failed.
  package var number: Int64
  package var state: VersionState
  package var lookup: Lookup
  package var algorithm: LookupAlgorithm
  /// Which pepper made `lookup`; 0 for algorithms without one.
  package var pepperID: Int64
  /// The last four characters of the secret.
  package var hint: String
  /// The secret, sealed, where policy lets it be shown again; nil otherwise.
  package var sealedSecret: [UInt8]?
  package var acceptedFrom: Timestamp
  /// Nil: no end.
  package var acceptedUntil: Timestamp?
  package var createdAt: Timestamp
  package var lastUsedAt: Timestamp?
  /// The look-up value under the pepper before, once a change of pepper has replaced it.
  package var formerLookup: Lookup?

  package init(
    id: VersionID, keyID: KeyID, number: Int64, state: VersionState, lookup: Lookup,
    algorithm: LookupAlgorithm = .blake2b, pepperID: Int64, hint: String,
    sealedSecret: [UInt8]? = nil, acceptedFrom: Timestamp, acceptedUntil: Timestamp? = nil,
    createdAt: Timestamp, lastUsedAt: Timestamp? = nil, formerLookup: Lookup? = nil
  ) {
    self.id = id
    self.keyID = keyID
    self.number = number
    self.state = state
    self.lookup = lookup
    self.algorithm = algorithm
    self.pepperID = pepperID
    self.hint = hint
    self.sealedSecret = sealedSecret
    self.acceptedFrom = acceptedFrom
    self.acceptedUntil = acceptedUntil
    self.createdAt = createdAt
    self.lastUsedAt = lastUsedAt
    self.formerLookup = formerLookup
  }
}
