// A whole world in one thread: a store, servers, endpoints and calls on them, over a clock and a
// network that are made up. What happens follows from the seed alone.
import KeyModel

enum Happening {
  case tick(node: Int, life: Int)
  case arrive(Parcel)
  case answer(Parcel, CycleAnswer)
  /// A node hears of changes up to now; `stale`: it read the key before them.
  case hear(node: Int, life: Int, tenant: Int, stale: Key?)
  case store(node: Int, life: Int)
  case call(tenant: Int)
  case probe
  case owner(tenant: Int)
  /// The owner acts while something is on its way.
  case haste(tenant: Int)
  case fault
  case restart(node: Int)
  case hearAgain(node: Int)
  case stepBack(node: Int, skew: Int64)
  case peace
}

struct World {
  static let second: Int64 = 1_000_000
  static let day: Int64 = 86_400 * second
  /// 2027-01-15T00:00:00Z
  static let start: Int64 = 1_799_971_200 * second
  static let leaseSeconds: Int64 = 45

  let mutant: Mutant?
  var chance: Chance
  var agenda = Agenda<Happening>()
  var now = World.start
  var tenants: [Tenant] = []
  var holders: [Holder] = []
  var nodes: [Node] = []
  var auditor: Auditor
  /// Faults per mille; 0 in the peace at the end.
  var trouble = 0
  let end: Int64
  let peaceAt: Int64
  /// Of everything that happened, in its order.
  var trace: UInt64 = 0xCBF2_9CE4_8422_2325
  var happenings = 0
  /// What happened, in words; nil where nobody reads it.
  var story: [String]?
  private var lastID: UInt128 = 0

  init(seed: UInt64, mutant: Mutant?, days: Int64) {
    self.mutant = mutant
    chance = Chance(seed: seed)
    let count = 1 + chance.below(2)
    auditor = Auditor(tenants: count)
    peaceAt = World.start + days * World.day
    end = peaceAt + 3 * World.day
    trouble = [0, 5, 20, 60][chance.below(4)]
    for _ in 0..<count { addTenant() }
    for at in 0..<(1 + chance.below(3)) { addNode(at) }
    agenda.add(.peace, at: peaceAt)
    agenda.add(.fault, at: now + chance.within(1...3600) * World.second)
    agenda.add(.probe, at: now + World.day / 3)
  }

  mutating func newID<Tag: IDTag>(_: Tag.Type = Tag.self) -> ID<Tag> {
    lastID += 1
    return ID(bits: lastID)
  }

  mutating func newVersion() -> KeyVersion {
    let id = newID(VersionTag.self)
    return KeyVersion(
      id: id, keyID: KeyID(bits: 0), number: 0, state: .retired,
      lookup: Lookup(words: (UInt64(truncatingIfNeeded: id.bits), 0, 0, 0)), pepperID: 1,
      hint: "", sealedSecret: [1], acceptedFrom: Timestamp(microseconds: 0),
      createdAt: Timestamp(microseconds: now))
  }

  private mutating func addTenant() {
    let key = KeyLifecycle.issue(
      Key(
        id: newID(), projectID: ProjectID(bits: 1), accountID: newID(),
        applicationID: ApplicationID(bits: 1), environment: "", createdAt: time, createdBy: ""),
      newVersion(), now: time)
    var rules = AutoCyclingRules()
    rules.retriesWithinCycle = chance.below(4)
    rules.overlap = chance.below(4) == 0 ? .none : .untilAck
    rules.deadlineSeconds = chance.below(3) == 0 ? chance.within(7200...80_000) : nil
    rules.atSecond = chance.within(0...86_399)
    var settings = CyclingSettings(
      projectID: key.projectID, accountID: key.accountID, environment: "", endpoint: "",
      everyDays: chance.within(1...3), startsOn: time.day + chance.within(-1...1),
      overlapSeconds: chance.below(2) == 0 ? 0 : chance.within(1...3600), createdAt: time)
    settings.nextSlotAt = settings.grid(rules).next(after: time)
    tenants.append(Tenant(key: key, settings: settings, rules: rules))
    let at = tenants.count - 1
    holders.append(Holder(version: key.versions[0].id, generation: 1))
    holders[at].keptAt = now
    agenda.add(.call(tenant: at), at: now + chance.within(1...600) * World.second)
    agenda.add(.owner(tenant: at), at: now + chance.within(1...100_000) * World.second)
  }

  private mutating func addNode(_ at: Int) {
    var node = Node()
    node.skew = chance.within(-30...30) * World.second
    nodes.append(node)
    start(at)
  }

  // MARK: Running

  var time: Timestamp { Timestamp(microseconds: now) }

  mutating func run() {
    while auditor.violation == nil, let (at, happening) = agenda.next(), at <= end {
      now = max(now, at)
      happenings += 1
      note(UInt64(bitPattern: at))
      happen(happening)
    }
    if auditor.violation == nil {
      now = end
      for at in tenants.indices { auditor.settled(tenants[at], nodes, at, now: now) }
    }
  }

  mutating func tell(_ what: @autoclosure () -> String) {
    if story != nil { story?.append("\((now - World.start) / 1000) ms: \(what())") }
  }

  mutating func note(_ word: UInt64) { trace = (trace ^ word) &* 0x0000_0100_0000_01B3 }

  private mutating func happen(_ happening: Happening) {
    switch happening {
    case .tick(let node, let life):
      note(1)
      if isLive(node, life) { tick(node) }
    case .arrive(let parcel): arrive(parcel)
    case .answer(let parcel, let answer): take(answer, parcel)
    case .hear(let node, let life, let tenant, let stale):
      if isLive(node, life), nodes[node].deafSince == nil {
        nodes[node].plane[tenant] = stale ?? tenants[tenant].key
      }
    case .store(let node, let life):
      if isLive(node, life) { storeUses(node) }
    case .call(let tenant): call(tenant)
    case .probe: probe()
    case .owner(let tenant): own(tenant)
    case .haste(let tenant): act(tenant)
    case .fault: fault()
    case .restart(let node): if !nodes[node].isUp { start(node) }
    case .hearAgain(let node): hearAgain(node)
    case .stepBack(let node, let skew):
      nodes[node].skew = skew
      plan(node)
    case .peace: makePeace()
    }
  }

  func isLive(_ node: Int, _ life: Int) -> Bool { nodes[node].isUp && nodes[node].life == life }

  // MARK: Nodes

  mutating func start(_ at: Int) {
    tell("node \(at) starts")
    nodes[at].isUp = true
    nodes[at].life += 1
    nodes[at].bornAt = now
    nodes[at].clock = nil
    nodes[at].counted = []
    nodes[at].busy = []
    nodes[at].missing = [:]
    nodes[at].plane = tenants.map(\.key)
    nodes[at].deafSince = nil
    nodes[at].hearsSince = now
    nodes[at].nextTick = .max
    // How long it was down nobody can say: what the clock shows at the start is believed.
    if abs(nodes[at].skew) > 30 * World.second { nodes[at].skew = 0 }
    _ = read(at)
    plan(at)
  }

  mutating func crash(_ at: Int) {
    guard nodes[at].isUp else { return }
    tell("node \(at) crashes")
    nodes[at].isUp = false
    agenda.add(.restart(node: at), at: now + chance.within(1...1200) * World.second)
  }

  mutating func hearAgain(_ at: Int) {
    guard nodes[at].deafSince != nil else { return }
    nodes[at].deafSince = nil
    nodes[at].hearsSince = now
    if nodes[at].isUp { nodes[at].plane = tenants.map(\.key) }
    plan(at)
  }

  /// Asks for a look when one is due, or soon where something is overdue.
  mutating func plan(_ at: Int) {
    guard nodes[at].isUp else { return }
    var wake = now + 1800 * World.second
    for tenant in tenants {
      let due = tenant.wakesAt
      if due < .max { wake = min(wake, due - nodes[at].skew) }
    }
    wake = max(wake, now + 250_000) + chance.within(0...250_000)
    if wake < nodes[at].nextTick {
      nodes[at].nextTick = wake
      agenda.add(.tick(node: at, life: nodes[at].life), at: wake)
    }
  }

  // MARK: The store

  enum Outcome { case kept, undone, unknown }

  /// One transaction of a node. The store may refuse it, or keep it and not be heard.
  mutating func change(
    _ tenant: Int, by node: Int?, _ body: (inout World, inout Tenant) -> Bool
  ) -> Outcome {
    if let node, nodes[node].deafSince != nil || chance.perMille(trouble / 2) { return .undone }
    var row = tenants[tenant]
    guard body(&self, &row) else { return .undone }
    let old = tenants[tenant]
    tenants[tenant] = row
    if story != nil { tellRow(tenant, old, row) }
    auditor.row(tenant, from: old, to: row, now: now)
    if row.key != old.key { publish(tenant, by: node, old.key) }
    for at in nodes.indices { plan(at) }
    return node != nil && chance.perMille(trouble / 2) ? .unknown : .kept
  }

  private mutating func tellRow(_ tenant: Int, _ old: Tenant, _ new: Tenant) {
    let versions = new.key.versions.suffix(4).map { "\($0.number) \($0.state.name)" }
    let open = new.open.map { "\($0.state.name), attempt \($0.attempts)" }
    tell("customer \(tenant) has \(versions.joined(separator: ", ")); cycles: \(open)")
  }

  private mutating func publish(_ tenant: Int, by node: Int?, _ old: Key) {
    for at in nodes.indices where nodes[at].isUp && nodes[at].deafSince == nil {
      if at == node {
        nodes[at].plane[tenant] = tenants[tenant].key
        continue
      }
      let (life, delay) = (nodes[at].life, chance.within(1...900) * 1000)
      agenda.add(.hear(node: at, life: life, tenant: tenant, stale: nil), at: now + delay)
      if mutant == .fillWithoutFence, chance.below(8) == 0 {
        agenda.add(
          .hear(node: at, life: life, tenant: tenant, stale: old), at: now + delay + 1000)
      }
    }
  }
}
