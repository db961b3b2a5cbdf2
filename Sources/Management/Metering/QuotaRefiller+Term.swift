// The refiller's term: that every subject's day may begin with an advance is durable before any
// does, and so is the end of it.
internal import KeyModel
internal import Storage
internal import Verification

extension QuotaRefiller {
  /// Rows that were there when the term began, in days that are not over: the cells must know them
  /// before there are advances, or a subject's day would begin twice.
  struct Learning {
    /// Of days that begin later; only those have advances.
    let minute: MeterDay
    /// The last one that is known; 0 at first.
    var subject: UInt128 = 0
    var isOver = false
    var isReported = false
  }

  private static let rowsPerStep = 4_096
  private static let roundMicroseconds: Int64 = 250_000
  /// How far a term reaches beyond the clock when it is extended, and at least.
  private static let minutes: Int64 = 20
  private static let leastMinutes: Int64 = 10

  private func minute(ahead minutes: Int64) -> MeterDay {
    MeterDay(start: clock.now().adding(seconds: minutes * 60))
  }

  /// From now on there are advances, where nobody shares the quotas. Who calls this must end with
  /// `giveBackAll`, or the next one takes the term for lost.
  package func beginTerm() async {
    guard !cells.isShared else { return }
    earliest = clock.now()
    learning = Learning(minute: max(minute(ahead: -24 * 60), term.after))
    await extendTerm()
  }

  /// Once in a round.
  func noteTime() {
    let soon = Timestamp(microseconds: earliest.microseconds + Self.roundMicroseconds)
    earliest = min(clock.now(), soon)
  }

  var isTermShort: Bool { learning != nil && term.until < minute(ahead: Self.leastMinutes) }

  /// Where this cannot be stored it is tried again at the next pass.
  func extendTerm() async {
    var longer = term
    longer.extend(to: minute(ahead: Self.minutes))
    do { try await store.write { [longer] in try $0.quotas.set(longer) } } catch {
      return tell(error)
    }
    term = longer
    allowAdvances()
  }

  /// Who has used calls that no row has. A day more than what is over, since a clock that is set
  /// back may find itself in it again.
  var unsettled: [QuotaSubject] { cells.unsettled(after: earliest.adding(seconds: -86_400)) }

  /// Makes the rows known, after which advances begin. False where the store could not be read: to
  /// be tried again.
  package func learn() async -> Bool {
    while let rows = learning, !rows.isOver, !Task.isCancelled {
      do { learning = try await step(rows) } catch {
        tell(error)
        return false
      }
    }
    allowAdvances()
    return true
  }

  private func step(_ before: Learning) async throws -> Learning {
    var rows = before
    let page = try await store.read { tx in
      try tx.quotas.page(after: before.subject, count: Self.rowsPerStep)
    }
    let now = clock.now()
    for (subject, row) in page where row.day > rows.minute { cells.know(subject, row, now: now) }
    rows.subject = page.last?.subject.id ?? rows.subject
    rows.isOver = page.count < Self.rowsPerStep
    return rows
  }

  /// Once, whatever it is.
  private func tell(_ error: any Error) {
    guard learning?.isReported == false else { return }
    report(error)
    learning?.isReported = true
  }

  private func allowAdvances() {
    guard let learning, learning.isOver else { return }
    cells.allowAdvances(after: learning.minute, until: term.until)
  }

  /// Every advance is settled, and nobody asks for another. Where this cannot be stored, the next
  /// term takes this one for lost.
  func endTerm() async {
    guard learning != nil else { return }
    learning = nil
    var over = term
    over.end()
    do {
      try await store.write { [over] in try $0.quotas.set(over) }
      term = over
    } catch { report(error) }
  }
}
