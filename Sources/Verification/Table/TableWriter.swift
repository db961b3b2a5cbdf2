// The one writer of the record table: turns record changes into rows. Control plane only; it may
// take microseconds, readers never notice.
import KeyModel
import Synchronization

struct TableWriter: Sendable {
  private var byLookup = IndexWriter()
  /// From key ids to rows; readers never see it.
  private var byKey = IndexWriter()
  private var rowNumbers = NumberAllocator()
  private var accountNumbers = NumberAllocator()
  private var detailNumbers = NumberAllocator()
  private var accounts: [AccountID: UInt32] = [:]
  private var retirements = Retirements()

  var index: RowIndex { byLookup.index }
  var versionCount: Int { byLookup.live }

  mutating func apply(
    _ change: RecordChange, _ shared: SharedTables, _ directory: ProjectDirectory, _ epochs: Epochs
  ) {
    switch change {
    case .project(let project): directory.put(project)
    case .projectRemoved(let id):
      if let number = directory.remove(id) { removeAll(shared) { $0.project == number } }
    case .account(let account): put(account, shared, directory)
    case .accountRemoved(let id): removeAccount(id, shared)
    case .key(let key): put(key, shared, directory)
    case .keyRemoved(let id): replaceRows(of: id.bits, with: [], shared)
    case .operatorKey(let key): directory.put(key)
    case .operatorKeyRemoved(let id): directory.remove(id)
    }
    reclaim(shared, epochs)
  }

  mutating func reserve(versions: Int, _ shared: SharedTables, _ epochs: Epochs) {
    resizeLookup(entries: byLookup.live + versions, shared)
    byKey.resize(entries: byKey.live + versions) { hash(key: shared.rows[$0].pointee.keyID) }
      .destroy()
    reclaim(shared, epochs)
  }

  // MARK: Accounts

  private mutating func put(
    _ account: AccountRecord, _ shared: SharedTables, _ directory: ProjectDirectory
  ) {
    let names = [account.clientID, account.username] + account.brands
    let blob = Blob.make(names.map { Array($0.utf8) }).memory
    let state = AccountRow.live | (account.suspended ? AccountRow.suspended : 0)
    if let number = accounts[account.id] {
      let row = shared.accounts[number]
      if let old = row.pointee.blob.exchange(blob, ordering: .acquiringAndReleasing) {
        retirements.add(.memory(old))
      }
      row.pointee.state.store(state, ordering: .releasing)
    } else {
      let number = accountNumbers.allocate(in: shared.accounts)
      shared.accounts[number].initialize(
        to: AccountRow(
          id: account.id.bits, project: directory.number(of: account.projectID),
          state: Atomic(state), blob: Atomic(blob)))
      accounts[account.id] = number
    }
  }

  private mutating func removeAccount(_ id: AccountID, _ shared: SharedTables) {
    guard let number = accounts.removeValue(forKey: id) else { return }
    let account = shared.accounts[number]
    account.pointee.state.store(0, ordering: .releasing)
    removeAll(shared) { $0.account == number }
    if let blob = account.pointee.blob.exchange(nil, ordering: .acquiringAndReleasing) {
      retirements.add(.memory(blob))
    }
    retirements.add(.account(number))
  }

  // MARK: Keys

  private mutating func put(
    _ key: KeyRecord, _ shared: SharedTables, _ directory: ProjectDirectory
  ) {
    guard let account = accounts[key.accountID] else { return }
    let project = directory.number(of: key.projectID)
    let environment = directory.intern(environment: key.environment)
    let rows = key.versions.map { version in
      Row(
        lookup: version.lookup, versionID: version.id.bits, keyID: key.id.bits,
        applicationID: key.applicationID.bits, acceptedFrom: version.acceptedFrom.microseconds,
        acceptedUntil: version.acceptedUntil?.microseconds ?? .max,
        expiresAt: key.expiresAt?.microseconds ?? .max, account: account, project: project,
        detail: makeDetail(key, shared), environment: environment,
        flags: RowFlags(
          kind: key.kind, access: key.access, state: version.state, revoked: key.revoked
        ).bits)
    }
    replaceRows(of: key.id.bits, with: rows, shared)
  }

  private mutating func makeDetail(_ key: KeyRecord, _ shared: SharedTables) -> UInt32 {
    guard key.publicID != nil || !key.routes.isEmpty else { return 0 }
    let fields = [key.publicID ?? ""] + key.routes.flatMap { [$0.method, $0.path] }
    let number = detailNumbers.allocate(in: shared.details)
    shared.details[number].initialize(to: Blob.make(fields.map { Array($0.utf8) }))
    return number
  }

  /// Each look-up value goes over to its new row in one store; what is left of the old is unlinked.
  private mutating func replaceRows(of key: UInt128, with rows: [Row], _ shared: SharedTables) {
    var old = findRows(of: key, shared)
    for row in rows {
      let number = rowNumbers.allocate(in: shared.rows)
      shared.rows[number].initialize(to: row)
      if let at = old.firstIndex(where: { shared.rows[$0].pointee.lookup == row.lookup }) {
        byLookup.replace(hash(row.lookup), old: old[at], new: number)
        byKey.replace(hash(key: key), old: old[at], new: number)
        retire(old.remove(at: at), shared)
      } else {
        insert(row, number, shared)
      }
    }
    for number in old { unlink(number, shared) }
  }

  private func findRows(of key: UInt128, _ shared: SharedTables) -> [UInt32] {
    var found: [UInt32] = []
    _ = byKey.index.find(hash(key: key)) {
      if shared.rows[$0].pointee.keyID == key { found.append($0) }
      return false
    }
    return found
  }

  private mutating func insert(_ row: Row, _ number: UInt32, _ shared: SharedTables) {
    if byLookup.isCrowded { resizeLookup(entries: byLookup.live, shared) }
    if byKey.isCrowded {
      byKey.resize(entries: byKey.live) { hash(key: shared.rows[$0].pointee.keyID) }.destroy()
    }
    byLookup.insert(hash(row.lookup), row: number)
    byKey.insert(hash(key: row.keyID), row: number)
  }

  private mutating func resizeLookup(entries: Int, _ shared: SharedTables) {
    let old = byLookup.resize(entries: entries) { hash(shared.rows[$0].pointee.lookup) }
    shared.publish(byLookup.index)
    retirements.add(.index(old))
  }

  private mutating func removeAll(_ shared: SharedTables, _ condemned: (Row) -> Bool) {
    for number in 1..<rowNumbers.bound {
      let row = shared.rows[number].pointee
      if row.keyID != 0, condemned(row), isLinked(number, row) { unlink(number, shared) }
    }
  }

  /// False for a row that was replaced or unlinked already and only waits to be freed.
  private func isLinked(_ number: UInt32, _ row: Row) -> Bool {
    byLookup.index.find(hash(row.lookup)) { $0 == number } != nil
  }

  private mutating func unlink(_ number: UInt32, _ shared: SharedTables) {
    let row = shared.rows[number].pointee
    byLookup.replace(hash(row.lookup), old: number, new: nil)
    byKey.replace(hash(key: row.keyID), old: number, new: nil)
    retire(number, shared)
  }

  private mutating func retire(_ number: UInt32, _ shared: SharedTables) {
    let detail = shared.rows[number].pointee.detail
    if detail != 0 { retirements.add(.detail(detail)) }
    retirements.add(.row(number))
  }

  // MARK: Freeing

  private mutating func reclaim(_ shared: SharedTables, _ epochs: Epochs) {
    retirements.seal { epochs.advance() }
    guard !retirements.isEmpty else { return }
    let oldest = epochs.oldestVisible()
    while let retired = retirements.next(below: oldest) {
      switch retired {
      case .row(let number):
        shared.rows[number].pointee.keyID = 0
        rowNumbers.release(number)
      case .detail(let number):
        shared.details[number].pointee.memory.deallocate()
        detailNumbers.release(number)
      case .account(let number): accountNumbers.release(number)
      case .memory(let memory): memory.deallocate()
      case .index(let index): index.destroy()
      }
    }
  }
}

/// Look-up values are uniformly distributed already.
@inline(__always)
func hash(_ lookup: Lookup) -> UInt64 { lookup.words.0 }

/// Key ids begin with a time; their low half is random.
@inline(__always)
private func hash(key: UInt128) -> UInt64 {
  UInt64(truncatingIfNeeded: key) &* 0x9E37_79B9_7F4A_7C15
}
