// Brings reserved calls from the store to the data plane's cells, and unused ones back. All that is
// asked for at a time shares one transaction, which locks the quotas' rows alone. It must not
// decide on calls, and nothing reaches a cell before it is durable, in a row or in the term.
package import KeyModel
package import Storage
package import Verification

/// A share of a day's quota that was reached, once a day for each.
package struct QuotaNotice: Hashable, Sendable {
  package var subject: QuotaSubject
  package var scope: MeterScope
  package var percent: Int64
  package var limit: Int64
  /// Calls of the day that were made or are reserved for calls about to be.
  package var used: Int64
  package var dayStart: Timestamp

  package init(
    subject: QuotaSubject, scope: MeterScope, percent: Int64, limit: Int64, used: Int64,
    dayStart: Timestamp
  ) {
    self.subject = subject
    self.scope = scope
    self.percent = percent
    self.limit = limit
    self.used = used
    self.dayStart = dayStart
  }
}

package actor QuotaRefiller {
  /// Runs in the transaction that reserves: what it writes is there exactly if the notice is told.
  package typealias Outbox = @Sendable ([QuotaNotice], Transaction) throws -> Void

  private struct Plan: Sendable {
    var request: QuotaRequest
    var chunk: QuotaChunk
    var held: QuotaCells.Held
    var draft: QuotaDraft
  }

  private struct Outcome: Sendable {
    var answer: QuotaCells.Answer
    /// Nil where nothing changed.
    var written: QuotaRow?
  }

  /// Rows of one transaction: many, since the rows of one page are then written together; fewer
  /// where each is a journey of its own.
  private let batch: Int
  /// Rounds that a transaction may take before calls are told that the store is away.
  private static let patience = 8
  /// Rounds between two looks at idle subjects.
  private static let roundsPerLook = 8
  /// Rounds between two times that the log is folded: a minute.
  private static let roundsPerFold = 240

  let store: Store
  let cells: QuotaCells
  let clock: any WallClock
  private let outbox: Outbox
  /// Hears that the store is away, and that it is back.
  let report: @Sendable (any Error) -> Void
  private var loans: QuotaLoans
  private var log: QuotaLog
  var term = QuotaTerm.none
  /// Nil where no advances are given.
  var learning: Learning?
  /// The time, as the slowest clock of the term would have it.
  var earliest = Timestamp(microseconds: 0)
  private let foldStep: Int
  private var isWorking = false
  private var isGivingBack = false
  private var roundsOfFlight = 0
  private var rounds = 0
  package private(set) var totals = QuotaTotals()

  /// - Parameters:
  ///   - foldStep: rows of one step of folding: no change of a key waits longer than these take.
  ///   - report: hears that the store is away, and why rows cannot be folded.
  package init(
    store: Store, cells: QuotaCells, clock: any WallClock, foldStep: Int = Store.quotasPerFold,
    outbox: @escaping Outbox = { _, _ in }, report: @escaping @Sendable (any Error) -> Void
  ) {
    self.store = store
    batch = store.capabilities.statementsTravel ? 256 : 1_024
    self.cells = cells
    loans = QuotaLoans(isShared: cells.isShared)
    log = QuotaLog(isUsed: !cells.isShared)
    self.foldStep = foldStep
    self.clock = clock
    self.outbox = outbox
    self.report = report
  }

  // MARK: Reserving

  /// Puts down what a process that was killed had only logged. Before anything else is asked.
  package func begin() async throws {
    try await store.foldQuotas()
    if !cells.isShared { term = try await store.read { try $0.quotas.term().found } }
  }

  /// Until the cells are closed.
  package func run() async {
    for await _ in cells.calls { await work() }
  }

  /// Serves until nothing is asked for, or the store is away.
  package func work() async { await work(passes: .max) }

  /// What is left after so many passes is `run`'s.
  private func work(passes: Int) async {
    guard !isWorking else { return }
    isWorking = true
    defer { isWorking = false }
    for _ in 0..<passes { guard await pass() else { return } }
    cells.wake()
  }

  /// False where nothing is left to do, or the store is away.
  private func pass() async -> Bool {
    let requests = cells.takeRequests(limit: batch)
    if !requests.isEmpty {
      roundsOfFlight = 0
      guard await serve(requests) else { return false }
    }
    // Not while calls are given back: rows are folded in the order in which they were written.
    let folds = log.isFolding && !isGivingBack
    if folds {
      roundsOfFlight = 0
      await fold()
    }
    if isTermShort {
      roundsOfFlight = 0
      await extendTerm()
    }
    return folds || !requests.isEmpty
  }

  /// One step.
  private func fold() async {
    let target = log.target
    do {
      let mark = try await store.write { [foldStep] in try $0.quotas.fold(atMost: foldStep) }
      // Nothing may be left in the log though more was to come: what failed was never in it.
      log.folded(upTo: mark == 0 ? target : mark)
      if cells.isAway { cells.store(isAway: false) }
    } catch {
      // At the next time that it is due, or at the next pass where the log is long.
      log.stopFolding()
      if !cells.isAway { report(error) }
    }
  }

  private func serve(_ requests: [QuotaRequest]) async -> Bool {
    let plans = requests.map { request in
      Plan(
        request: request,
        chunk: loans.chunk(of: request.subject, limit: request.rule.limit),
        held: cells.held(request), draft: log.draft(request.subject))
    }
    let outcomes: [Outcome?]
    do {
      outcomes = try await store.reserve { [outbox, term] tx in
        try plans.map { try Self.reserve($0, term, tx, outbox) }
      }
    } catch {
      lose(requests, error)
      return false
    }
    if cells.isAway { cells.store(isAway: false) }
    let now = clock.now()
    for (plan, outcome) in zip(plans, outcomes) {
      if let row = outcome?.written { log.wrote(row, plan.draft) }
      hand(plan, outcome?.answer, now)
    }
    cells.finish(requests)
    return true
  }

  /// What one request gets; nil where its account is gone.
  private static func reserve(
    _ plan: Plan, _ term: QuotaTerm, _ tx: Transaction, _ outbox: Outbox
  ) throws -> Outcome? {
    let (subject, rule, held) = (plan.request.subject, plan.request.rule, plan.held)
    guard let before = try plan.draft.read(tx, day: held.day) else { return nil }
    var row = before
    row.turn(to: held.day)
    row.settle(advance: held.advance, of: held.day)
    row.settle(advance: term.owed(row, limit: rule.limit), of: row.day)
    row.settle(debt: held.debt)
    var granted: Int64 = 0
    if plan.request.reserves {
      let wanted = plan.chunk.wanted(
        held: held.unused, waiting: Int64(plan.request.waiting),
        remaining: rule.limit - row.reserved, limit: rule.limit)
      granted = row.reserve(wanted, limit: rule.limit)
    }
    let notices = row.takeNotices(rule.notices, limit: rule.limit).map {
      QuotaNotice(
        subject: subject, scope: rule.scope, percent: $0, limit: rule.limit,
        used: min(row.reserved, rule.limit), dayStart: row.day.start)
    }
    if !notices.isEmpty { try outbox(notices, tx) }
    let isWritten = row != before
    if isWritten {
      row.term = term.number
      try plan.draft.write(row, tx)
    }
    let answer = QuotaCells.Answer(
      day: row.day, granted: granted, reserved: row.reserved, settledDebt: held.debt,
      isWritten: isWritten)
    return Outcome(answer: answer, written: isWritten ? row : nil)
  }

  private func hand(_ plan: Plan, _ answer: QuotaCells.Answer?, _ now: Timestamp) {
    let request = plan.request
    guard let answer else {
      // Its keys are about to go too; until then nothing is left.
      let nothing = QuotaCells.Answer(day: request.day, granted: 0, reserved: .max / 2)
      return cells.answer(request, nothing, low: 0)
    }
    let low = loans.lent(
      answer.granted, to: request.subject, limit: request.rule.limit, at: now)
    totals.reserved += answer.granted
    totals.refills += 1
    // Half of what is held now, where the day is too short for a whole chunk.
    cells.answer(request, answer, low: min(low, (plan.held.unused + answer.granted) / 2))
  }

  private func lose(_ requests: [QuotaRequest], _ error: any Error) {
    totals.failures += 1
    if !cells.isAway { report(error) }
    cells.putBack(requests)
    cells.store(isAway: true)
  }

  // MARK: By the clock

  /// To be called four times a second: asks a store that was away again, tells callers of one that
  /// does not answer, has the log folded, and gives back what nobody uses.
  package func round() async {
    rounds += 1
    noteTime()
    if rounds.isMultiple(of: Self.roundsPerFold) { log.beginFolding() }
    if isWorking {
      roundsOfFlight += 1
      if roundsOfFlight >= Self.patience, !cells.isAway { cells.store(isAway: true) }
      return
    }
    await work(passes: 1)
    if rounds.isMultiple(of: Self.roundsPerLook) { loans.beginLook() }
    if !cells.isAway { await giveBackIdle() }
  }

  /// Ends `run`.
  nonisolated package func close() { cells.close() }

  /// All that is unused, at the end of a server: only after its last call and after `run`.
  package func giveBackAll() async {
    // Many rows at once go straight into the table, in its order. Not while the log has some: the
    // next start would put them over these.
    if (try? await store.foldQuotas()) != nil { log.close() }
    let subjects = loans.subjects + unsettled
    await giveBack(subjects.sorted { $0.id < $1.id }.map { ($0, 0) })
    if unsettled.isEmpty { await endTerm() }
  }

  private func giveBackIdle() async {
    let idle = loans.look(cells)
    await giveBack(idle.returns)
    loans.forget(idle.subjects, cells)
  }

  private func giveBack(_ returns: [(subject: QuotaSubject, keeping: Int64)]) async {
    isGivingBack = true
    defer { isGivingBack = false }
    var rest = returns[...]
    while !rest.isEmpty {
      let some = rest.prefix(batch)
      rest = rest.dropFirst(batch)
      let taken = some.compactMap { one in
        cells.takeBack(one.subject, keeping: one.keeping).map {
          (subject: one.subject, calls: $0, draft: log.draft(one.subject))
        }
      }.sorted { $0.subject.id < $1.subject.id }
      guard !taken.isEmpty else { continue }
      var outcome = QuotaCells.GivingBack.stored
      do {
        let rows = try await store.reserve { [term] tx in
          try taken.map { try Self.giveBack($0.calls, $0.draft, term, tx) }
        }
        for (one, row) in zip(taken, rows) { if let row { log.wrote(row, one.draft) } }
      } catch StoreError.outcomeUnknown {
        outcome = .unknown
      } catch {
        outcome = .failed
      }
      for one in taken { cells.ended(one.subject, one.calls, outcome) }
      if outcome == .stored { totals.givenBack += taken.reduce(0) { $0 + $1.calls.unused } }
    }
  }

  /// Gives the row; nil where nothing changed.
  private static func giveBack(
    _ calls: QuotaCells.Holding, _ draft: QuotaDraft, _ term: QuotaTerm, _ tx: Transaction
  ) throws -> QuotaRow? {
    guard var row = try draft.read(tx, day: calls.day) else { return nil }
    row.turn(to: calls.day)
    row.settle(advance: calls.advance, of: calls.day)
    guard row.giveBack(calls.unused, of: calls.day) else { return nil }
    row.term = term.number
    try draft.write(row, tx)
    return row
  }
}

package struct QuotaTotals: Sendable {
  /// Calls reserved and given back since the start, and the answers that brought them.
  package var reserved: Int64 = 0
  package var givenBack: Int64 = 0
  package var refills = 0
  /// Transactions that failed.
  package var failures = 0
}
