// The control plane's use cases. This file holds what they share: the one way to change something
// and the one way to read. The use cases themselves are extensions, a folder per aggregate.
package import Crypto
package import Delivery
package import KeyModel
package import Storage
package import Verification

package final class UseCases: Sendable {
  let store: Store
  let vault: Vault
  let feed: RecordFeed
  let policies: PolicyLibrary
  let clock: any WallClock
  let entropy: any Entropy
  let chain: AuditChain
  /// Hears of failures that callers are told nothing about. They hold no secrets.
  private let report: @Sendable (any Error) -> Void
  private let inFlight = InFlight()
  let principals: PrincipalCache
  let rehashes = RehashQueue()
  /// What the data plane counted, on its way to the store.
  package let usage: UsageSettler
  /// Who presented which version, on its way to the store.
  package let callers: CallerSettler
  let requests: any RequestLog
  /// What the data plane holds of quotas.
  let quotaCells: QuotaCells
  /// Hears in whose queues there is something new.
  package let deliverySignal = DeliverySignal()
  /// For the few use cases that ask an endpoint something while the caller waits.
  let outbound: any OutboundTransport
  /// Of the secret scanner that may report; nil: none may.
  let scannerKeys: ScannerKeys?
  /// Where deliveries come from, as the operator wrote it.
  let outgoingAddresses: [String]
  /// For links in mails.
  let publicURL: String?

  /// - Parameters:
  ///   - counted: takes from the data plane what it counted since it was last asked.
  ///   - seen: takes from it who presented keys since it was last asked.
  ///   - requests: where its calls are on record.
  ///   - quotaCells: the data plane's.
  ///   - outbound: the way to customers' endpoints.
  ///   - outgoingAddresses: addresses or ranges that deliveries come from.
  package init(
    store: Store, vault: Vault, feed: RecordFeed, policies: PolicyLibrary, clock: any WallClock,
    entropy: any Entropy, counted: @escaping @Sendable () async -> [UsageDelta] = { [] },
    seen: @escaping @Sendable () async -> [CallerSighting] = { [] },
    requests: any RequestLog = NoRequestLog(),
    quotaCells: QuotaCells = QuotaCells(),
    outbound: any OutboundTransport = NoOutboundTransport(), outgoingAddresses: [String] = [],
    publicURL: String? = nil, scannerKeys: ScannerKeys? = nil,
    report: @escaping @Sendable (any Error) -> Void
  ) {
    usage = UsageSettler(
      store: store, clock: clock, writer: entropy.bytes(16), collect: counted)
    principals = PrincipalCache(isUsable: !store.capabilities.sharedAmongProcesses)
    self.requests = requests
    self.quotaCells = quotaCells
    self.outbound = outbound
    self.scannerKeys = scannerKeys
    self.outgoingAddresses = outgoingAddresses
    self.publicURL = publicURL
    callers = CallerSettler(
      store: store, clock: clock, writer: entropy.bytes(16), collect: seen)
    self.store = store
    self.vault = vault
    self.feed = feed
    self.policies = policies
    self.clock = clock
    self.entropy = entropy
    self.report = report
    chain = AuditChain(key: vault.keyring.auditKey())
  }

  /// For the answer to one request, and for what is logged about it.
  package func newRequestID() -> String {
    let id: RequestID = entropy.newID(clock.now())
    return id.description
  }

  /// Authorizes, runs `effect` in a transaction with its audit entries, change positions and
  /// idempotency marker, and answers once the data plane has applied it. What `effect` throws
  /// leaves nothing behind. It may run more than once.
  func change(
    _ operation: Operation, by caller: Caller,
    _ effect: @escaping @Sendable (inout ChangeContext) throws -> Answer
  ) async throws(Problem) -> Answer {
    try caller.principal.require(operation)
    let replay = caller.idempotency.map {
      Replay($0, principal: caller.principal, vault: vault)
    }
    if let replay, !inFlight.begin(replay.name) { throw .inFlight() }
    defer { if let replay { inFlight.end(replay.name) } }
    let now = clock.now()
    let outcome: Outcome
    do {
      outcome = try await store.write { [self] tx in
        try run(effect, operation, caller.principal, replay, now, tx)
      } committed: { [self] outcome in
        announce(outcome)
      }
    } catch {
      throw problem(error)
    }
    if let last = outcome.changes.last { try await apply(last.position) }
    return outcome.answer
  }

  /// Authorizes and runs `body` on one snapshot.
  func read<R: Sendable>(
    _ operation: Operation, by principal: Principal,
    _ body: @escaping @Sendable (View) throws -> R
  ) async throws(Problem) -> R {
    try principal.require(operation)
    do {
      return try await store.read { tx in
        try body(View(tx: tx, principal: principal, operation: operation))
      }
    } catch {
      throw problem(error)
    }
  }

  /// Runs `effect` as `change` would and undoes it: gives what the answer would be.
  func rehearse(
    _ operation: Operation, by principal: Principal,
    _ effect: @escaping @Sendable (inout ChangeContext) throws -> Answer
  ) async throws(Problem) -> Answer {
    try principal.require(operation)
    let now = clock.now()
    do {
      return try await store.write { [entropy, policies, publicURL] tx in
        var context = ChangeContext(
          view: View(tx: tx, principal: principal, operation: operation), now: now,
          entropy: entropy, policies: policies, publicURL: publicURL)
        throw Rehearsed(answer: try effect(&context))
      }
    } catch let rehearsed as Rehearsed {
      return rehearsed.answer
    } catch {
      throw problem(error)
    }
  }

  /// What the clock makes happen: events and mails, without a change that anybody asked for.
  func tell<R: Sendable>(
    _ body: @escaping @Sendable (inout ChangeContext) throws -> R
  ) async throws(Problem) -> R {
    let now = clock.now()
    do {
      let (result, woken) = try await store.write { [entropy, policies, publicURL] tx in
        var context = ChangeContext(
          view: View(tx: tx, principal: .local, operation: .getKey), now: now, entropy: entropy,
          policies: policies, publicURL: publicURL)
        return (try body(&context), context.woken)
      }
      if !woken.isEmpty { deliverySignal.wake(woken) }
      return result
    } catch {
      throw problem(error)
    }
  }

  func problem(_ error: any Error) -> Problem {
    let problem = Problem(storing: error)
    if problem.code.status >= 500 { report(error) }
    return problem
  }

  private struct Outcome: Sendable {
    var answer: Answer
    /// What the data plane has to hear.
    var changes: [PositionedChange] = []
    var concernsPrincipals = false
    var woken: [WebhookID] = []
  }

  private func announce(_ outcome: Outcome) {
    if outcome.concernsPrincipals { principals.empty() }
    feed.hear(outcome.changes)
    if !outcome.woken.isEmpty { deliverySignal.wake(outcome.woken) }
  }

  private func run(
    _ effect: @Sendable (inout ChangeContext) throws -> Answer, _ operation: Operation,
    _ principal: Principal, _ replay: Replay?, _ now: Timestamp, _ tx: Transaction
  ) throws -> Outcome {
    if let earlier = try replay?.begin(tx, now: now) { return Outcome(answer: earlier) }
    var context = ChangeContext(
      view: View(tx: tx, principal: principal, operation: operation), now: now, entropy: entropy,
      policies: policies, publicURL: publicURL)
    let answer = try effect(&context)
    guard context.isUnchanged || !context.notes.isEmpty else { throw MissingAudit() }
    try chain.append(
      context.notes, actor: principal.actor, at: now, entropy: entropy, to: tx)
    try replay?.complete(answer, tx, now: now, entropy: entropy)
    var outcome = Outcome(answer: answer, woken: context.woken)
    if context.published.isEmpty { return outcome }
    let first = try tx.changes.append(context.published.map(\.subject))
    outcome.changes = context.published.enumerated().map { at, published in
      PositionedChange(position: first + Int64(at), record: published.record)
    }
    outcome.concernsPrincipals = context.published.contains { $0.subject.concernsPrincipals }
    return outcome
  }

  func apply(_ position: Int64) async throws(Problem) {
    do {
      try await feed.reach(position)
    } catch {
      report(error)
      throw Problem(
        .unavailable, "The change is stored, but not known to be in force here yet.")
    }
  }
}

extension ChangeSubject {
  /// Who may do what is to be asked of the store again.
  fileprivate var concernsPrincipals: Bool {
    switch self {
    case .operatorKey, .project, .keyring: true
    case .account, .key: false
    }
  }
}

/// Thrown so that the transaction leaves nothing behind.
private struct Rehearsed: Error {
  var answer: Answer
}

/// A change that would have left no trace: a mistake of ours, and the change is refused for it.
struct MissingAudit: Error {}

extension Problem {
  /// What went wrong in a transaction, as far as the caller may know.
  init(storing error: any Error) {
    if let problem = error as? Problem {
      self = problem
      return
    }
    if let refusal = error as? Refusal {
      self.init(refusal)
      return
    }
    if case .refused(let refusal)? = error as? KeyEventError {
      self.init(refusal)
      return
    }
    switch error as? StoreError {
    case .conflict(Constraint.projectSlug):
      self.init(.slugTaken, "Another project has this slug.")
    case .conflict(Constraint.accountExternalID):
      self.init(.externalIDTaken, "Another account of the project has this external id.")
    case .conflict(Constraint.memberEmail): self = .emailTaken()
    case .conflict, .stale, .busy:
      self.init(.conflict, "Another change came in between. Try again.")
    case .unavailable, .full, .readOnly, .closed:
      self.init(.unavailable, "The store cannot be written or read now.")
      retryAfter = 1
    case .outcomeUnknown:
      self.init(.unavailable, "The change may or may not have been made: ask before you repeat it.")
    default:
      self.init(.internalError, "The failure is recorded under the request id.")
    }
  }
}
