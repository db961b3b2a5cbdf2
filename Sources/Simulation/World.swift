// A whole world in one thread: a store, servers, endpoints and calls on them, over a clock and a
// network that are made up. What happens follows from the seed alone.
import Crypto
import Delivery
import KeyModel

enum Happening {
  case tick(node: Int, life: Int)
  case arrive(Parcel)
  case answer(Parcel, CycleAnswer)
  /// A node hears of changes up to now; `stale`: it read the key before them.
  case hear(node: Int, life: Int, tenant: Int, stale: Key?)
  case store(node: Int, life: Int)
  case call(tenant: Int)
  /// A look at the webhooks.
  case round(node: Int, life: Int)
  indirect case letter(Letter)
  indirect case letterAnswer(Letter, Result<OutboundAnswer, OutboundFailure>)
  /// A call at the end of a key.
  case edge(tenant: Int, node: Int)
  /// A look for ends to be told of.
  case sweep(node: Int, life: Int)
  case backUp
  case restore
  /// An owner sees to the webhooks.
  case patron(tenant: Int)
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
  var tokens: [VersionID: [UInt8]] = [:]
  /// How each customer's endpoints take events.
  var welcomes: [[Welcome]] = []
  var webhookRules = WebhookRules()
  /// Calls of webhooks so far.
  var letters: UInt64 = 0
  /// How far each number of days has come in telling of ends.
  var told: [Timestamp?] = World.noticeDays.map { _ in nil }
  var backup: Backup?
  /// Lines of the journal of revocations, which outlives the store.
  var journal: [Restraint] = []
  var ledger = RestraintLedger()
  /// Restores so far, as the store counts them.
  var epoch: Int64 = 0
  let entropy: SeededEntropy
  var auditor: Auditor
  /// Faults per mille; 0 in the peace at the end.
  var trouble = 0
  /// There never are any.
  private(set) var isPeaceful = false
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
    entropy = SeededEntropy(seed: seed)
    let count = 1 + chance.below(2)
    auditor = Auditor(tenants: count)
    peaceAt = World.start + days * World.day
    end = peaceAt + 3 * World.day
    trouble = [0, 5, 20, 60][chance.below(4)]
    chooseWebhookRules()
    for _ in 0..<count { addTenant() }
    let servers = 1 + chance.below(3)
    isPeaceful = trouble == 0
    auditor.hooks.slack = (servers == 1 ? 2 : 62) * World.second
    for at in 0..<servers { addNode(at) }
    let drifts = nodes.map(\.drift)
    let spread = (drifts.max() ?? 0) - (drifts.min() ?? 0)
    auditor.hooks.isCalm =
      isPeaceful && spread < Carrier.leaseSeconds * World.second / 2 - World.second
    for at in tenants.indices {
      if let end = tenants[at].key.expiresAt { watchEnd(at, end) }
    }
    agenda.add(.peace, at: peaceAt)
    agenda.add(.fault, at: now + chance.within(1...3600) * World.second)
    agenda.add(.probe, at: now + World.day / 3)
    agenda.add(.backUp, at: now + chance.within(3600...200_000) * World.second)
    for _ in 0..<chance.below(3) {
      agenda.add(.restore, at: now + chance.within(7200...days * 80_000) * World.second)
    }
  }

  mutating func newID<Tag: IDTag>(_: Tag.Type = Tag.self) -> ID<Tag> {
    lastID += 1
    return ID(bits: lastID)
  }

  mutating func newVersion() -> KeyVersion {
    let id = newID(VersionTag.self)
    let token = Plane.token(of: id)
    tokens[id] = token
    return KeyVersion(
      id: id, keyID: KeyID(bits: 0), number: 0, state: .retired,
      lookup: Plane.lookup(of: token), pepperID: 1,
      hint: "", sealedSecret: [1], acceptedFrom: Timestamp(microseconds: 0),
      createdAt: Timestamp(microseconds: now))
  }

  private mutating func chooseWebhookRules() {
    let series: [[Int64]] = [
      [0, 5, 300, 1800, 7200], [0, 60, 600], [0, 30, 30, 30, 3600, 36_000],
    ]
    webhookRules.retry = series[chance.below(series.count)]
    webhookRules.disableAfterSeconds = [nil, 7200, 86_400][chance.below(3)]
    if chance.below(4) > 0 {
      // One hash instead of two signatures: worlds have many letters.
      webhookRules.signatures = [
        .header(name: "X-Signature", value: "v1={hex}", key: .webhookSecret, content: .body)
      ]
    }
    auditor.hooks.waits = webhookRules.retry
    auditor.hooks.disableAfter = webhookRules.disableAfterSeconds
  }

  private mutating func addTenant() {
    let end = newEnd()
    auditor.ends.set(tenants.count, end, now: now)
    var key = KeyLifecycle.issue(
      Key(
        id: newID(), projectID: ProjectID(bits: 1), accountID: newID(),
        applicationID: ApplicationID(bits: 1), environment: "production", createdAt: time,
        createdBy: ""),
      newVersion(), now: time)
    key.expiresAt = end
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
    let at = tenants.count
    var tenant = Tenant(key: key, settings: settings, rules: rules, mutant: mutant)
    addHooks(&tenant, at: at)
    tenants.append(tenant)
    auditor.hooks.row(at, from: Post(), to: tenant.post, changes: [], now: now)
    holders.append(Holder(version: key.versions[0].id, generation: 1))
    holders[at].keptAt = now
    agenda.add(.call(tenant: at), at: now + chance.within(1...600) * World.second)
    agenda.add(.owner(tenant: at), at: now + chance.within(1...100_000) * World.second)
    agenda.add(.patron(tenant: at), at: now + chance.within(1...20_000) * World.second)
  }

  private mutating func addNode(_ at: Int) {
    var node = Node(data: Plane(ProjectID(bits: 1)))
    node.drift = chance.within(-30...30) * World.second
    node.skew = node.drift
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
      for at in tenants.indices {
        auditor.settled(tenants[at], nodes, at, now: now)
        auditor.ends.settled(at, tenants[at], peace: peaceAt, now: now)
      }
      auditor.hooks.settled(now: now)
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
        hear(stale ?? tenants[tenant].key, of: tenant, at: node)
      }
    case .store(let node, let life):
      if isLive(node, life) { storeUses(node) }
    case .call(let tenant): call(tenant)
    case .round(let node, let life): if isLive(node, life) { round(node) }
    case .letter(let letter): arrive(letter)
    case .letterAnswer(let letter, let result): take(result, of: letter)
    case .backUp: backUp()
    case .restore: restore()
    case .patron(let tenant): patron(tenant)
    case .edge(let tenant, let node): edge(tenant, node)
    case .sweep(let node, let life): if isLive(node, life) { sweep(node) }
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
    nodes[at].carrier = Carrier()
    // The one process that uses the store: whoever held a queue is gone.
    if nodes.count == 1 { dropClaims() }
    nodes[at].missing = [:]
    nodes[at].plane = tenants.map(\.key)
    nodes[at].data.forget(tenants.map(\.key))
    for tenant in tenants.indices { hear(tenants[tenant].key, of: tenant, at: at) }
    nodes[at].deafSince = nil
    nodes[at].hearsSince = now
    nodes[at].nextTick = .max
    // How long it was down nobody can say: what the clock shows at the start is believed.
    if abs(nodes[at].skew) > 30 * World.second { nodes[at].skew = 0 }
    _ = read(at)
    plan(at)
    planRound(at)
    agenda.add(
      .sweep(node: at, life: nodes[at].life), at: now + chance.within(1...3600) * World.second)
  }

  private mutating func dropClaims() {
    for tenant in tenants.indices {
      for hook in tenants[tenant].post.hooks.indices {
        tenants[tenant].post.hooks[hook].leasedUntil = Timestamp(microseconds: 0)
      }
    }
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
    if nodes[at].isUp {
      for tenant in tenants.indices { hear(tenants[tenant].key, of: tenant, at: at) }
    }
    nodes[at].carrier.restsUntil = now
    plan(at)
    planRound(at)
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
    if let node, storeFails(node) { return .undone }
    var row = tenants[tenant]
    row.post.touched = []
    guard body(&self, &row) else { return .undone }
    if row.key != tenants[tenant].key { row.key.revision = tenants[tenant].key.revision + 1 }
    writeEvents(&row, tenant, node.map { nodes[$0].steady(now) } ?? time)
    let old = tenants[tenant]
    tenants[tenant] = row
    if story != nil, row.key != old.key || row.open != old.open { tellRow(tenant, row) }
    auditor.row(tenant, from: old, to: row, now: now)
    if row.key != old.key || row.isSuspended != old.isSuspended {
      noteInJournal(tenant)
      publish(tenant, by: node, old.key)
    }
    for at in nodes.indices {
      plan(at)
      planRound(at)
    }
    return node != nil && chance.perMille(trouble / 2) ? .unknown : .kept
  }

  /// A transaction that is about webhooks alone, which its server may have to do again.
  mutating func changePost(
    _ tenant: Int, by node: Int, _ body: (inout World, inout Post) -> Void
  ) -> Outcome {
    change(tenant, by: node) { world, row in
      body(&world, &row.post)
      return true
    }
  }

  mutating func storeFails(_ node: Int) -> Bool {
    nodes[node].deafSince != nil || chance.perMille(trouble / 2)
  }

  /// The events of a transaction, in it.
  private mutating func writeEvents(_ row: inout Tenant, _ tenant: Int, _ now: Timestamp) {
    let announced = row.post.announced
    row.post.announced = []
    // Lost where the server ends between its commit and what it meant to do next.
    if mutant == .outboxOutside, chance.perMille(200) { return }
    for one in announced {
      let event = Event(
        id: newID(), projectID: row.key.projectID, accountID: row.key.accountID,
        environment: row.key.environment, type: one.type, createdAt: now, data: one.data)
      write(event, one.only, to: &row.post, now)
      if mutant == .othersAccount {
        for at in tenants.indices where at != tenant {
          var post = tenants[at].post
          write(event, nil, to: &post, now)
          tenants[at].post = post
        }
      }
    }
  }

  private mutating func write(
    _ event: Event, _ only: WebhookID?, to post: inout Post, _ now: Timestamp
  ) {
    let heard = post.hooks.map(\.webhook).filter { webhook in
      only.map { $0 == webhook.id } ?? webhook.hears(event.type, in: event.environment)
    }
    if heard.isEmpty { return }
    post.insert(
      event, EventRows(event, to: heard, webhookRules, now: now) { newID() })
  }

  private mutating func tellRow(_ tenant: Int, _ new: Tenant) {
    let versions = new.key.versions.suffix(4).map { "\($0.number) \($0.state.name)" }
    let open = new.open.map { "\($0.state.name), attempt \($0.attempts)" }
    let end = new.key.expiresAt.map { " until \($0.seconds)" } ?? ""
    tell("customer \(tenant) has \(versions.joined(separator: ", "))\(end); cycles: \(open)")
  }

  private mutating func hear(_ key: Key, of tenant: Int, at node: Int) {
    nodes[node].plane[tenant] = key
    nodes[node].data.hear(bent(key), isSuspended: tenants[tenant].isSuspended)
  }

  /// Of the mutant that looks at ends when it hears of keys, and not when they call.
  private func bent(_ key: Key) -> Key {
    guard mutant == .expiryAtLoad, key.standing(at: time) == .active else { return key }
    var bent = key
    bent.expiresAt = nil
    return bent
  }

  private mutating func publish(_ tenant: Int, by node: Int?, _ old: Key) {
    for at in nodes.indices where nodes[at].isUp && nodes[at].deafSince == nil {
      if at == node {
        hear(tenants[tenant].key, of: tenant, at: at)
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
