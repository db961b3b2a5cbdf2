// Watches a world from outside and says what must never be seen. It knows the true time and every
// row, shares no code with the workload, and decides nothing.
import KeyModel

package struct Violation: Error, Sendable, CustomStringConvertible {
  package var rule: String
  package var detail: String
  package var at: Int64
  package var description: String { "\(rule) at \(at / 1_000_000) s: \(detail)" }
}

struct Auditor {
  /// Within which every node that can hear knows of a change.
  static let spread: Int64 = 2_000_000

  private var found: Violation?
  var violation: Violation? { found ?? hooks.violation ?? ends.violation }
  var hooks = WebhookAuditor()
  var ends = ExpiryAuditor()
  private(set) var commits = 0
  private(set) var finalSince: [VersionID: Int64] = [:]
  var accounts: [Account] = []
  /// Keys that were revoked, by their tenants.
  private(set) var revoked: Set<Int> = []
  /// Of a restore: what was in force and is in the backup too; and who had nothing of that.
  var keepable: [[VersionID]] = []
  var orphans: [Bool] = []
  var restores = 0
  /// Rows are put back, and what the journal knows is applied to them one after the other.
  var isRestoring = false
  private var bytes: [String: [UInt64]] = [:]
  private var acknowledged: [String: Bool] = [:]
  private var generations: [Int64] = []
  private var committedSlots: [[Timestamp]] = []
  private var lastScheduledCommit: [Int64?] = []

  struct Account {
    var isSuspended = false
    var since: Int64 = 0
    /// What was restored has to take it into account.
    var mayNotBeActive = false
  }

  init(tenants: Int) {
    accounts = Array(repeating: Account(), count: tenants)
    keepable = Array(repeating: [], count: tenants)
    orphans = Array(repeating: false, count: tenants)
    generations = Array(repeating: 1, count: tenants)
    committedSlots = Array(repeating: [], count: tenants)
    lastScheduledCommit = Array(repeating: nil, count: tenants)
  }

  mutating func fail(_ rule: String, _ detail: @autoclosure () -> String, _ now: Int64) {
    if found == nil { found = Violation(rule: rule, detail: detail(), at: now) }
  }

  // MARK: Rows

  mutating func row(_ at: Int, from old: Tenant, to new: Tenant, now: Int64) {
    let time = Timestamp(microseconds: now)
    var accepted = 0
    for version in new.key.versions {
      let before = old.key.versions.first { $0.id == version.id }
      if let before, before.state.isFinal, before.state != version.state {
        fail("I3", "a version left \(before.state.name) for \(version.state.name)", now)
      }
      if version.state.isFinal {
        if finalSince[version.id] == nil { finalSince[version.id] = now }
        if version.sealedSecret != nil { fail("I8", "a dead version keeps its secret", now) }
      } else if version.acceptedUntil.map({ $0 > time }) ?? true {
        accepted += 1
      }
    }
    if new.key.state == .revoked { revoked.insert(at) }
    if new.isSuspended != accounts[at].isSuspended {
      accounts[at].isSuspended = new.isSuspended
      accounts[at].since = now
    }
    if !isRestoring, new.key.versions.contains(where: { $0.state == .active }) {
      orphans[at] = false
    }
    if new.key.state == .active {
      if accepted == 0, !orphans[at] { fail("I1", "no version is accepted", now) }
      if accepted > 2 { fail("I2", "\(accepted) versions are accepted", now) }
    } else if !new.open.isEmpty {
      fail("I2", "a revoked key has an open cycle", now)
    }
    if new.open.count > 1 { fail("I2", "\(new.open.count) open cycles", now) }
    for cycle in new.open {
      let waiting = new.key.versions.first { $0.id == cycle.newVersion }
      if waiting?.sealedSecret == nil { fail("I8", "an open cycle without its secret", now) }
      let before = new.key.versions.first { $0.id == cycle.oldVersion }
      let isBereft = restores > 0 && !new.key.versions.contains { $0.state == .active }
      if before?.state != .active, !isBereft {
        fail("I4", "the old version ended before its time", now)
      }
    }
    let commits = endings(at, old, new, now)
    let notices = ends.row(at, from: old, to: new, now: now)
    hooks.row(
      at, from: old.post, to: new.post,
      changes: Self.changes(old.key, new.key)
        + Array(repeating: "cycle.committed", count: commits)
        + Array(repeating: "key.expiring", count: notices), now: now)
  }

  /// What happened to a key, as its owner is told it.
  private static func changes(_ old: Key, _ new: Key) -> [String] {
    if new.state == .revoked { return old.state == .revoked ? [] : ["key.revoked"] }
    let known = old.versions.map(\.number).max() ?? 0
    let isNew = new.versions.contains { $0.state == .active && $0.number > known }
    return isNew ? ["key.rotated"] : []
  }

  /// Gives how many were committed.
  private mutating func endings(
    _ at: Int, _ old: Tenant, _ new: Tenant, _ now: Int64
  ) -> Int {
    let ended = old.open.filter { cycle in !new.open.contains { $0.id == cycle.id } }
    if new.entries - old.entries < ended.count { fail("I9", "an end without an entry", now) }
    var commits = 0
    for cycle in ended {
      let version = new.key.versions.first { $0.id == cycle.newVersion }
      guard version?.state == .active else { continue }
      commits += 1
      committed(at, cycle, new.grid.interval, now)
    }
    return commits
  }

  private mutating func committed(
    _ at: Int, _ cycle: Cycle, _ interval: Int64, _ now: Int64
  ) {
    commits += 1
    guard let inTime = acknowledged[cycle.requestID] else {
      return fail("I7", "committed without an acknowledgement", now)
    }
    if !inTime { fail("I10", "committed for an endpoint that was removed before", now) }
    if let slot = cycle.slotAt {
      if committedSlots[at].contains(slot) { fail("I6", "two commits of one slot", now) }
      committedSlots[at].append(slot)
      // Two clocks may differ by a minute.
      if let last = lastScheduledCommit[at], now - last < interval * 250_000 - 120_000_000 {
        fail("I11", "scheduled commits \((now - last) / 1_000_000) s apart", now)
      }
      lastScheduledCommit[at] = now
    }
  }

  mutating func began(_ at: Int, _ cycle: Cycle, now: Int64) {
    if cycle.generation <= generations[at] { fail("I5", "generation \(cycle.generation)", now) }
    generations[at] = cycle.generation
    guard let slot = cycle.slotAt else { return }
    // Clocks may be wrong by so much; a leap that did not last must not count.
    if slot.microseconds > now + 700_000_000 { fail("I12", "a slot that has not come", now) }
  }

  /// A version that was handed over by hand.
  mutating func issued(_ at: Int, _ generation: Int64) {
    generations[at] = max(generations[at], generation)
  }

  // MARK: Wires

  mutating func sent(_ parcel: Parcel, now: Int64) {
    if let first = bytes[parcel.requestID], first != parcel.bytes {
      fail("I6", "other bytes under one requestId", now)
    }
    bytes[parcel.requestID] = parcel.bytes
  }

  /// The holder has acknowledged, by whatever way; `inTime`: its endpoint was still the one.
  mutating func acknowledgement(_ requestID: String, inTime: Bool) {
    acknowledged[requestID] = (acknowledged[requestID] ?? false) || inTime
  }

  /// An attempt's answer changed a row.
  mutating func answerTaken(epoch: Int64, current: Int64, now: Int64) {
    if epoch != current { fail("lease", "epoch \(epoch) was heard beside \(current)", now) }
  }

  // MARK: Calls

  mutating func decided(
    _ node: Node, _ version: VersionID, accepted: Bool, holder: Holder?, of tenant: Int,
    key: Key, now: Int64
  ) {
    guard node.deafSince == nil, now - node.hearsSince > Self.spread else { return }
    if accepted, let since = finalSince[version], now - since > Self.spread {
      fail("I3", "a dead version passed", now)
    }
    let account = accounts[tenant]
    if account.isSuspended || now - account.since <= Self.spread {
      if accepted, now - account.since > Self.spread {
        fail("S1", "a call of a suspended account passed", now)
      }
      return
    }
    guard !accepted, let holder, !holder.isExcused, !holder.isBarred, key.state == .active,
      now - holder.keptAt > Self.spread, !ends.excuses(tenant, node, now: now)
    else { return }
    // Held while the new one is on its way: so the policy wants it.
    let known = node.plane[tenant].versions.first { $0.id == version }
    if known?.state == .active, known?.acceptedUntil != nil { return }
    fail("I4", "the holder of generation \(holder.generation) was refused", now)
  }

  // MARK: Liveness

  mutating func settled(_ tenant: Tenant, _ nodes: [Node], _ at: Int, now: Int64) {
    let lease: Int64 = 45_000_000
    for cycle in tenant.open {
      if cycle.deadline.microseconds + lease + 120_000_000 < now {
        fail("L1", "open \((now - cycle.deadline.microseconds) / 1_000_000) s after it", now)
      }
      if cycle.state == .delivering, cycle.lease.until.microseconds + 120_000_000 < now {
        fail("L3", "an old lease", now)
      }
    }
    bereft(tenant, now: now)
    for node in nodes {
      let known = node.plane[at].versions.filter { !$0.state.isFinal }.map(\.id)
      let stored = tenant.key.versions.filter { !$0.state.isFinal }.map(\.id)
      if known != stored || node.plane[at].state != tenant.key.state {
        fail("L4", "a node knows other versions than the store", now)
      }
    }
  }

  /// A restored key whose secrets were all replaced since the backup gets one by the next cycle.
  private mutating func bereft(_ tenant: Tenant, now: Int64) {
    guard tenant.key.state == .active,
      !tenant.key.versions.contains(where: { $0.state == .active }),
      tenant.key.expiresAt == nil, tenant.settings.isEnabled,
      let slot = tenant.grid.slot(at: Timestamp(microseconds: now))?.microseconds,
      slot > now - 2 * World.day, now - slot > 3_600_000_000
    else { return }
    fail("L7", "a restored key has no secret since \((now - slot) / 1_000_000) s", now)
  }

  /// Without faults since `peace`: a cycle that began a while ago and did not commit.
  mutating func prompt(_ tenant: Tenant, peace: Int64, now: Int64) {
    for cycle in tenant.open {
      let began = cycle.startedAt.microseconds
      guard began > peace + 120_000_000, now - began > 300_000_000 else { continue }
      fail("L2", "not committed after \((now - began) / 1_000_000) s", now)
    }
  }

  /// The rows were put back: a slot may come again.
  mutating func forgetSlots(_ at: Int) {
    committedSlots[at] = []
    lastScheduledCommit[at] = nil
  }
}
