// DRAFT of Storage's surface; the real files replace it declaration by declaration.
package import KeyModel

package enum StoreLocation: Sendable, Hashable {
  case sqliteFile(path: String)
  case sqliteMemory
  /// `postgres://…` or `postgresql://…`
  case postgres(url: String)
}

package struct StoreCapabilities: Sendable, Hashable {
  /// Reads run beside writes on connections of their own.
  package var concurrentReads: Bool
  /// Other processes may write to the same database.
  package var sharedAmongProcesses: Bool
}

/// One database. Writing happens on one thread with one connection, reading on a few others.
package final class Store: Sendable {
  /// Opens or makes the database and brings its schema up to date. Blocking.
  package static func open(_ location: StoreLocation) throws(StoreError) -> Store { fatalError() }
  package var capabilities: StoreCapabilities { fatalError() }
  /// One transaction. `body` runs on the writer's thread, synchronously, perhaps more than once; it
  /// must have no effects outside the transaction. What it throws undoes its changes and is thrown
  /// here; otherwise this returns after the commit is durable. A statement that failed fails the
  /// whole body, caught or not.
  package func write<R: Sendable>(
    _ body: @escaping @Sendable (Transaction) throws -> R
  ) async throws -> R { fatalError() }
  /// One consistent snapshot; writing in `body` throws.
  package func read<R: Sendable>(
    _ body: @escaping @Sendable (Transaction) throws -> R
  ) async throws -> R { fatalError() }
  /// Finishes what is queued, checkpoints, closes the connections and ends the threads. Blocking.
  /// Later calls throw `closed`.
  package func close() { fatalError() }
  /// Writes everything but the request log to a new file as checksummed lines; one snapshot.
  package func dump(toFile path: String) async throws { fatalError() }
  /// Fills an empty, migrated store from a dump. Anything wrong leaves it empty.
  package func restore(fromFile path: String) async throws { fatalError() }
}

/// Confined to the thread that runs the body; must not escape from it.
package final class Transaction {
  package var projects: ProjectRepository { fatalError() }
  package var accounts: AccountRepository { fatalError() }
  package var applications: ApplicationRepository { fatalError() }
  package var keys: KeyRepository { fatalError() }
  package var operatorKeys: OperatorKeyRepository { fatalError() }
  package var audit: AuditRepository { fatalError() }
  package var idempotency: IdempotencyRepository { fatalError() }
  package var keyring: KeyringRepository { fatalError() }
  package var changes: ChangeRepository { fatalError() }
  package var usage: UsageRepository { fatalError() }
  package var meta: MetaRepository { fatalError() }
}

// All lists are newest first by id, `before` an id (exclusive), at most `limit` (1…200) rows.

package struct ProjectRepository {
  package func insert(_ project: Project) throws(StoreError) { fatalError() }
  /// `project.revision` is the one that was read; gives what is stored now, one revision later.
  package func update(_ project: Project) throws(StoreError) -> Project { fatalError() }
  package func find(_ id: ProjectID) throws(StoreError) -> Project? { fatalError() }
  package func find(slug: String) throws(StoreError) -> Project? { fatalError() }
  package func list(before: ProjectID? = nil, limit: Int) throws(StoreError) -> [Project] {
    fatalError()
  }
  /// Every project, oldest first.
  package func all() throws(StoreError) -> [Project] { fatalError() }
  package func count() throws(StoreError) -> Int64 { fatalError() }
  /// With its accounts, applications and keys. False where there was none.
  package func delete(_ id: ProjectID) throws(StoreError) -> Bool { fatalError() }
}

package struct AccountRepository {
  package func insert(_ account: Account) throws(StoreError) { fatalError() }
  package func update(_ account: Account) throws(StoreError) -> Account { fatalError() }
  package func find(_ id: AccountID) throws(StoreError) -> Account? { fatalError() }
  package func find(externalID: String, in project: ProjectID) throws(StoreError) -> Account? {
    fatalError()
  }
  package func find(clientID: String) throws(StoreError) -> Account? { fatalError() }
  package func list(
    project: ProjectID, before: AccountID? = nil, limit: Int
  ) throws(StoreError) -> [Account] { fatalError() }
  /// Every account of every project, oldest first.
  package func forEach(_ body: (Account) throws -> Void) throws { fatalError() }
  package func count(project: ProjectID) throws(StoreError) -> Int64 { fatalError() }
  /// With its applications and keys.
  package func delete(_ id: AccountID) throws(StoreError) -> Bool { fatalError() }
}

package struct ApplicationRepository {
  package func insert(_ application: Application) throws(StoreError) { fatalError() }
  package func update(_ application: Application) throws(StoreError) -> Application {
    fatalError()
  }
  package func find(_ id: ApplicationID) throws(StoreError) -> Application? { fatalError() }
  package func list(
    account: AccountID, before: ApplicationID? = nil, limit: Int
  ) throws(StoreError) -> [Application] { fatalError() }
  package func count(account: AccountID) throws(StoreError) -> Int64 { fatalError() }
  /// Hides it from find, list and count; its keys stay on record. False where there was none.
  package func remove(_ id: ApplicationID, at: Timestamp) throws(StoreError) -> Bool {
    fatalError()
  }
}

package struct KeyFilter: Sendable, Hashable {
  /// As the contract's `state`: expiry is judged at the given time.
  package enum Standing: Sendable, Hashable {
    case active(at: Timestamp)
    case expired(at: Timestamp)
    case revoked
  }
  package var account: AccountID
  package var application: ApplicationID?
  package var environment: String?
  package var kind: KeyKind?
  package var standing: Standing?
  package init(
    account: AccountID, application: ApplicationID? = nil, environment: String? = nil,
    kind: KeyKind? = nil, standing: Standing? = nil
  ) {
    self.account = account
    self.application = application
    self.environment = environment
    self.kind = kind
    self.standing = standing
  }
}

package struct KeyRepository {
  /// The key with all its versions.
  package func insert(_ key: Key) throws(StoreError) { fatalError() }
  /// The key's own row; versions and usage are left alone. `key.revision` is the one that was read.
  package func update(_ key: Key) throws(StoreError) -> Key { fatalError() }
  package func insert(_ version: KeyVersion) throws(StoreError) { fatalError() }
  /// By key id and number; `stale` where there is none.
  package func update(_ version: KeyVersion) throws(StoreError) { fatalError() }
  package func delete(_ version: KeyVersion) throws(StoreError) -> Bool { fatalError() }
  package func find(_ id: KeyID) throws(StoreError) -> Key? { fatalError() }
  package func find(lookup: Lookup) throws(StoreError) -> Key? { fatalError() }
  package func find(publicID: String, in project: ProjectID) throws(StoreError) -> Key? {
    fatalError()
  }
  package func list(
    _ filter: KeyFilter, before: KeyID? = nil, limit: Int
  ) throws(StoreError) -> [Key] { fatalError() }
  /// All that fit, oldest first; for changes of every key of an account or application.
  package func all(_ filter: KeyFilter) throws(StoreError) -> [Key] { fatalError() }
  /// How many fit; in a write transaction the answer holds until it ends.
  package func count(_ filter: KeyFilter) throws(StoreError) -> Int64 { fatalError() }
  /// 1, 2, 3 … per project; never given twice, unless the transaction is undone.
  package func nextPublicInteger(_ project: ProjectID) throws(StoreError) -> Int64 { fatalError() }
  /// Every key, oldest first, as the data plane needs it.
  package func forEachRecord(_ body: (KeyRecord) throws -> Void) throws { fatalError() }
  /// How many versions each pepper made the look-up value of.
  package func countByPepper() throws(StoreError) -> [Int64: Int64] { fatalError() }
}

package struct OperatorKeyRepository {
  package func insert(_ key: OperatorKey) throws(StoreError) { fatalError() }
  package func find(_ id: OperatorKeyID) throws(StoreError) -> OperatorKey? { fatalError() }
  package func find(lookup: Lookup) throws(StoreError) -> OperatorKey? { fatalError() }
  package func list(
    before: OperatorKeyID? = nil, limit: Int
  ) throws(StoreError) -> [OperatorKey] { fatalError() }
  package func all() throws(StoreError) -> [OperatorKey] { fatalError() }
  /// False where there is none or it is revoked already.
  package func revoke(_ id: OperatorKeyID, at: Timestamp) throws(StoreError) -> Bool {
    fatalError()
  }
  /// After a re-hash under another pepper.
  package func setLookup(
    _ lookup: Lookup, pepperID: Int64, of id: OperatorKeyID
  ) throws(StoreError) { fatalError() }
}

package struct AuditFilter: Sendable, Hashable {
  package var project: ProjectID?
  package var account: AccountID?
  /// Inclusive.
  package var from: Timestamp?
  /// Exclusive.
  package var to: Timestamp?
  package init(
    project: ProjectID? = nil, account: AccountID? = nil, from: Timestamp? = nil,
    to: Timestamp? = nil
  ) {
    self.project = project
    self.account = account
    self.from = from
    self.to = to
  }
}

package struct AuditRepository {
  /// `conflict(audit_sequence)` where the number is taken.
  package func append(_ entry: AuditEntry) throws(StoreError) { fatalError() }
  package func last() throws(StoreError) -> AuditEntry? { fatalError() }
  /// Newest first; `before` is a sequence number (exclusive).
  package func list(
    _ filter: AuditFilter, before: Int64? = nil, limit: Int
  ) throws(StoreError) -> [AuditEntry] { fatalError() }
  /// In the chain's order, from the entry after `after`.
  package func forEach(after: Int64 = 0, _ body: (AuditEntry) throws -> Void) throws {
    fatalError()
  }
}

/// What is remembered of a POST with an `Idempotency-Key`.
package struct IdempotencyMarker: Sendable, Hashable {
  /// Who asked: `operator:opk_…`, ….
  package var principal: String
  package var route: String
  package var key: String
  /// 32 bytes over the request's body.
  package var fingerprint: [UInt8]
  /// Nil while the request is in flight.
  package var status: Int?
  package var body: String
  package var sealedSecret: [UInt8]?
  package var createdAt: Timestamp
  package var expiresAt: Timestamp
  package init(
    principal: String, route: String, key: String, fingerprint: [UInt8], status: Int? = nil,
    body: String = "", sealedSecret: [UInt8]? = nil, createdAt: Timestamp, expiresAt: Timestamp
  ) {
    self.principal = principal
    self.route = route
    self.key = key
    self.fingerprint = fingerprint
    self.status = status
    self.body = body
    self.sealedSecret = sealedSecret
    self.createdAt = createdAt
    self.expiresAt = expiresAt
  }
}

package struct IdempotencyRepository {
  /// False where one with the same principal, route and key is there already (expired ones too).
  package func insertIfAbsent(_ marker: IdempotencyMarker) throws(StoreError) -> Bool {
    fatalError()
  }
  package func find(
    principal: String, route: String, key: String
  ) throws(StoreError) -> IdempotencyMarker? { fatalError() }
  /// Stores status, body and sealed secret of `marker`; `stale` where it is not there.
  package func complete(_ marker: IdempotencyMarker) throws(StoreError) { fatalError() }
  package func delete(principal: String, route: String, key: String) throws(StoreError) -> Bool {
    fatalError()
  }
  /// Erases sealed secrets of markers made before; gives how many.
  package func eraseSecrets(createdBefore: Timestamp) throws(StoreError) -> Int { fatalError() }
  /// Deletes what expired at or before `now`; gives how many.
  package func purge(expiredAt now: Timestamp) throws(StoreError) -> Int { fatalError() }
}

package struct KeyringRepository {
  /// One more than any id ever inserted; begins at 1.
  package func nextID() throws(StoreError) -> Int64 { fatalError() }
  package func insert(_ key: WrappedKey) throws(StoreError) { fatalError() }
  package func find(_ id: Int64) throws(StoreError) -> WrappedKey? { fatalError() }
  /// Not retired ones, oldest first.
  package func live(
    purpose: String, account: AccountID? = nil
  ) throws(StoreError) -> [WrappedKey] { fatalError() }
  /// Every key without an account, retired ones too, oldest first.
  package func house() throws(StoreError) -> [WrappedKey] { fatalError() }
  package func retire(_ id: Int64, at: Timestamp) throws(StoreError) -> Bool { fatalError() }
  package func delete(_ id: Int64) throws(StoreError) -> Bool { fatalError() }
  /// How many keys each master key wraps, by its id.
  package func countByMasterKey() throws(StoreError) -> [String: Int64] { fatalError() }
  /// The next keys that another master key wraps, by id, after `after`.
  package func list(
    notWrappedBy masterKeyID: String, after: Int64 = 0, limit: Int
  ) throws(StoreError) -> [WrappedKey] { fatalError() }
  /// `stale` where there is no such key.
  package func rewrap(_ id: Int64, masterKeyID: String, wrapped: [UInt8]) throws(StoreError) {
    fatalError()
  }
}

package enum ChangeSubject: Sendable, Hashable {
  case project(ProjectID)
  case account(AccountID)
  case key(KeyID)
  case operatorKey(OperatorKeyID)
}

/// Something of the record stream changed, or is gone if its row is not there any more.
package struct Change: Sendable, Hashable {
  package var position: Int64
  package var subject: ChangeSubject
}

package struct ChangeRepository {
  /// Takes the next position; commits become visible in the order of positions.
  @discardableResult
  package func append(_ subject: ChangeSubject) throws(StoreError) -> Int64 { fatalError() }
  /// In order, from the one after `position`, at most `limit`.
  package func after(_ position: Int64, limit: Int) throws(StoreError) -> [Change] {
    fatalError()
  }
  /// The position given last; 0 in a new store.
  package func latest() throws(StoreError) -> Int64 { fatalError() }
  /// Changes at or below this position are not kept any more: who stands lower must load anew.
  package func trimmed() throws(StoreError) -> Int64 { fatalError() }
  /// Forgets changes below `position`; gives how many.
  package func trim(below position: Int64) throws(StoreError) -> Int { fatalError() }
}

/// Calls of one version since the last report, all of the UTC day of `lastUsedAt`.
package struct VersionUsage: Sendable, Hashable {
  package var keyID: KeyID
  package var versionID: VersionID
  package var lastUsedAt: Timestamp
  package var calls: Int64
  package init(keyID: KeyID, versionID: VersionID, lastUsedAt: Timestamp, calls: Int64) {
    self.keyID = keyID
    self.versionID = versionID
    self.lastUsedAt = lastUsedAt
    self.calls = calls
  }
}

package struct UsageRepository {
  /// Adds up; keys that are gone are passed over.
  package func add(_ usage: [VersionUsage]) throws(StoreError) { fatalError() }
}

/// Small facts about the database by name: schema canary, restore epoch, clock high-water mark.
package struct MetaRepository {
  package func find(_ name: String) throws(StoreError) -> String? { fatalError() }
  package func set(_ name: String, _ value: String) throws(StoreError) { fatalError() }
  package func delete(_ name: String) throws(StoreError) -> Bool { fatalError() }
}
