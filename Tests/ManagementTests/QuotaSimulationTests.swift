// Many days in a second: several nodes on one store, calls, crashes, orderly stops, clocks that
// step, limits that change. After every step the books must balance. `LATCHKEY_CASES` asks for
// more steps.
import Foundation
import KeyModel
import Management
import Storage
import Synchronization
import TestSupport
import Testing
import Verification

@Suite("Quota simulation")
struct QuotaSimulationTests {
  static let steps =
    ProcessInfo.processInfo.environment["LATCHKEY_CASES"].flatMap { Int($0) } ?? 6_000

  @Test(
    "no day admits more than its limit, and a crash strands no more than is stated",
    arguments: [
      QuotaConditions(nodes: 1), QuotaConditions(nodes: 1, isCalm: true),
      QuotaConditions(nodes: 1, isCalm: true, lowers: false), QuotaConditions(nodes: 2),
      QuotaConditions(nodes: 3),
    ])
  func days(_ field: QuotaConditions) async throws {
    let world = try await World()
    let account = try await world.account(policy: QuotaRefillerTests.policy)
    var simulation = QuotaSimulation(
      world: world, account: account, field, seed: UInt64(field.nodes) &* 7919)
    try await simulation.begin()
    for _ in 0..<Self.steps { try await simulation.step() }
    #expect(simulation.daysSeen > 50)
    #expect(simulation.admitted > 10_000)
    if field.isCalm {
      #expect(simulation.crashes > 2 && simulation.advanced > 10)
    } else {
      #expect(simulation.crashes > 50 && simulation.exhausted > 50)
    }
    print(
      "quota simulation, \(field): \(simulation.daysSeen) days, \(simulation.admitted) calls,"
        + " \(simulation.crashes) crashes, \(simulation.strandedInAll) stranded,"
        + " \(simulation.advanced) days with an advance")
  }
}

struct QuotaConditions {
  var nodes: Int
  /// Few crashes, after each of which there are no advances for a day or two, and limits that
  /// have one.
  var isCalm = false
  /// Whether a limit is ever lowered within a day.
  var lowers = true

  var limits: [Int64] { isCalm ? [50, 700, 4_000, 40_000] : [50, 7, 400, 3_000] }
}

struct QuotaSimulation {
  /// What is known of one subject from outside.
  struct Book {
    var day = MeterDay.never
    var admitted: Int64 = 0
    var stranded: Int64 = 0
    /// The highest limit that held at any time of the day.
    var limit: Int64 = 0
  }

  let world: World
  let subjects: [QuotaSubject]
  var nodes: [QuotaNode]
  /// How far each node's clock is off, in seconds.
  var clocks: [SkewedClock]
  let field: QuotaConditions
  var limits: [Int64]
  var books: [Book]
  /// Days that are over, by subject.
  var past: [[MeterDay: Book]]
  var random: SeededGenerator
  var daysSeen = 0
  /// Times that a call was the first of an advance.
  var advanced = 0
  var admitted: Int64 = 0
  var crashes = 0
  var exhausted = 0
  var strandedInAll: Int64 = 0

  init(world: World, account: AccountID, _ field: QuotaConditions, seed: UInt64) {
    self.world = world
    self.field = field
    let count = field.nodes
    random = SeededGenerator(seed: seed)
    subjects =
      [QuotaSubject(id: account.bits, account: account)]
      + (1...3).map { QuotaSubject(id: UInt128($0), account: account) }
    let clocks = (0..<count).map { _ in SkewedClock(world.clock) }
    nodes = clocks.map { Self.node(world, $0, of: count) }
    self.clocks = clocks
    limits = field.limits
    books = subjects.map { _ in Book() }
    past = subjects.map { _ in [:] }
  }

  func begin() async throws {
    for node in nodes {
      try await node.refiller.begin()
      await node.refiller.beginTerm()
    }
  }

  /// One alone keeps its rows in the log.
  private static func node(_ world: World, _ clock: SkewedClock, of count: Int) -> QuotaNode {
    QuotaNode(world.store, clock: clock, cells: QuotaCells(shared: count > 1))
  }

  private mutating func restart(_ at: Int) async throws {
    nodes[at] = Self.node(world, clocks[at], of: nodes.count)
    try await nodes[at].refiller.begin()
    await nodes[at].refiller.beginTerm()
    // Some calls come before it knows all rows.
    if random.below(4) > 0 { _ = await nodes[at].refiller.learn() }
  }

  mutating func step() async throws {
    let at = random.below(nodes.count)
    switch random.below(100) {
    case 0..<62: try await call(on: at)
    case 62..<72:
      world.clock.advance(seconds: Int64(random.below(7200)))
      if random.below(4) > 0 { for node in nodes { await node.idle(rounds: 1) } }
    case 72..<80: if !field.isCalm || random.below(64) == 0 { try await crash(at) }
    case 80..<84: try await stop(at)
    case 84..<89: clocks[at].skew = [0, 0, -90, 40_000, -200_000, 100_000][random.below(6)]
    case 89..<92: await changeLimit()
    case 92..<96: await nodes[at].idle(rounds: 1 + random.below(48))
    // Past the time at which the log is folded.
    case 96: await nodes[at].idle(rounds: 240)
    case 97: _ = await nodes[at].refiller.learn()
    default: await nodes[at].refiller.work()
    }
    try await check()
  }

  private func rule(_ subject: Int) -> QuotaRule { QuotaRefillerTests.rule(limits[subject]) }

  private mutating func call(on at: Int) async throws {
    let which = random.below(subjects.count)
    let time = clocks[at].now()
    for _ in 0..<(1 + random.below([10, 300][random.below(2)])) {
      if random.below(4) == 0 { world.clock.advance(seconds: Int64(random.below(2))) }
      let before = nodes[at].cells.holding(subjects[which])
      let result = await nodes[at].debit(subjects[which], rule(which), time)
      guard case .passed = result else {
        exhausted += 1
        #expect(result == .exhausted)
        return
      }
      let day = try #require(nodes[at].cells.holding(subjects[which])).day
      #expect(day >= rule(which).day(at: time), "a call counts for its own day or a later one")
      let advance = nodes[at].cells.holding(subjects[which])?.advance ?? 0
      if advance > 0, before?.day != day { advanced += 1 }
      note(which, day)
    }
  }

  private mutating func note(_ which: Int, _ day: MeterDay) {
    admitted += 1
    guard day >= books[which].day else {
      // Another node went on to a later day; this one still has calls of the day before.
      var old = past[which][day] ?? Book()
      old.admitted += 1
      #expect(old.admitted <= old.limit)
      past[which][day] = old
      return
    }
    turn(which, to: day)
    books[which].admitted += 1
  }

  private mutating func turn(_ which: Int, to day: MeterDay) {
    guard day > books[which].day else { return }
    daysSeen += 1
    past[which][books[which].day] = books[which]
    books[which] = Book(day: day, limit: limits[which])
  }

  private mutating func crash(_ at: Int) async throws {
    crashes += 1
    for (which, subject) in subjects.enumerated() {
      guard let held = nodes[at].cells.holding(subject), held.unused > 0 else { continue }
      turn(which, to: held.day)
      guard held.day == books[which].day else { continue }
      let bound = QuotaChunk.largest(books[which].limit)
      #expect(held.unused <= min(bound, max(1, books[which].limit / 16)))
      books[which].stranded += held.unused
      strandedInAll += held.unused
    }
    try await restart(at)
  }

  private mutating func stop(_ at: Int) async throws {
    await nodes[at].refiller.giveBackAll()
    for subject in subjects {
      let held = nodes[at].cells.holding(subject)
      // An advance that nobody used has nowhere to go.
      #expect(held.map { $0.unused == $0.advance } ?? true)
    }
    if nodes.count == 1 { #expect(try await world.term().until == .never) }
    try await restart(at)
  }

  private mutating func changeLimit() async {
    // What was asked for under the limit before is on its way for milliseconds.
    for node in nodes { await node.refiller.work() }
    let which = random.below(subjects.count)
    let limit = ([1] + field.limits)[random.below(5)]
    guard field.lowers || limit >= books[which].limit else { return }
    limits[which] = limit
    books[which].limit = max(books[which].limit, limits[which])
  }

  /// What is reserved is used, held or was lost in a crash, and never more than the limit. Of an
  /// advance that no row has nobody knows after a crash how much was used.
  private func check() async throws {
    let account = subjects[0].account
    let rows = try await world.quotaRows(of: account)
    let term = try await world.term()
    for (which, subject) in subjects.enumerated() {
      let book = books[which]
      try #require(book.admitted <= book.limit)
      guard let row = rows[subject.id] else { continue }
      guard row.day == book.day else {
        // A day with an advance begins without a row.
        let isAdvanced = nodes.contains {
          $0.cells.holding(subject).map { $0.day == book.day && $0.advance > 0 } ?? false
        }
        try #require(
          row.day > book.day || isAdvanced || book.day <= term.lost.until,
          "a day never goes back")
        continue
      }
      let holdings = nodes.compactMap { $0.cells.holding(subject) }.filter { $0.day == row.day }
      let held = holdings.reduce(Int64(0)) { $0 + $1.unused }
      let known = holdings.reduce(row.reserved) { $0 + $1.advance }
      let used = book.admitted + held
      try #require(row.reserved <= book.limit)
      let slack = nodes.count > 1 ? 0 : QuotaAdvance.most(limit: book.limit)
      let owed = term.owed(row, limit: limits[which])
      let forgotten = field.lowers ? slack : 0
      let stranded = slack == 0 ? book.stranded : 0
      try #require(known + owed + forgotten >= used + stranded, "calls forgotten")
      try #require(known <= used + book.stranded + slack)
    }
  }
}

/// A clock of a server, off by so much.
final class SkewedClock: WallClock {
  private let clock: TestClock
  private let seconds = Mutex<Int64>(0)
  init(_ clock: TestClock) { self.clock = clock }

  var skew: Int64 {
    get { seconds.withLock { $0 } }
    set { seconds.withLock { $0 = newValue } }
  }
  func now() -> Timestamp { clock.now().adding(seconds: skew) }
}

extension World {
  func term() async throws -> QuotaTerm { try await store.read { try $0.quotas.term() } }

  /// As they are once the log is folded, which this leaves as it is.
  func quotaRows(of account: AccountID) async throws -> [UInt128: QuotaRow] {
    struct Seen: Error { var rows: [UInt128: QuotaRow] }
    do {
      return try await store.write { tx in
        while try tx.quotas.fold(atMost: 3) > 0 {}
        throw Seen(rows: try tx.quotas.list(of: account))
      }
    } catch let seen as Seen {
      return seen.rows
    }
  }
}
