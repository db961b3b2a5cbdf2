// Decides on calls. One per worker, confined to its thread: nothing it writes is shared.
import Crypto
import KeyModel

package final class Verifier {
  private let table: RecordTable
  private let shared: SharedTables
  private let epochs: Epochs
  private let reader: Int
  private var view: DirectoryView
  /// What every decision needs of the view, where no reference is counted.
  private let hot: UnsafeMutablePointer<Hot>
  private let ledger = UsageLedger()
  private var rehashes = RehashNotes()
  /// The newest operator key that was asked with: an operator's backend has one.
  private var newestGrant: (token: [UInt8], grant: OperatorGrant)?
  /// For decoded credentials; no longer one is ever accepted.
  private let scratch: UnsafeMutableRawBufferPointer

  package init(table: RecordTable) {
    self.table = table
    shared = table.shared
    epochs = table.epochs
    reader = table.epochs.register()
    view = DirectoryView(table.directory)
    hot = .allocate(capacity: 1)
    hot.initialize(to: Hot(view))
    scratch = .allocate(byteCount: 1536, alignment: 16)
  }

  deinit {
    hot.deallocate()
    scratch.deallocate()
  }

  private struct Hot {
    var generation: UInt64
    var newest: LookupHasher
    /// The pepper before, while keys made under it are still about.
    var older: LookupHasher?

    init(_ view: DirectoryView) {
      generation = view.generation
      newest = view.hashers[0]
      older = view.hashers.count > 1 ? view.hashers[1] : nil
    }
  }

  @inline(__always)
  private func refresh() {
    if hot.pointee.generation != table.directory.generation { renew() }
  }

  @inline(never)
  private func renew() {
    view = DirectoryView(table.directory)
    hot.pointee = Hot(view)
    newestGrant = nil
  }

  // MARK: Finding the project

  package func project(slug: UnsafeRawBufferPointer) -> ProjectView? {
    refresh()
    return view.project(slug: slug)
  }

  /// By its hosts or an environment's; else the only project there is.
  package func project(host: UnsafeRawBufferPointer) -> ProjectView? {
    refresh()
    return view.project(host: host)
  }

  /// What an `lk_op_…` token may ask; nil where no live operator key has it.
  package func operatorGrant(_ token: UnsafeRawBufferPointer) -> OperatorGrant? {
    refresh()
    if let newestGrant, newestGrant.token.withUnsafeBytes({ equalBytes($0, token) }) {
      return newestGrant.grant
    }
    for hasher in view.hashers {
      let lookup = hasher.lookup(of: token)
      guard let key = view.operatorKey(lookup), !key.revoked else { continue }
      let grant = OperatorGrant(mayVerify: key.mayVerify, boundTo: key.projectID)
      if hasher.pepperID == view.hashers[0].pepperID {
        newestGrant = (Array(token), grant)
      } else {
        note(.operatorKey(key.id), former: lookup, view.hashers[0].lookup(of: token))
      }
      return grant
    }
    return nil
  }

  // MARK: Deciding

  /// Reads the credential from the headers by the project's scheme and decides.
  package func decide(
    _ call: Call, headers: some HeaderSource, project: ProjectView
  ) -> Decision {
    switch project.scheme.read(headers, scratch: scratch) {
    case .nothing: return Decision(.missing)
    case .malformed: return Decision(.malformed)
    case .token(let token, let claim):
      var decision = decide(call, token: token, claim: claim, project: project)
      guard decision.code == .valid else { return decision }
      // Two credentials are never resolved by picking one.
      if carriesAnother(headers, call.query, project) { return Decision(.malformed) }
      if let code = decision.codeOfOverride,
        headers.hasField(readAsOneOf: MethodRule.overrideHeaders)
      {
        decision.code = code
      }
      return decision
    }
  }

  /// Decides for a bare token, as `POST /v1/verify {key}` gives it.
  package func decide(
    _ call: Call, token: UnsafeRawBufferPointer, project: ProjectView
  ) -> Decision {
    decide(call, token: token, claim: .none, project: project)
  }

  private func decide(
    _ call: Call, token: UnsafeRawBufferPointer, claim: Claim, project: ProjectView
  ) -> Decision {
    // Memory is asked for the row before the form is checked, and answers in the meantime.
    let lookup = hot.pointee.newest.lookup(of: token)
    epochs.enter(reader)
    defer { epochs.leave(reader) }
    let segment = shared.segment(SharedTables.segment(of: lookup))
    let candidate = segment.candidate(lookup)
    let isWellFormed = project.matcher.matches(token)
    guard isWellFormed || project.hasImports else { return Decision(.malformed) }
    if let found = segment.find(lookup, candidate) { return judge(found, call, claim, project) }
    if let older = hot.pointee.older?.lookup(of: token) {
      let segment = shared.segment(SharedTables.segment(of: older))
      if let found = segment.find(older, segment.candidate(older)) {
        let decision = judge(found, call, claim, project)
        if let known = decision.identity {
          note(.version(known.versionID, of: known.keyID), former: older, lookup)
        }
        return decision
      }
    }
    if project.hasImports, let found = findImported(token) {
      return judge(found, call, claim, project)
    }
    return Decision(isWellFormed ? .notFound : .malformed)
  }

  /// A key that is known by its SHA-256 only. To be asked inside an epoch, after the other look-ups
  /// have missed.
  @inline(never)
  private func findImported(_ token: UnsafeRawBufferPointer) -> Segment.Found? {
    guard !token.isEmpty, token.count <= TokenFormat.maximumLength else { return nil }
    let lookup = LookupHasher.sha256(of: token)
    let segment = shared.segment(SharedTables.segment(of: lookup))
    guard let found = segment.find(lookup, segment.candidate(lookup)), found.mark.isSHA256 else {
      return nil
    }
    return found
  }

  private func judge(
    _ found: Segment.Found, _ call: Call, _ claim: Claim, _ project: ProjectView
  ) -> Decision {
    let row = found.row
    let mark = found.mark
    let account = shared.accounts[row.pointee.account]
    let state = account.pointee.stateNow
    guard account.pointee.project == project.number, state & AccountRow.live != 0,
      matches(claim, row, account)
    else { return Decision(.notFound) }
    let identity = Identity(
      keyID: row.pointee.keyID, versionID: row.pointee.versionID,
      accountID: AccountID(bits: account.pointee.id),
      applicationID: ApplicationID(bits: shared.applications[row.pointee.application].pointee),
      environment: project.environment(interned: mark.environment), kind: mark.kind,
      access: mark.access, account: row.pointee.account,
      countersResetAtSecond: project.countersResetAtSecond)
    ledger.expect(identity.versionID)
    if let code = lifeCode(row, mark, state, call.now)
      ?? environmentCode(identity, call, project)
    {
      return Decision(code, identity)
    }
    return routeDecision(row, identity, call, project)
  }

  private func lifeCode(
    _ row: UnsafeMutablePointer<Row>, _ mark: RowMark, _ account: UInt8, _ now: Timestamp
  ) -> DecisionCode? {
    let now = now.microseconds
    if mark.revoked || !mark.mayBeAccepted || now >= row.pointee.acceptedUntil { return .revoked }
    if now >= row.pointee.expiresAt { return .expired }
    return account & AccountRow.suspended != 0 ? .accountSuspended : nil
  }

  private func environmentCode(
    _ identity: Identity, _ call: Call, _ project: ProjectView
  ) -> DecisionCode? {
    if identity.environment < 0 { return .wrongEnvironment }
    guard let selected = project.selectedEnvironment(of: call) else { return nil }
    return selected == identity.environment ? nil : .wrongEnvironment
  }

  private func routeDecision(
    _ row: UnsafeMutablePointer<Row>, _ identity: Identity, _ call: Call, _ project: ProjectView
  ) -> Decision {
    var decision = Decision(.valid, identity)
    if identity.access == .readOnly {
      decision.codeOfOverride = .readOnly
      if !MethodRule.isReading(call.method, query: call.query) { decision.code = .readOnly }
    }
    if decision.code == .valid, row.pointee.detail != 0 || identity.kind == .publishable {
      restrict(&decision, row, call, project)
    }
    if call.isIncomplete, decision.code == .valid {
      decision.unchecked = unchecked(row, identity, call, project)
    }
    return decision
  }

  /// What rules about this key ask of a call and this one leaves open.
  @inline(never)
  private func unchecked(
    _ row: UnsafeMutablePointer<Row>, _ identity: Identity, _ call: Call, _ project: ProjectView
  ) -> Unchecked {
    let hasRoutes =
      identity.kind == .publishable
      || row.pointee.detail != 0 && shared.details[row.pointee.detail].pointee.count > 1
    var asked: Unchecked = project.unselected(by: call)
    if hasRoutes { asked.formUnion([.method, .path]) }
    if identity.access == .readOnly { asked.insert(.method) }
    if !call.method.isEmpty { asked.remove(.method) }
    if !call.path.isEmpty { asked.remove(.path) }
    return asked
  }

  /// What the policy lets publishable keys call, and what the key's own routes let it.
  private func restrict(
    _ decision: inout Decision, _ row: UnsafeMutablePointer<Row>, _ call: Call,
    _ project: ProjectView
  ) {
    if decision.identity?.kind == .publishable {
      let allowed = project.publishableAllow
      if allowed.isEmpty {
        decision.code = .routeNotAllowed
      } else {
        apply(
          RouteFit(call) { fit in for route in allowed { fit.ask(route) } }, to: &decision, call)
      }
    }
    guard row.pointee.detail != 0 else { return }
    let detail = shared.details[row.pointee.detail].pointee
    // Fields of a detail: public id, then method and path of each route.
    let count = detail.count
    guard count > 1 else { return }
    let fit = RouteFit(call) { fit in
      for at in stride(from: 1, to: count, by: 2) {
        fit.ask(method: detail.field(at), path: detail.field(at + 1))
      }
    }
    apply(fit, to: &decision, call)
  }

  private func apply(_ fit: RouteFit, to decision: inout Decision, _ call: Call) {
    guard decision.code == .valid else { return }
    switch fit.result {
    case .anyMethod: break
    case .nothing: decision.code = .routeNotAllowed
    case .thisMethod:
      // The route was allowed for this method: the upstream must not take the call for another.
      decision.codeOfOverride = decision.codeOfOverride ?? .routeNotAllowed
      if let query = call.query, MethodRule.overridesMethod(query) {
        decision.code = .routeNotAllowed
      }
    }
  }

  private func matches(
    _ claim: Claim, _ row: UnsafeMutablePointer<Row>, _ account: UnsafeMutablePointer<AccountRow>
  ) -> Bool {
    if case .none = claim { return true }
    guard let names = account.pointee.names else { return false }
    switch claim {
    case .none: return true
    case .clientID(let id): return equalBytes(id, names.field(0))
    case .client(let id, let username):
      return equalBytes(id, names.field(0)) && equalBytes(username, names.field(1))
    case .publicID(let id):
      if row.pointee.detail != 0 {
        let publicID = shared.details[row.pointee.detail].pointee.field(0)
        if !publicID.isEmpty { return equalBytes(id, publicID) }
      }
      // A key without an id of the policy's own form goes by its own.
      return row.pointee.keyID.isSpelled(id)
    }
  }

  /// A live or past key of the project, whoever presents it.
  func isKey(_ token: UnsafeRawBufferPointer, of project: ProjectView) -> Bool {
    guard project.matcher.matches(token) || project.hasImports else { return false }
    if isKey(hot.pointee.newest.lookup(of: token), of: project) { return true }
    if let older = hot.pointee.older, isKey(older.lookup(of: token), of: project) { return true }
    guard project.hasImports else { return false }
    epochs.enter(reader)
    defer { epochs.leave(reader) }
    return findImported(token).map { isOf(project, $0) } ?? false
  }

  private func isKey(_ lookup: Lookup, of project: ProjectView) -> Bool {
    epochs.enter(reader)
    defer { epochs.leave(reader) }
    let segment = shared.segment(SharedTables.segment(of: lookup))
    return segment.find(lookup, segment.candidate(lookup)).map { isOf(project, $0) } ?? false
  }

  private func isOf(_ project: ProjectView, _ found: Segment.Found) -> Bool {
    shared.accounts[found.row.pointee.account].pointee.project == project.number
  }

  // MARK: After the decision

  /// Counts an admitted call for `calls_today` and the last-used times; no write, no lock.
  package func admit(_ identity: Identity, now: Timestamp) {
    ledger.add(
      key: identity.keyID, version: identity.versionID, now: now,
      day: MeterDay(of: now, beginningAtSecond: Int64(identity.countersResetAtSecond)))
  }

  /// Keeps in mind who presented the version, whatever was decided; no write, no lock.
  @inline(__always)
  package func witness(_ identity: Identity, _ seen: Presentation, now: Timestamp) {
    ledger.witness(key: identity.keyID, version: identity.versionID, seen, now: now)
  }

  private func note(_ subject: Rehash.Subject, former: Lookup, _ lookup: Lookup) {
    rehashes.add(
      Rehash(
        subject: subject, former: former, lookup: lookup,
        pepperID: hot.pointee.newest.pepperID))
  }

  /// Gives whoever was found under the pepper before since the last call, each once.
  package func takeRehashes() -> [Rehash] { rehashes.take() }

  /// True where `value` is one of the brands of the identity's account.
  package func isBrand(_ value: UnsafeRawBufferPointer, of identity: Identity) -> Bool {
    epochs.enter(reader)
    defer { epochs.leave(reader) }
    let account = shared.accounts[identity.account]
    guard account.pointee.id == identity.accountID.bits, let names = account.pointee.names else {
      return false
    }
    return (2..<max(2, names.count)).contains { equalBytes(value, names.field($0)) }
  }

  /// What waits to be taken: key versions with calls, and with a look-up value to be renewed.
  package var waiting: (usage: Int, rehashes: Int) { (ledger.used, rehashes.count) }

  /// Gives what `admit` and `witness` gathered since the last call and starts anew; nil where that
  /// is nothing.
  package func takeUsage() -> UsageLedger? {
    ledger.isEmpty ? nil : ledger.handOver()
  }
}

package struct OperatorGrant: Sendable {
  package let mayVerify: Bool
  /// The one project that the key may learn about; nil: all.
  package let boundTo: ProjectID?

  /// What a local caller may ask.
  package static let everything = OperatorGrant(mayVerify: true, boundTo: nil)
}
