// A day's quota on the data plane: each call takes one of the calls that are reserved durably
// beforehand, by one compare-and-swap and without a lock. What is reserved comes from the store by
// way of the refiller (Management/Metering), or is the advance that each subject's day begins with,
// where the refiller allows it. Nothing here may let a call pass that is neither.
import KeyModel
import Synchronization

@usableFromInline package final class QuotaCells: Sendable {
  package enum Debit: Hashable, Sendable {
    /// Taken: `remaining` of the day's calls are left, as far as this process knows.
    case passed(remaining: Int64)
    case exhausted
    /// Nothing is reserved here at the moment: ask again when `whenReserved` tells.
    case waiting
    /// The same, and the store is away.
    case unavailable
  }

  /// What a day still has.
  @usableFromInline package struct State: Hashable, Sendable {
    @usableFromInline package var limit: Int64
    @usableFromInline package var used: Int64
    @usableFromInline package var resetsAt: Timestamp
    @usableFromInline package var remaining: Int64 { max(0, limit - used) }
  }

  private let index = QuotaIndex()
  private let desk = QuotaDesk()
  /// Held while a cell is added.
  private let adding = Mutex(())
  private let away = Atomic<Bool>(false)
  /// Days that begin after the one and up to the other have advances.
  private let advancesAfter = Atomic<UInt64>(0)
  private let advancesUntil = Atomic<UInt64>(0)
  package let isShared: Bool

  /// - Parameter shared: other processes take from the same rows: whoever found a day exhausted
  ///   looks again every second, since they may have given calls back.
  package init(shared: Bool = false) { isShared = shared }

  // MARK: Calls

  /// `debit` will probably be asked about the subject soon.
  @inline(__always)
  func expect(_ subject: UInt128) { index.expect(subject) }

  /// Takes one call of the subject's day. From any thread.
  @inline(__always)
  package func debit(_ subject: QuotaSubject, _ rule: QuotaRule, now: Timestamp) -> Debit {
    guard let cell = index.find(subject.id) else { return first(subject, rule, now) }
    let day = rule.day(at: now)
    var word = cell.word
    while word.unused > 0, word.day >= day {
      let remaining = rule.limit - cell.reserved + Int64(word.unused) - 1
      // The limit was lowered below what is reserved.
      if remaining < 0 { return .exhausted }
      let unused = word.unused - 1
      if let other = cell.exchange(word, for: QuotaWord(day: word.day, unused: unused)) {
        word = other
        continue
      }
      if unused <= cell.low, !cell.isAsked, cell.reserved < rule.limit {
        ask(cell, rule, day, now, reserves: true)
      }
      return .passed(remaining: remaining)
    }
    return dry(cell, rule, day, now)
  }

  /// Gives back one call that was debited at `debitedAt` and not made after all. Where its day is
  /// over by now it is lost, as any unused call of that day.
  package func refund(_ subject: QuotaSubject, _ rule: QuotaRule, debitedAt: Timestamp) {
    guard let cell = index.find(subject.id) else { return }
    let day = rule.day(at: debitedAt)
    _ = cell.update { word in
      word.day == day ? QuotaWord(day: day, unused: word.unused + 1) : nil
    }
  }

  /// What the subject's day has left, without taking anything; nil where this process has not asked
  /// the store yet (see `load`).
  package func state(of subject: QuotaSubject, _ rule: QuotaRule, now: Timestamp) -> State? {
    guard let cell = index.find(subject.id), cell.checked != 0 else { return nil }
    let (word, day) = (cell.word, rule.day(at: now))
    let isOver = word.day < day
    let used = isOver ? 0 : cell.reserved - Int64(word.unused) + cell.debt
    return State(
      limit: rule.limit, used: max(0, used), resetsAt: max(word.day, day).end)
  }

  package func remaining(
    of subject: QuotaSubject, _ rule: QuotaRule, now: Timestamp
  ) -> Int64? { state(of: subject, rule, now: now)?.remaining }

  /// Calls `tell` once, from any thread, perhaps before this returns: then `debit` is to be asked
  /// again. It must be quick.
  package func whenReserved(_ subject: QuotaSubject, _ tell: @escaping @Sendable () -> Void) {
    desk.wait(for: subject.id, tell)
  }

  /// Asks the store for the state of the day and reserves nothing; `tell` as for `whenReserved`,
  /// then `state` knows more, unless the store is away.
  package func load(
    _ subject: QuotaSubject, _ rule: QuotaRule, now: Timestamp,
    _ tell: @escaping @Sendable () -> Void
  ) {
    ask(cell(of: subject), rule, rule.day(at: now), now, reserves: false)
    desk.wait(for: subject.id, tell)
  }

  /// Subjects that this process has asked the store about, and those that wait for it now.
  package var subjects: (known: Int, waiting: Int) {
    (adding.withLock { _ in index.count }, desk.underWay)
  }

  /// True while the store cannot be reached.
  package var isAway: Bool { away.load(ordering: .acquiring) }

  // MARK: Slow ways

  @inline(never)
  private func first(_ subject: QuotaSubject, _ rule: QuotaRule, _ now: Timestamp) -> Debit {
    dry(cell(of: subject), rule, rule.day(at: now), now)
  }

  private func cell(of subject: QuotaSubject) -> QuotaCell {
    if let cell = index.find(subject.id) { return cell }
    return adding.withLock { _ in index.find(subject.id) ?? index.insert(subject) }
  }

  @inline(never)
  private func dry(
    _ cell: QuotaCell, _ rule: QuotaRule, _ day: MeterDay, _ now: Timestamp
  ) -> Debit {
    let isAway = isAway
    if cell.word.day >= day, cell.reserved >= rule.limit, !cell.isAsked || isAway {
      if !isAway, isShared, cell.checked != Self.second(now) {
        ask(cell, rule, day, now, reserves: true)
      }
      return .exhausted
    }
    if advance(cell, rule, day, now) { return debit(cell.subject, rule, now: now) }
    if !cell.isAsked || !isAway { ask(cell, rule, day, now, reserves: true) }
    guard isAway else { return .waiting }
    guard rule.passesOnOutage else { return .unavailable }
    cell.addDebt(1)
    let known = cell.word.day >= day ? cell.reserved : 0
    return .passed(remaining: max(0, rule.limit - known - cell.debt))
  }

  /// Gives the subject the advance of its day; true where it has calls now.
  private func advance(
    _ cell: QuotaCell, _ rule: QuotaRule, _ day: MeterDay, _ now: Timestamp
  ) -> Bool {
    // In this order: what is allowed is stored in the other.
    guard day.startMinute <= advancesUntil.load(ordering: .acquiring),
      day.startMinute > advancesAfter.load(ordering: .acquiring)
    else { return false }
    return desk.whileIdle(cell.id) {
      let word = cell.word
      let isNewDay = word.day < day
      guard isNewDay || word.day == day && cell.advance == .none else {
        return word.day == day && word.unused > 0
      }
      let reserved = isNewDay ? 0 : cell.reserved
      let calls = QuotaAdvance.calls(limit: rule.limit, reserved: reserved)
      guard calls > 0 else { return false }
      cell.advance = .given(calls)
      cell.reserved = reserved + calls
      cell.low = UInt64(calls / 4)
      cell.checked = Self.second(now)
      _ = cell.update { word in
        let unused = word.day == day ? word.unused : 0
        return QuotaWord(day: day, unused: unused + UInt64(calls))
      }
      return true
    }
  }

  @inline(never)
  private func ask(
    _ cell: QuotaCell, _ rule: QuotaRule, _ day: MeterDay, _ now: Timestamp, reserves: Bool
  ) {
    desk.ask(
      QuotaRequest(
        subject: cell.subject, rule: rule, day: day, now: now, reserves: reserves, cell: cell))
  }

  private static func second(_ now: Timestamp) -> UInt32 {
    UInt32(truncatingIfNeeded: now.seconds) | 1
  }
}

// MARK: - The refiller's side

extension QuotaCells {
  /// What the store said about a request.
  package struct Answer: Sendable {
    /// The day the row is in: the one asked for or a later one.
    package var day: MeterDay
    /// Reserved for this process by this answer.
    package var granted: Int64
    /// Reserved in that day by all processes, these included.
    package var reserved: Int64
    /// Calls made uncounted that are counted now.
    package var settledDebt: Int64
    /// The row was written, the day's advance included.
    package var isWritten: Bool
    package init(
      day: MeterDay, granted: Int64, reserved: Int64, settledDebt: Int64 = 0,
      isWritten: Bool = true
    ) {
      self.day = day
      self.granted = granted
      self.reserved = reserved
      self.settledDebt = settledDebt
      self.isWritten = isWritten
    }
  }

  /// Something is asked for, or `wake` was called; ends with `close`.
  package var calls: AsyncStream<Void> { desk.calls }
  package func wake() { desk.wake() }
  package func close() { desk.close() }

  /// Each request taken must be answered, failed, or there is nobody to answer whoever waits.
  package func takeRequests(limit: Int) -> [QuotaRequest] { desk.take(limit: limit) }

  /// What a process has of a subject's day.
  package struct Held: Sendable {
    /// The day asked for, or the later one in which the subject is here.
    package var day: MeterDay
    package var unused: Int64
    /// Calls it owes.
    package var debt: Int64
    /// Calls of the day's advance, used or not, that its row does not have.
    package var advance: Int64
  }

  package func held(_ request: QuotaRequest) -> Held {
    let (word, cell) = (request.cell.word, request.cell)
    let isHere = word.day >= request.day
    return Held(
      day: max(word.day, request.day), unused: isHere ? Int64(word.unused) : 0, debt: cell.debt,
      advance: isHere ? cell.advance.unsettled : 0)
  }

  /// - Parameter low: at this many unused calls more are fetched.
  package func answer(_ request: QuotaRequest, _ answer: Answer, low: Int64) {
    let cell = request.cell
    let isNewDay = cell.word.day < answer.day
    // In this order a call in between finds the day fuller of unused calls than it is, never
    // emptier: it would be refused.
    if isNewDay { cell.reserved = answer.reserved }
    cell.low = UInt64(max(0, low))
    if answer.isWritten { cell.advance = .settled } else if isNewDay { cell.advance = .none }
    _ = cell.update { word in
      guard word.day <= answer.day else { return nil }
      let unused = word.day == answer.day ? word.unused : 0
      return QuotaWord(day: answer.day, unused: unused + UInt64(max(0, answer.granted)))
    }
    cell.reserved = answer.reserved
    cell.addDebt(-answer.settledDebt)
    cell.checked = Self.second(request.now)
  }

  /// Ends the requests: whoever waits looks again.
  package func finish(_ requests: [QuotaRequest]) { desk.finish(requests.map(\.cell)) }

  /// The store is away or back. While it is away, who waits is told that.
  package func store(isAway: Bool) {
    away.store(isAway, ordering: .releasing)
    if isAway { desk.tellEverybody() }
  }

  /// Keeps requests that could not be answered for the next `takeRequests`.
  package func putBack(_ requests: [QuotaRequest]) { desk.putBack(requests) }

  // MARK: Advances

  /// Days that begin later than `after` and up to `until` have advances from now on, where no row
  /// of theirs is known here.
  package func allowAdvances(after: MeterDay, until: MeterDay) {
    advancesAfter.store(after.startMinute, ordering: .releasing)
    advancesUntil.store(until.startMinute, ordering: .releasing)
  }

  /// The row of a subject, where nobody has asked the store about it.
  package func know(_ subject: QuotaSubject, _ row: QuotaRow, now: Timestamp) {
    let cell = cell(of: subject)
    _ = desk.whileIdle(subject.id) {
      guard cell.checked == 0 else { return false }
      cell.reserved = row.reserved
      cell.checked = Self.second(now)
      return cell.update { _ in QuotaWord(day: row.day, unused: 0) }.changed
    }
  }

  /// Who has an advance that no row has, in a day that ends after `time`.
  package func unsettled(after time: Timestamp) -> [QuotaSubject] {
    adding.withLock { _ in
      index.all.compactMap { cell in
        cell.advance.unsettled > 0 && cell.word.day.end > time ? cell.subject : nil
      }
    }
  }

  // MARK: Giving back

  /// The subject's unused calls and their day; nil where it has no cell.
  package func holding(_ subject: QuotaSubject) -> Holding? {
    index.find(subject.id).map { Holding($0.word, advance: $0.advance.unsettled) }
  }

  package struct Holding: Hashable, Sendable {
    package var day: MeterDay
    package var unused: Int64
    /// Calls of the day's advance, used or not, that its row does not have.
    package var advance: Int64
    init(_ word: QuotaWord, advance: Int64) {
      day = word.day
      unused = Int64(word.unused)
      self.advance = advance
    }
  }

  /// Takes unused calls out of a cell, all but `keeping`, to be given back to the store, and the
  /// advance to be settled there; nil where there is neither or more is being fetched. While they
  /// are on their way, callers wait: `ended` must follow.
  package func takeBack(_ subject: QuotaSubject, keeping: Int64) -> Holding? {
    guard let cell = index.find(subject.id), desk.hold(cell) else { return nil }
    let kept = UInt64(max(0, keeping))
    let advance = cell.advance.unsettled
    let (before, changed) = cell.update { word in
      word.unused > kept ? QuotaWord(day: word.day, unused: kept) : nil
    }
    guard changed || advance > 0 else {
      desk.finish([cell])
      return nil
    }
    let taken = before.unused - min(before.unused, kept)
    return Holding(QuotaWord(day: before.day, unused: taken), advance: advance)
  }

  /// - Parameter outcome: whether the store has them; where nobody knows they are lost, since they
  ///   must not be there twice.
  package func ended(_ subject: QuotaSubject, _ taken: Holding, _ outcome: GivingBack) {
    guard let cell = index.find(subject.id) else { return }
    switch outcome {
    case .stored:
      if cell.word.day == taken.day {
        cell.reserved -= taken.unused
        cell.advance = .settled
      }
    case .unknown: break
    case .failed:
      _ = cell.update { word in
        word.day == taken.day
          ? QuotaWord(day: word.day, unused: word.unused + UInt64(taken.unused)) : nil
      }
    }
    desk.finish([cell])
  }

  package enum GivingBack: Sendable { case stored, failed, unknown }
}
