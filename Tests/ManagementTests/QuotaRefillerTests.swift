// Reservations between store and cells: what a node gets, what it gives back, what a restart and an
// outage leave, and what the usage answer says of it.
import KeyModel
import Management
import Storage
import Synchronization
import Testing
import Verification

/// One process as far as quotas go.
struct QuotaNode {
  let cells: QuotaCells
  let refiller: QuotaRefiller

  init(
    _ store: Store, clock: any WallClock, cells: QuotaCells = QuotaCells(),
    outbox: @escaping QuotaRefiller.Outbox = { _, _ in }
  ) {
    self.cells = cells
    refiller = QuotaRefiller(
      store: store, cells: cells, clock: clock, foldStep: 2, outbox: outbox, report: { _ in })
  }

  /// Debits until something else than a wait comes.
  func debit(
    _ subject: QuotaSubject, _ rule: QuotaRule, _ now: Timestamp
  ) async -> QuotaCells.Debit {
    while true {
      let result = cells.debit(subject, rule, now: now)
      guard result == .waiting else { return result }
      await refiller.work()
    }
  }

  func idle(rounds: Int) async { for _ in 0..<rounds { await refiller.round() } }
}

@Suite("Quota refiller")
struct QuotaRefillerTests {
  static let policy: JSONValue = ["quota": ["calls": 50, "resets_at": "06:00"]]

  static func rule(
    _ calls: Int64, onOutage: Quota.OnOutage = .refuse, notices: [Int] = []
  ) -> QuotaRule {
    QuotaRule(
      Quota(
        calls: calls, scope: .account, resetsAtSecond: 6 * 3600, counterResetsAtSecond: 0,
        onOutage: onOutage), noticesAt: notices)
  }

  private func used(_ world: World, _ account: AccountID) async throws -> [Int64?] {
    let quota = try await world.management.usage(of: account, by: .local).body?["quota"]
    return ["limit", "used", "remaining"].map { quota?[$0]?.integer }
  }

  @Test("the usage answer counts each call at once, and the next day is fresh")
  func usage() async throws {
    let world = try await World()
    let account = try await world.account(policy: Self.policy)
    let subject = QuotaSubject(id: account.bits, account: account)
    let node = QuotaNode(world.store, clock: world.clock, cells: world.cells)
    #expect(try await used(world, account) == [50, 0, 50])
    for call in 1...50 {
      let result = await node.debit(subject, Self.rule(50), world.clock.now())
      #expect(result == .passed(remaining: Int64(50 - call)))
      #expect(try await used(world, account) == [50, Int64(call), Int64(50 - call)])
    }
    #expect(await node.debit(subject, Self.rule(50), world.clock.now()) == .exhausted)
    // Half past three in the afternoon: the day ends at six in the morning.
    let quota = try await world.management.usage(of: account, by: .local).body?["quota"]
    #expect(quota?["resets_at"]?.string == "2026-11-22T06:00:00Z")
    world.clock.advance(seconds: 86_400)
    #expect(try await used(world, account) == [50, 0, 50])
    #expect(
      await node.debit(subject, Self.rule(50), world.clock.now()) == .passed(remaining: 49))
  }

  @Test("per key the usage answer has each key's, and their sum")
  func perKey() async throws {
    let world = try await World()
    let account = try await world.account(policy: ["quota": ["calls": 10, "scope": "key"]])
    let keys = [try await world.key(account).id, try await world.key(account).id]
    var rule = Self.rule(10)
    rule.scope = .key
    let node = QuotaNode(world.store, clock: world.clock, cells: world.cells)
    for _ in 0..<3 {
      let subject = QuotaSubject(id: keys[0].bits, account: account)
      _ = await node.debit(subject, rule, world.clock.now())
    }
    let body = try await world.management.usage(of: account, by: .local).body
    #expect(body?["quota"]?["limit"] == 20 && body?["quota"]?["used"] == 3)
    let each = body?["keys"]?.array ?? []
    #expect(Set(each.map { $0["quota"]?["used"]?.integer }) == [0, 3] && each.count == 2)
    #expect(each.allSatisfy { $0["quota"]?["limit"] == 10 })
  }

  @Test("a crash strands no more than a small chunk; an orderly stop nothing")
  func restart() async throws {
    let world = try await World()
    let account = try await world.account(policy: Self.policy)
    let subject = QuotaSubject(id: account.bits, account: account)
    let now = world.clock.now()
    for (crashes, expected) in [(true, 46), (false, 50)] as [(Bool, Int)] {
      let day = now.adding(seconds: crashes ? 0 : 86_400)
      let first = QuotaNode(world.store, clock: world.clock)
      try await first.refiller.begin()
      _ = await first.debit(subject, Self.rule(50), day)
      let stranded = first.cells.holding(subject)?.unused ?? 0
      #expect((1...QuotaChunk.smallest(50)).contains(stranded))
      if !crashes { await first.refiller.giveBackAll() }
      let second = QuotaNode(world.store, clock: world.clock)
      try await second.refiller.begin()
      var passed = 1
      while case .passed = await second.debit(subject, Self.rule(50), day) { passed += 1 }
      #expect(passed == (crashes ? 50 - Int(stranded) : 50) && passed >= expected)
      #expect(first.cells.debit(subject, Self.rule(50), now: day) != .exhausted || !crashes)
    }
  }

  @Test("two nodes share one day, and what one leaves idle the other gets")
  func shared() async throws {
    let world = try await World()
    let account = try await world.account(policy: Self.policy)
    let subject = QuotaSubject(id: account.bits, account: account)
    let nodes = (0..<2).map { _ in
      QuotaNode(world.store, clock: world.clock, cells: QuotaCells(shared: true))
    }
    let now = world.clock.now()
    for node in nodes { _ = await node.debit(subject, Self.rule(50), now) }
    var passed = 2
    while case .passed = await nodes[0].debit(subject, Self.rule(50), now) { passed += 1 }
    let held = nodes[1].cells.holding(subject)?.unused ?? 0
    #expect(held > 0 && passed == 50 - Int(held))
    await nodes[1].idle(rounds: 100)
    #expect(nodes[1].cells.holding(subject)?.unused == 0)
    // Within a second of the last answer it does not look again.
    #expect(await nodes[0].debit(subject, Self.rule(50), now) == .exhausted)
    let soon = now.adding(seconds: 2)
    #expect(nodes[0].cells.debit(subject, Self.rule(50), now: soon) == .exhausted)
    await nodes[0].refiller.work()
    while case .passed = await nodes[0].debit(subject, Self.rule(50), soon) { passed += 1 }
    #expect(passed == 50)
  }

  @Test(
    "an outage: the reservation is used up, then calls are refused; afterwards all is as before")
  func outage() async throws {
    let world = try await World()
    let account = try await world.account(policy: Self.policy)
    let subject = QuotaSubject(id: account.bits, account: account)
    let fault = Fault()
    let node = QuotaNode(world.store, clock: world.clock) { _, _ in
      if fault.isOn { throw StoreError.unavailable("for a test") }
    }
    // A share to be told at every call makes each reservation run the failing outbox.
    let rule = Self.rule(50, notices: Array(1...100))
    let now = world.clock.now()
    var passed = 0
    func call() async -> QuotaCells.Debit {
      let result = await node.debit(subject, rule, now)
      if case .passed = result { passed += 1 }
      return result
    }
    for _ in 0..<10 { _ = await call() }
    await node.refiller.work()
    let held = try #require(node.cells.holding(subject)).unused
    fault.isOn = true
    for _ in 0..<held { #expect(await call() != .unavailable) }
    #expect(await call() == .unavailable)
    #expect(node.cells.isAway)
    await node.idle(rounds: 3)
    #expect(await call() == .unavailable)
    fault.isOn = false
    await node.idle(rounds: 1)
    #expect(!node.cells.isAway)
    while case .passed = await call() {}
    #expect(passed == 50)
    #expect(await call() == .exhausted)
  }

  final class Fault: Sendable {
    private let value = Atomic<Bool>(false)
    var isOn: Bool {
      get { value.load(ordering: .sequentiallyConsistent) }
      set { value.store(newValue, ordering: .sequentiallyConsistent) }
    }
  }

  @Test("each share of the quota is told once a day, in the transaction that reserves it")
  func notices() async throws {
    let world = try await World()
    let account = try await world.account(policy: Self.policy)
    let subject = QuotaSubject(id: account.bits, account: account)
    let told = Mutex<[Int64]>([])
    let rule = Self.rule(50, notices: [80, 100])
    for day in 0..<2 {
      let now = world.clock.now().adding(seconds: Int64(day) * 86_400)
      for _ in 0..<3 {
        // Another node each time: that it was told is in the store.
        let node = QuotaNode(world.store, clock: world.clock) { notices, _ in
          told.withLock { $0 += notices.map(\.percent) }
        }
        for _ in 0..<25 { _ = await node.debit(subject, rule, now) }
        await node.refiller.giveBackAll()
      }
      #expect(told.withLock { $0 } == (day == 0 ? [80, 100] : [80, 100, 80, 100]))
    }
  }

  @Test("a process alone logs its rows, and folds them by the clock, at its end and after a crash")
  func logged() async throws {
    let world = try await World()
    let account = try await world.account(policy: Self.policy)
    let subjects = (1...3).map { QuotaSubject(id: UInt128($0), account: account) }
    let table = { try await world.store.read { try $0.quotas.list(of: account) } }
    let now = world.clock.now()
    var node = QuotaNode(world.store, clock: world.clock)
    for subject in subjects {
      for _ in 0..<9 { _ = await node.debit(subject, Self.rule(50), now) }
    }
    #expect(try await table().isEmpty)
    #expect(try await world.quotaRows(of: account).values.allSatisfy { $0.reserved >= 9 })
    await node.idle(rounds: 240)
    // The clock does one step of it, whoever serves the rest.
    #expect(try await table().count < 3)
    await node.refiller.work()
    let folded = try await table()
    #expect(try await folded == world.quotaRows(of: account) && folded.count == 3)
    // Logged again, then killed.
    for _ in 0..<20 { _ = await node.debit(subjects[1], Self.rule(50), now) }
    let newest = try await world.quotaRows(of: account)
    #expect(try await table() == folded && newest != folded)
    node = QuotaNode(world.store, clock: world.clock)
    try await node.refiller.begin()
    #expect(try await table() == newest)
    _ = await node.debit(subjects[2], Self.rule(50), now)
    await node.refiller.giveBackAll()
    #expect(try await table()[3]?.reserved == newest[3].map { $0.reserved + 1 })
  }

  @Test("a process alone keeps a few calls of who is silent for less than five minutes")
  func silent() async throws {
    let world = try await World()
    let account = try await world.account(policy: Self.policy)
    let subject = QuotaSubject(id: account.bits, account: account)
    let node = QuotaNode(world.store, clock: world.clock)
    for _ in 0..<2 { _ = await node.debit(subject, Self.rule(5000), world.clock.now()) }
    await node.idle(rounds: 8 * 140)
    #expect(node.cells.holding(subject)?.unused == 8)
    await node.idle(rounds: 8 * 12)
    #expect(node.cells.holding(subject)?.unused == 0)
  }

  @Test("who asks while calls are given back is served as soon as they are")
  func askedMeanwhile() async throws {
    let world = try await World()
    let account = try await world.account(policy: Self.policy)
    let (subject, rule) = (QuotaSubject(id: account.bits, account: account), Self.rule(5000))
    let (node, now) = (QuotaNode(world.store, clock: world.clock), world.clock.now())
    _ = await node.debit(subject, rule, now)
    let cells = node.cells
    while cells.subjects.waiting == 0 { _ = cells.debit(subject, rule, now: now) }
    var calls = cells.calls.makeAsyncIterator()
    await calls.next()
    let taken = try #require(cells.takeBack(subject, keeping: 0))
    #expect(cells.takeRequests(limit: 9).isEmpty)
    cells.ended(subject, taken, .stored)
    cells.close()
    #expect(await calls.next() != nil)
  }

  @Test("calls of an account that is gone are refused, and nothing is left behind")
  func gone() async throws {
    let world = try await World()
    let account = AccountID(bits: 424_242)
    let node = QuotaNode(world.store, clock: world.clock)
    let subject = QuotaSubject(id: account.bits, account: account)
    #expect(await node.debit(subject, Self.rule(50), world.clock.now()) == .exhausted)
    #expect(try await world.store.read { try $0.quotas.list(of: account) }.isEmpty)
  }
}
