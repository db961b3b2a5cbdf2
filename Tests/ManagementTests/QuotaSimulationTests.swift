// Many days in a second: several nodes on one store, calls, crashes, orderly stops, clocks that
// step, limits that change. After every step the books must balance. `LATCHKEY_CASES` asks for
// more steps.
import Foundation
import KeyModel
import Management
import Storage
import TestSupport
import Testing
import Verification

@Suite("Quota simulation")
struct QuotaSimulationTests {
  static let steps =
    ProcessInfo.processInfo.environment["LATCHKEY_CASES"].flatMap { Int($0) } ?? 6_000

  @Test(
    "no day admits more than its limit, and a crash strands no more than is stated",
    arguments: [1, 2, 3])
  func days(_ nodes: Int) async throws {
    let world = try await World()
    let account = try await world.account(policy: QuotaRefillerTests.policy)
    var simulation = QuotaSimulation(
      world: world, account: account, nodes: nodes, seed: UInt64(nodes) &* 7919)
    for _ in 0..<Self.steps { try await simulation.step() }
    #expect(simulation.daysSeen > 50)
    #expect(simulation.crashes > 50 && simulation.exhausted > 50 && simulation.admitted > 10_000)
    print(
      "quota simulation, \(nodes) nodes: \(simulation.daysSeen) days, \(simulation.admitted) calls,"
        + " \(simulation.crashes) crashes, \(simulation.strandedInAll) stranded")
  }
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
  var skew: [Int64]
  var limits: [Int64]
  var books: [Book]
  /// Days that are over, by subject.
  var past: [[MeterDay: Book]]
  var random: SeededGenerator
  var now: Timestamp
  var daysSeen = 0
  var admitted: Int64 = 0
  var crashes = 0
  var exhausted = 0
  var strandedInAll: Int64 = 0

  init(world: World, account: AccountID, nodes count: Int, seed: UInt64) {
    self.world = world
    random = SeededGenerator(seed: seed)
    subjects =
      [QuotaSubject(id: account.bits, account: account)]
      + (1...3).map { QuotaSubject(id: UInt128($0), account: account) }
    nodes = (0..<count).map { _ in Self.node(world, of: count) }
    skew = Array(repeating: 0, count: count)
    limits = [50, 7, 400, 3000]
    books = subjects.map { _ in Book() }
    past = subjects.map { _ in [:] }
    now = world.clock.now()
  }

  /// One alone keeps its rows in the log.
  private static func node(_ world: World, of count: Int) -> QuotaNode {
    QuotaNode(world.store, clock: world.clock, cells: QuotaCells(shared: count > 1))
  }

  private mutating func restart(_ at: Int) async throws {
    nodes[at] = Self.node(world, of: nodes.count)
    try await nodes[at].refiller.begin()
  }

  mutating func step() async throws {
    let at = random.below(nodes.count)
    switch random.below(100) {
    case 0..<62: try await call(on: at)
    case 62..<72: now = now.adding(seconds: Int64(random.below(7200)))
    case 72..<80: try await crash(at)
    case 80..<84: try await stop(at)
    case 84..<89: skew[at] = [0, 0, -90, 40_000, -200_000, 100_000][random.below(6)]
    case 89..<92: changeLimit()
    case 92..<96: await nodes[at].idle(rounds: 1 + random.below(48))
    // Past the time at which the log is folded.
    case 96: await nodes[at].idle(rounds: 240)
    default: await nodes[at].refiller.work()
    }
    try await check()
  }

  private func rule(_ subject: Int) -> QuotaRule { QuotaRefillerTests.rule(limits[subject]) }

  private mutating func call(on at: Int) async throws {
    let which = random.below(subjects.count)
    let time = now.adding(seconds: skew[at])
    for _ in 0..<(1 + random.below([10, 300][random.below(2)])) {
      if random.below(4) == 0 { world.clock.advance(seconds: Int64(random.below(2))) }
      let result = await nodes[at].debit(subjects[which], rule(which), time)
      guard case .passed = result else {
        exhausted += 1
        #expect(result == .exhausted)
        return
      }
      let day = try #require(nodes[at].cells.holding(subjects[which])).day
      #expect(day >= rule(which).day(at: time), "a call counts for its own day or a later one")
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
    for subject in subjects { #expect(nodes[at].cells.holding(subject)?.unused ?? 0 == 0) }
    try await restart(at)
  }

  private mutating func changeLimit() {
    let which = random.below(subjects.count)
    limits[which] = [1, 7, 50, 400, 3000][random.below(5)]
    books[which].limit = max(books[which].limit, limits[which])
  }

  /// What is reserved is used, held or was lost in a crash, and never more than the limit.
  private func check() async throws {
    let account = subjects[0].account
    let rows = try await world.quotaRows(of: account)
    for (which, subject) in subjects.enumerated() {
      let book = books[which]
      guard let row = rows[subject.id] else { continue }
      guard row.day == book.day else {
        try #require(row.day > book.day, "a day never goes back")
        continue
      }
      let held = nodes.reduce(Int64(0)) { sum, node in
        let holding = node.cells.holding(subject)
        return sum + (holding?.day == row.day ? holding?.unused ?? 0 : 0)
      }
      try #require(row.reserved == book.admitted + held + book.stranded)
      try #require(book.admitted <= book.limit && row.reserved <= book.limit)
    }
  }
}

extension World {
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
