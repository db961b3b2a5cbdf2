// The one writer of the record table: turns record changes into rows. Control plane only; it may
// take microseconds, readers never notice.
import KeyModel
import Synchronization

struct TableWriter: Sendable {
  /// Rows and dead rows of each segment, and the rows alone.
  private var used = [Int](repeating: 0, count: SharedTables.segments)
  private var live = [Int](repeating: 0, count: SharedTables.segments)
  private var accountNumbers = NumberAllocator()
  private var applicationNumbers = NumberAllocator()
  private var detailNumbers = NumberAllocator()
  private var accounts: [AccountID: UInt32] = [:]
  private var applications: [ApplicationID: UInt32] = [:]
  private var retirements = Retirements()
  /// The newest environment and its number: most keys are of few.
  private var environment: (name: String, number: UInt16)?

  var versionCount: Int { live.reduce(0, +) }

  mutating func apply(
    _ change: RecordChange, _ shared: SharedTables, _ directory: ProjectDirectory, _ epochs: Epochs
  ) {
    switch change {
    case .project(let project): directory.put(project)
    case .projectRemoved(let id): removeProject(id, shared, directory)
    case .account(let account): put(account, shared, directory)
    case .accountRemoved(let id): removeAccount(id, shared)
    case .key(let key): put(key, shared, directory)
    case .keyRemoved(let id): removeRows(shared) { $0.keyID == id }
    case .operatorKey(let key): directory.put(key)
    case .operatorKeyRemoved(let id): directory.remove(id)
    }
    reclaim(shared, epochs)
  }

  mutating func put(
    _ keys: ArraySlice<KeyRecord>, _ shared: SharedTables, _ directory: ProjectDirectory,
    _ epochs: Epochs
  ) {
    // In place: to take a record out would count five references, and back.
    keys.withUnsafeBufferPointer { keys in
      for at in keys.indices { put(keys[at], shared, directory) }
    }
    reclaim(shared, epochs)
  }

  mutating func keepOnly(
    _ present: PresentRecords, _ shared: SharedTables, _ directory: ProjectDirectory,
    _ epochs: Epochs
  ) {
    let held = directory.snapshot()
    for id in held.operatorKeys.keys where !present.operatorKeys.contains(id) {
      directory.remove(id)
    }
    for id in held.numbers.keys where !present.projects.contains(id) {
      removeProject(id, shared, directory)
    }
    for id in accounts.keys where !present.accounts.contains(id) { removeAccount(id, shared) }
    removeRows(shared) { !present.lookups.contains($0.lookup) }
    reclaim(shared, epochs)
  }

  mutating func reserve(versions: Int, _ shared: SharedTables, _ epochs: Epochs) {
    // Hashing spreads evenly, but not exactly: 3 % and a few more than a fair share each.
    let share = versions / SharedTables.segments
    let places = share + share / 32 + 64
    for segment in 0..<SharedTables.segments where places > live[segment] {
      rebuild(segment, places: places + places / 8, shared)
    }
    reclaim(shared, epochs)
  }

  // MARK: Projects and accounts

  private mutating func removeProject(
    _ id: ProjectID, _ shared: SharedTables, _ directory: ProjectDirectory
  ) {
    guard let number = directory.remove(id) else { return }
    for (id, account) in accounts where shared.accounts[account].pointee.project == number {
      removeAccount(id, shared)
    }
  }

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
    removeRows(shared) { $0.account == number }
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
    let environment = number(ofEnvironment: key.environment, directory)
    for version in key.versions {
      let row = Row(
        lookup: version.lookup, versionHigh: UInt64(truncatingIfNeeded: version.id.bits >> 64),
        versionLow: UInt64(truncatingIfNeeded: version.id.bits),
        keyHigh: UInt64(truncatingIfNeeded: key.id.bits >> 64),
        keyLow: UInt64(truncatingIfNeeded: key.id.bits),
        acceptedUntil: version.acceptedUntil?.microseconds ?? .max,
        expiresAt: key.expiresAt?.microseconds ?? .max, account: account,
        application: number(of: key.applicationID, shared), detail: makeDetail(key, shared),
        mark: RowMark(
          environment: environment, kind: key.kind, access: key.access, state: version.state,
          revoked: key.revoked, algorithm: version.algorithm))
      put(row, shared)
    }
    for lookup in key.formerLookups { remove(lookup, shared) }
  }

  private mutating func number(of id: ApplicationID, _ shared: SharedTables) -> UInt32 {
    if let number = applications[id] { return number }
    let number = applicationNumbers.allocate(in: shared.applications)
    shared.applications[number].initialize(to: id.bits)
    applications[id] = number
    return number
  }

  private mutating func number(
    ofEnvironment name: String, _ directory: ProjectDirectory
  ) -> UInt16 {
    if let environment, environment.name == name { return environment.number }
    let number = directory.intern(environment: name)
    environment = (name, number)
    return number
  }

  private mutating func makeDetail(_ key: KeyRecord, _ shared: SharedTables) -> UInt32 {
    guard key.publicID != nil || !key.routes.isEmpty else { return 0 }
    let fields = [key.publicID ?? ""] + key.routes.flatMap { [$0.method, $0.path] }
    let number = detailNumbers.allocate(in: shared.details)
    shared.details[number].initialize(to: Blob.make(fields.map { Array($0.utf8) }))
    return number
  }

  /// The new row is found before the old one is buried: at no moment is there none.
  private mutating func put(_ row: Row, _ shared: SharedTables) {
    let number = SharedTables.segment(of: row.lookup)
    if (used[number] + 1) * 8 > shared.segment(number).places * 7 {
      rebuild(number, places: (live[number] + 1) * 4 / 3 + 32, shared)
    }
    let segment = shared.segment(number)
    let old = segment.find(row.lookup, segment.candidate(row.lookup))
    segment.insert(row)
    used[number] += 1
    live[number] += 1
    if let old { bury(old.row, in: number, shared) }
  }

  private mutating func remove(_ lookup: Lookup, _ shared: SharedTables) {
    let number = SharedTables.segment(of: lookup)
    let segment = shared.segment(number)
    if let old = segment.find(lookup, segment.candidate(lookup)) {
      bury(old.row, in: number, shared)
    }
  }

  private mutating func removeRows(_ shared: SharedTables, _ condemned: (Row) -> Bool) {
    for number in 0..<SharedTables.segments {
      let segment = shared.segment(number)
      for place in 0..<segment.places {
        let row = segment.row(place)
        if Segment.mark(row).isLive, condemned(row.pointee) { bury(row, in: number, shared) }
      }
    }
  }

  private mutating func bury(
    _ row: UnsafeMutablePointer<Row>, in number: Int, _ shared: SharedTables
  ) {
    if row.pointee.detail != 0 { retirements.add(.detail(row.pointee.detail)) }
    shared.segment(number).bury(row)
    live[number] -= 1
  }

  /// The same rows in new memory, without the dead ones.
  private mutating func rebuild(_ number: Int, places: Int, _ shared: SharedTables) {
    let old = shared.segment(number)
    let new = Segment(places: places)
    for place in 0..<old.places where Segment.mark(old.row(place)).isLive {
      var row = old.row(place).pointee
      row.mark = Segment.mark(old.row(place))
      new.insert(row)
    }
    used[number] = live[number]
    shared.publish(new, as: number)
    retirements.add(.segment(old))
  }

  // MARK: Freeing

  private mutating func reclaim(_ shared: SharedTables, _ epochs: Epochs) {
    retirements.seal { epochs.advance() }
    guard !retirements.isEmpty else { return }
    let oldest = epochs.oldestVisible()
    while let retired = retirements.next(below: oldest) {
      switch retired {
      case .detail(let number):
        shared.details[number].pointee.memory.deallocate()
        detailNumbers.release(number)
      case .account(let number): accountNumbers.release(number)
      case .memory(let memory): memory.deallocate()
      case .segment(let segment): segment.destroy()
      }
    }
  }
}
