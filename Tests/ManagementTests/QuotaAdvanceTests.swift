// Advances between the cells, the refiller and the store: who has one, what a row is told of it,
// and what a crash, a clock and an outage leave.
import KeyModel
import Management
import Storage
import Testing
import Verification

@Suite("Quota advances")
struct QuotaAdvanceTests {
  private static let rule = QuotaRefillerTests.rule(5_000)
  private static let advance: Int64 = 10

  private static func world() async throws -> (World, AccountID) {
    let world = try await World()
    return (world, try await world.account(policy: QuotaRefillerTests.policy))
  }

  /// A server that has begun and knows what is in the store.
  private func started(_ world: World) async throws -> QuotaNode {
    let node = QuotaNode(world.store, clock: world.clock)
    try await node.refiller.begin()
    await node.refiller.beginTerm()
    #expect(await node.refiller.learn())
    return node
  }

  private func table(_ world: World, _ account: AccountID) async throws -> [UInt128: QuotaRow] {
    try await world.store.read { try $0.quotas.list(of: account) }
  }

  private func subjects(_ account: AccountID, _ count: Int) -> [QuotaSubject] {
    (1...count).map { QuotaSubject(id: UInt128($0), account: account) }
  }

  @Test("a day's first calls neither wait nor make a row; the end of the server does")
  func first() async throws {
    let (world, account) = try await Self.world()
    let (subject, now) = (subjects(account, 1)[0], world.clock.now())
    var node = try await started(world)
    for call in 1...5 {
      let result = node.cells.debit(subject, Self.rule, now: now)
      #expect(result == .passed(remaining: Int64(5_000 - call)))
    }
    #expect(node.cells.subjects.waiting == 0)
    #expect(try await world.quotaRows(of: account).isEmpty)
    #expect(node.cells.state(of: subject, Self.rule, now: now)?.used == 5)
    await node.refiller.giveBackAll()
    #expect(try await table(world, account)[1]?.reserved == 5)
    #expect(try await world.term().until == .never)
    // The next one knows the row, and goes on from it.
    node = try await started(world)
    #expect(node.cells.state(of: subject, Self.rule, now: now)?.used == 5)
    #expect(node.cells.debit(subject, Self.rule, now: now) == .passed(remaining: 4_994))
  }

  @Test("more is fetched before the advance is used up, and the row then has it all")
  func refill() async throws {
    let (world, account) = try await Self.world()
    let (subject, now) = (subjects(account, 1)[0], world.clock.now())
    let node = try await started(world)
    for _ in 0..<8 { _ = node.cells.debit(subject, Self.rule, now: now) }
    #expect(node.cells.subjects.waiting == 1)
    await node.refiller.work()
    let holding = try #require(node.cells.holding(subject))
    #expect(holding.advance == 0)
    let row = try #require(try await world.quotaRows(of: account)[1])
    #expect(row.reserved == 8 + holding.unused && row.term == 1)
    // There is no second advance in the day.
    for _ in 0..<holding.unused {
      #expect(node.cells.debit(subject, Self.rule, now: now) != .waiting)
    }
    #expect(node.cells.holding(subject)?.advance == 0)
    await node.idle(rounds: 8 * 160)
    #expect(node.cells.holding(subject)?.unused == 0 && node.cells.subjects.waiting == 0)
    #expect(node.cells.debit(subject, Self.rule, now: now) == .waiting)
  }

  @Test("who lives on its advance is left alone, however long it is silent")
  func silent() async throws {
    let (world, account) = try await Self.world()
    let subject = subjects(account, 1)[0]
    let node = try await started(world)
    for _ in 0..<30 { _ = await node.debit(subject, Self.rule, world.clock.now()) }
    let day = try #require(try await world.quotaRows(of: account)[1]).day
    world.clock.advance(seconds: 86_400)
    await node.idle(rounds: 1)
    _ = node.cells.debit(subject, Self.rule, now: world.clock.now())
    await node.idle(rounds: 8 * 320)
    #expect(node.cells.holding(subject)?.unused == Self.advance - 1)
    #expect(try await world.quotaRows(of: account)[1]?.day == day)
  }

  @Test("nobody has one while the store is being asked")
  func asked() async throws {
    let (world, account) = try await Self.world()
    let (subject, now) = (subjects(account, 1)[0], world.clock.now())
    let node = try await started(world)
    #expect(node.cells.debit(subject, QuotaRefillerTests.rule(400), now: now) == .waiting)
    #expect(node.cells.debit(subject, Self.rule, now: now) == .waiting)
  }

  @Test("a term ends only with every advance settled, whatever the clock says by then")
  func end() async throws {
    let (world, account) = try await Self.world()
    let (all, now) = (subjects(account, 2), world.clock.now())
    let node = try await started(world)
    for subject in all { for _ in 0..<8 { _ = node.cells.debit(subject, Self.rule, now: now) } }
    let requests = node.cells.takeRequests(limit: 9)
    #expect(requests.count == 2)
    node.cells.finish([requests[0]])
    world.clock.advance(seconds: 30 * 86_400)
    await node.idle(rounds: 1)
    await node.refiller.giveBackAll()
    #expect(try await table(world, account).mapValues(\.reserved) == [requests[0].subject.id: 8])
    #expect(try await world.term().until > .never)
  }

  @Test("a local command gives none, and takes none for lost")
  func local() async throws {
    let (world, account) = try await Self.world()
    let (subject, now) = (subjects(account, 1)[0], world.clock.now())
    let server = try await started(world)
    for _ in 0..<3 { _ = server.cells.debit(subject, Self.rule, now: now) }
    let term = try await world.term()
    // The server is killed; the command's rows have what it owes.
    let command = QuotaNode(world.store, clock: world.clock)
    try await command.refiller.begin()
    #expect(command.cells.debit(subject, Self.rule, now: now) == .waiting)
    #expect(await command.debit(subject, Self.rule, now) != .exhausted)
    await command.refiller.giveBackAll()
    #expect(try await table(world, account)[1]?.reserved == Self.advance + 1)
    #expect(try await world.term() == term)
    let next = try await started(world)
    _ = await next.debit(subject, Self.rule, now)
    #expect(next.cells.state(of: subject, Self.rule, now: now)?.used == Self.advance + 2)
  }

  @Test("rows that a local command writes are older than the next server's")
  func commandFirst() async throws {
    let (world, account) = try await Self.world()
    let (subject, now) = (subjects(account, 1)[0], world.clock.now())
    await (try started(world)).refiller.giveBackAll()
    let command = QuotaNode(world.store, clock: world.clock)
    try await command.refiller.begin()
    _ = await command.debit(subject, Self.rule, now)
    await command.refiller.giveBackAll()
    let server = try await started(world)
    for _ in 0..<5 {
      #expect(server.cells.debit(subject, Self.rule, now: now) != .waiting)
    }
    // Killed; the next one takes the advance off once more than the command's call.
    let next = try await started(world)
    _ = await next.debit(subject, Self.rule, now)
    #expect(next.cells.state(of: subject, Self.rule, now: now)?.used == Self.advance + 2)
  }

  @Test("a day that ended just before the stop is settled too")
  func yesterday() async throws {
    let (world, account) = try await Self.world()
    let subject = subjects(account, 1)[0]
    let end = Self.rule.day(at: world.clock.now()).end
    world.clock.advance(seconds: end.seconds - world.clock.now().seconds - 5)
    let node = try await started(world)
    for _ in 0..<5 { _ = node.cells.debit(subject, Self.rule, now: world.clock.now()) }
    for _ in 0..<10 {
      world.clock.advance(seconds: 1)
      await node.idle(rounds: 4)
    }
    await node.refiller.giveBackAll()
    #expect(try await table(world, account)[1]?.reserved == 5)
  }

  @Test("a small limit has none, and nobody has more than a sixteenth of what is left")
  func small() async throws {
    let (world, account) = try await Self.world()
    let (all, now) = (subjects(account, 2), world.clock.now())
    var node = try await started(world)
    let little = QuotaRefillerTests.rule(499)
    #expect(node.cells.debit(all[0], little, now: now) == .waiting)
    for _ in 0..<4_960 { _ = await node.debit(all[1], Self.rule, now) }
    await node.refiller.giveBackAll()
    node = try await started(world)
    #expect(node.cells.debit(all[1], Self.rule, now: now) == .passed(remaining: 39))
    #expect(node.cells.holding(all[1])?.advance == 2)
  }

  @Test("until all rows of the day are known nobody has one")
  func unknown() async throws {
    let (world, account) = try await Self.world()
    let (all, now) = (subjects(account, 5_000), world.clock.now())
    let day = Self.rule.day(at: now)
    try await world.store.write { tx in
      for subject in all { try tx.quotas.update(subject, QuotaRow(day: day, reserved: 4_999)) }
    }
    let node = QuotaNode(world.store, clock: world.clock)
    try await node.refiller.begin()
    await node.refiller.beginTerm()
    // The term is extended meanwhile.
    world.clock.advance(seconds: 900)
    await node.refiller.round()
    let stranger = QuotaSubject(id: 5_001, account: account)
    #expect(node.cells.debit(stranger, Self.rule, now: now) == .waiting)
    await node.refiller.work()
    #expect(await node.refiller.learn())
    #expect(node.cells.subjects.known == 5_001)
    for subject in [all[0], all[4_999]] {
      #expect(await node.debit(subject, Self.rule, now) == .passed(remaining: 0))
      #expect(await node.debit(subject, Self.rule, now) == .exhausted)
    }
  }

  @Test("a crash takes one advance from everybody, once, and the next day begins without")
  func crash() async throws {
    let (world, account) = try await Self.world()
    let (all, now) = (subjects(account, 3), world.clock.now())
    var node = try await started(world)
    for _ in 0..<4 { _ = node.cells.debit(all[0], Self.rule, now: now) }
    // One that has a row of the term, another that was never called.
    for _ in 0..<30 { _ = await node.debit(all[1], Self.rule, now) }
    let reserved = try #require(try await world.quotaRows(of: account)[2]).reserved
    for _ in 0..<3 {
      node = try await started(world)
      #expect(node.cells.debit(all[0], Self.rule, now: now) == .waiting)
    }
    for _ in 0..<2 { _ = await node.debit(all[0], Self.rule, now) }
    func used(_ which: Int) -> Int64? {
      node.cells.state(of: all[which], Self.rule, now: now)?.used
    }
    #expect(used(0) == Self.advance + 2)
    _ = await node.debit(all[1], Self.rule, now)
    #expect(used(1) == reserved + 1)
    _ = await node.debit(all[2], Self.rule, now)
    #expect(used(2) == Self.advance + 1)
    await node.refiller.giveBackAll()
    #expect(try await table(world, account)[1]?.reserved == Self.advance + 2)

    for (day, isAdvanced) in [(1, false), (2, true)] {
      world.clock.advance(seconds: 86_400)
      node = try await started(world)
      let first = node.cells.debit(all[2], Self.rule, now: world.clock.now())
      #expect(isAdvanced ? first == .passed(remaining: 4_999) : first == .waiting, "day \(day)")
      await node.refiller.work()
      await node.refiller.giveBackAll()
    }
  }

  @Test("the next day's advance is there at midnight, while the clock is watched")
  func midnight() async throws {
    let (world, account) = try await Self.world()
    let (subject, other) = (subjects(account, 2)[0], subjects(account, 2)[1])
    let node = try await started(world)
    _ = node.cells.debit(subject, Self.rule, now: world.clock.now())
    let midnight = Self.rule.day(at: world.clock.now()).end
    // Beyond its reach a term has none.
    #expect(node.cells.debit(other, Self.rule, now: midnight) == .waiting)
    while world.clock.now() < midnight {
      world.clock.advance(seconds: 600)
      await node.refiller.round()
    }
    let result = node.cells.debit(subject, Self.rule, now: midnight)
    #expect(result == .passed(remaining: 4_999))
    #expect(node.cells.holding(subject)?.advance == Self.advance)
    #expect(node.cells.holding(other)?.advance == 0)
  }

  @Test("a day before those whose rows were read has none")
  func earlier() async throws {
    let (world, account) = try await Self.world()
    let subject = subjects(account, 1)[0]
    let now = world.clock.now()
    world.clock.advance(seconds: 3 * 86_400)
    let node = try await started(world)
    #expect(node.cells.debit(subject, Self.rule, now: now) == .waiting)
  }

  @Test("while the store is away a day's first calls pass on its advance")
  func outage() async throws {
    let (world, account) = try await Self.world()
    let (subject, now) = (subjects(account, 1)[0], world.clock.now())
    let node = try await started(world)
    node.cells.store(isAway: true)
    for _ in 0..<Self.advance {
      #expect(node.cells.debit(subject, Self.rule, now: now) != .unavailable)
    }
    #expect(node.cells.debit(subject, Self.rule, now: now) == .unavailable)
    await node.refiller.work()
    #expect(node.cells.debit(subject, Self.rule, now: now) == .passed(remaining: 4_989))
  }

  @Test("where servers share the quotas there are none")
  func shared() async throws {
    let (world, account) = try await Self.world()
    let node = QuotaNode(world.store, clock: world.clock, cells: QuotaCells(shared: true))
    try await node.refiller.begin()
    await node.refiller.beginTerm()
    #expect(await node.refiller.learn())
    let subject = subjects(account, 1)[0]
    #expect(node.cells.debit(subject, Self.rule, now: world.clock.now()) == .waiting)
    #expect(try await world.term() == .none)
  }
}
