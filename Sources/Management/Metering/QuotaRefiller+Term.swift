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
    cells.wake()
  }

  /// Once in a round.
  func keepTerm() async {
    guard learning != nil else { return }
    let soon = Timestamp(microseconds: earliest.microseconds + Self.roundMicroseconds)
    earliest = min(clock.now(), soon)
    if term.until < minute(ahead: Self.leastMinutes) { await extendTerm() }
  }

  /// Where this cannot be stored it is tried again in the next round.
  private func extendTerm() async {
    var longer = term
    longer.extend(to: minute(ahead: Self.minutes))
    guard await stored(longer) else { return }
    term = longer
    allowAdvances()
  }

  /// One step of making the rows known, after the last of which advances begin. False where there
  /// is nothing left, or the store is away.
  func learnRows() async -> Bool {
    guard var rows = learning, !rows.isOver else { return false }
    do {
      let page = try await store.read { [rows] tx in
        try tx.quotas.page(after: rows.subject, daysAfter: rows.minute, count: Self.rowsPerStep)
      }
      let now = clock.now()
      for (subject, row) in page { cells.know(subject, row, now: now) }
      rows.subject = page.last?.subject.id ?? rows.subject
      rows.isOver = page.count < Self.rowsPerStep
    } catch {
      if !rows.isReported { report(error) }
      rows.isReported = true
      learning = rows
      return false
    }
    learning = rows
    if rows.isOver { allowAdvances() }
    return !rows.isOver
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
    if await stored(over) { term = over }
  }

  private func stored(_ term: QuotaTerm) async -> Bool {
    (try? await store.write { try $0.quotas.set(term) }) != nil
  }
}
