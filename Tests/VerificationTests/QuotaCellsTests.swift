// Cells under many threads, with a store of one row per subject beside them.
import Foundation
import KeyModel
import Synchronization
import Testing
import Verification

@Suite struct QuotaCellsTests {
  static let subject = QuotaSubject(id: 7 << 90 | 12345, account: AccountID(bits: 1))
  static let noon = Timestamp(seconds: 1_800_000_000)
  static let day: Int64 = 86_400

  static func rule(
    _ calls: Int64, onOutage: Quota.OnOutage = .refuse
  ) -> QuotaRule {
    QuotaRule(
      Quota(
        calls: calls, scope: .account, resetsAtSecond: 0, counterResetsAtSecond: 0,
        onOutage: onOutage))
  }

  /// Answers what was asked as the refiller would, from rows in memory.
  final class Rows: Sendable {
    let rows = Mutex<[UInt128: QuotaRow]>([:])
    let chunk: Int64

    init(chunk: Int64 = 4) { self.chunk = chunk }

    @discardableResult
    func serve(_ cells: QuotaCells) -> Int {
      let requests = cells.takeRequests(limit: 100)
      for request in requests {
        let held = cells.held(request)
        let answer = rows.withLock { rows in
          var row = rows[request.subject.id] ?? QuotaRow(day: request.day)
          row.turn(to: request.day)
          row.settle(debt: held.debt)
          let wanted = request.reserves ? max(chunk - held.unused, Int64(request.waiting)) : 0
          let granted = row.reserve(wanted, limit: request.rule.limit)
          rows[request.subject.id] = row
          return QuotaCells.Answer(
            day: row.day, granted: granted, reserved: row.reserved, settledDebt: held.debt)
        }
        cells.answer(request, answer, low: chunk / 2)
      }
      cells.finish(requests)
      return requests.count
    }
  }

  /// Debits until something else than a wait comes.
  static func debit(
    _ cells: QuotaCells, _ rows: Rows, _ rule: QuotaRule, _ now: Timestamp = noon,
    subject: QuotaSubject = subject
  ) -> QuotaCells.Debit {
    while true {
      let result = cells.debit(subject, rule, now: now)
      guard result == .waiting else { return result }
      rows.serve(cells)
    }
  }

  @Test("one after another, exactly the limit passes, and the remaining calls count down")
  func sequential() {
    let (cells, rows) = (QuotaCells(), Rows())
    for left in stride(from: Int64(24), through: 0, by: -1) {
      #expect(Self.debit(cells, rows, Self.rule(25)) == .passed(remaining: left))
      #expect(cells.remaining(of: Self.subject, Self.rule(25), now: Self.noon) == left)
    }
    #expect(Self.debit(cells, rows, Self.rule(25)) == .exhausted)
    #expect(cells.takeRequests(limit: 1).isEmpty)
    let tomorrow = Self.noon.adding(seconds: Self.day)
    #expect(cells.remaining(of: Self.subject, Self.rule(25), now: tomorrow) == 25)
    #expect(Self.debit(cells, rows, Self.rule(25), tomorrow) == .passed(remaining: 24))
    // The day before is over for good.
    for _ in 0..<24 { _ = Self.debit(cells, rows, Self.rule(25)) }
    #expect(Self.debit(cells, rows, Self.rule(25)) == .exhausted)
    #expect(Self.debit(cells, rows, Self.rule(25), tomorrow) == .exhausted)
  }

  @Test("a limit that is lowered holds at once here, one that is raised at the next call")
  func limits() {
    let (cells, rows) = (QuotaCells(), Rows(chunk: 10))
    for _ in 0..<5 { _ = Self.debit(cells, rows, Self.rule(100)) }
    #expect(Self.debit(cells, rows, Self.rule(6)) == .passed(remaining: 0))
    #expect(Self.debit(cells, rows, Self.rule(6)) == .exhausted)
    #expect(Self.debit(cells, rows, Self.rule(3)) == .exhausted)
    #expect(Self.debit(cells, rows, Self.rule(8)) == .passed(remaining: 1))
    for _ in 0..<33 { _ = Self.debit(cells, rows, Self.rule(40)) }
    #expect(Self.debit(cells, rows, Self.rule(40)) == .exhausted)
    #expect(Self.debit(cells, rows, Self.rule(41)) == .passed(remaining: 0))
    #expect(Self.debit(cells, rows, Self.rule(41)) == .exhausted)
  }

  @Test("a call that was not made after all comes back, but not into another day")
  func refunds() {
    let (cells, rows) = (QuotaCells(), Rows())
    let rule = Self.rule(3)
    for _ in 0..<3 { _ = Self.debit(cells, rows, rule) }
    #expect(Self.debit(cells, rows, rule) == .exhausted)
    cells.refund(Self.subject, rule, debitedAt: Self.noon)
    #expect(Self.debit(cells, rows, rule) == .passed(remaining: 0))
    let tomorrow = Self.noon.adding(seconds: Self.day)
    for _ in 0..<3 { _ = Self.debit(cells, rows, rule, tomorrow) }
    cells.refund(Self.subject, rule, debitedAt: Self.noon)
    #expect(Self.debit(cells, rows, rule, tomorrow) == .exhausted)
  }

  @Test("while the store is away the reservation is used up, then calls are refused or owed")
  func outage() {
    let (cells, rows) = (QuotaCells(), Rows())
    #expect(Self.debit(cells, rows, Self.rule(10)) == .passed(remaining: 9))
    cells.store(isAway: true)
    for left in [8, 7, 6] as [Int64] {
      #expect(cells.debit(Self.subject, Self.rule(10), now: Self.noon) == .passed(remaining: left))
    }
    #expect(cells.debit(Self.subject, Self.rule(10), now: Self.noon) == .unavailable)
    let other = QuotaSubject(id: 99, account: AccountID(bits: 2))
    #expect(cells.debit(other, Self.rule(10), now: Self.noon) == .unavailable)
    let lenient = Self.rule(10, onOutage: .allow)
    for left in [5, 4, 3, 2, 1, 0, 0, 0] as [Int64] {
      #expect(cells.debit(Self.subject, lenient, now: Self.noon) == .passed(remaining: left))
    }
    cells.store(isAway: false)
    rows.serve(cells)
    #expect(rows.rows.withLock { $0[Self.subject.id]?.reserved } == 12)
    #expect(cells.debit(Self.subject, lenient, now: Self.noon) == .exhausted)
    #expect(Self.debit(cells, rows, lenient, subject: other) == .passed(remaining: 9))
  }

  @Test("whoever waits is told once, at once where nothing is under way, and of an outage")
  func telling() {
    let (cells, rows) = (QuotaCells(), Rows())
    let told = Told()
    cells.whenReserved(Self.subject) { told.add() }
    #expect(told.count == 1)
    #expect(cells.debit(Self.subject, Self.rule(5), now: Self.noon) == .waiting)
    for _ in 0..<5 { cells.whenReserved(Self.subject) { told.add() } }
    #expect(told.count == 1)
    rows.serve(cells)
    #expect(told.count == 6)
    #expect(cells.holding(Self.subject)?.unused == 5, "as many as wait, though a chunk is four")
    #expect(cells.takeBack(Self.subject, keeping: 0)?.unused == 5)
    #expect(cells.debit(Self.subject, Self.rule(5), now: Self.noon) == .waiting)
    cells.whenReserved(Self.subject) { told.add() }
    cells.store(isAway: true)
    #expect(told.count == 7)
    #expect(cells.debit(Self.subject, Self.rule(6), now: Self.noon) == .unavailable)
  }

  final class Told: Sendable {
    private let value = Atomic<Int>(0)
    func add() { value.add(1, ordering: .sequentiallyConsistent) }
    var count: Int { value.load(ordering: .sequentiallyConsistent) }
  }

  @Test("what is taken back is used by nobody until its fate is known")
  func givingBack() throws {
    let (cells, rows) = (QuotaCells(), Rows(chunk: 10))
    let rule = Self.rule(10)
    #expect(Self.debit(cells, rows, rule) == .passed(remaining: 9))
    var taken = try #require(cells.takeBack(Self.subject, keeping: 0))
    #expect(taken.unused == 9)
    #expect(cells.takeBack(Self.subject, keeping: 0) == nil)
    #expect(cells.debit(Self.subject, rule, now: Self.noon) == .waiting)
    cells.ended(Self.subject, taken, .failed)
    #expect(cells.debit(Self.subject, rule, now: Self.noon) == .passed(remaining: 8))
    taken = try #require(cells.takeBack(Self.subject, keeping: 3))
    #expect(taken.unused == 5)
    rows.rows.withLock { $0[Self.subject.id]?.reserved -= 5 }
    cells.ended(Self.subject, taken, .stored)
    #expect(cells.remaining(of: Self.subject, rule, now: Self.noon) == 8)
    for left in stride(from: Int64(7), through: 0, by: -1) {
      #expect(Self.debit(cells, rows, rule) == .passed(remaining: left))
    }
    #expect(Self.debit(cells, rows, rule) == .exhausted)
  }

  @Test("many threads and two processes on the same rows: each day's limit, not one call more")
  func threads() {
    let rows = Rows(chunk: 16)
    let rule = Self.rule(20_000)
    let processes = [QuotaCells(shared: true), QuotaCells(shared: true)]
    let subjects = (1...3).map { QuotaSubject(id: UInt128($0), account: AccountID(bits: 1)) }
    let stop = Told()
    let servers = processes.map { cells in
      Self.thread { while stop.count == 0 { rows.serve(cells) } }
    }
    for dayNumber in 0..<3 {
      let now = Self.noon.adding(seconds: Int64(dayNumber) * Self.day)
      let passed = subjects.map { _ in Told() }
      let callers = (0..<4).map { number in
        // A thread whose clock is behind must not open yesterday again.
        let mine = number == 0 && dayNumber > 0 ? now.adding(seconds: -Self.day) : now
        return Self.thread {
          var open = Set(subjects.indices)
          while !open.isEmpty {
            for at in open {
              switch processes[number % 2].debit(subjects[at], rule, now: mine) {
              case .passed: passed[at].add()
              case .exhausted: open.remove(at)
              case .waiting, .unavailable: break
              }
            }
          }
        }
      }
      for caller in callers { caller.wait() }
      for (at, subject) in subjects.enumerated() {
        #expect(passed[at].count == 20_000)
        #expect(rows.rows.withLock { $0[subject.id]?.reserved } == 20_000)
      }
    }
    stop.add()
    for server in servers { server.wait() }
  }

  static func thread(_ body: @escaping @Sendable () -> Void) -> DispatchSemaphore {
    let done = DispatchSemaphore(value: 0)
    Thread.detachNewThread {
      body()
      done.signal()
    }
    return done
  }
}
