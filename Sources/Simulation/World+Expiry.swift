// Keys that end by themselves: owners who set and move their ends, calls at the very moment, and
// the sweep that tells of ends to come. It judges nothing.
import KeyModel

extension World {
  /// As the policy names them by default.
  static let noticeDays: [Int64] = [7, 1]

  /// Days with faults, and those after them: some keys end in either.
  mutating func newEnd() -> Timestamp? {
    if chance.below(3) > 0 { return nil }
    return time.adding(seconds: chance.within(3600...(10 * 86_400)))
  }

  mutating func moveEnd(_ tenant: Int) {
    let end = newEnd()
    let outcome = change(tenant, by: nil) { world, row in
      guard let key = try? KeyLifecycle.step(row.key, .setExpiry(end), now: world.time) else {
        return false
      }
      row.key = key
      world.auditor.ends.set(tenant, end, now: world.now)
      return true
    }
    if outcome == .kept, let end { watchEnd(tenant, end) }
  }

  /// Somebody calls in the last microsecond and in the first after it.
  mutating func watchEnd(_ tenant: Int, _ end: Timestamp) {
    for at in nodes.indices {
      let moment = end.microseconds - nodes[at].drift
      guard moment > now + 1 else { continue }
      agenda.add(.edge(tenant: tenant, node: at), at: moment - 1)
      agenda.add(.edge(tenant: tenant, node: at), at: moment)
    }
  }

  mutating func edge(_ tenant: Int, _ at: Int) {
    guard nodes[at].isUp else { return }
    let version = holders[tenant].version
    let accepted = accepts(version, of: tenant, at)
    note(accepted ? 5 : 6)
    auditor.ends.decided(tenant, nodes[at], accepted: accepted, now: now)
  }

  // MARK: Telling

  mutating func sweep(_ at: Int) {
    agenda.add(
      .sweep(node: at, life: nodes[at].life), at: now + chance.within(600...7200) * World.second)
    for index in Self.noticeDays.indices {
      if storeFails(at) { return }
      tellOfEnds(index, nodes[at].steady(now))
      if chance.perMille(trouble) { return crash(at) }
    }
  }

  /// One transaction for all: how far it has come moves with what is told.
  private mutating func tellOfEnds(_ index: Int, _ time: Timestamp) {
    let days = Self.noticeDays[index]
    let reach = time.adding(seconds: days * 86_400)
    guard let from = told[index], from <= reach.adding(seconds: 86_400) else {
      told[index] = reach
      return
    }
    let start = from.adding(seconds: -days * 86_400).microseconds - 1
    if mutant != .tellTwice || chance.below(4) > 0 { told[index] = max(reach, from) }
    for tenant in tenants.indices where tenants[tenant].key.state == .active {
      let key = tenants[tenant].key
      guard let end = key.expiresAt, from < end, end <= reach else { continue }
      let due = ExpiryNotices.due(
        expiresAt: end, setAt: key.createdAt, days: [Int(days)],
        after: Timestamp(microseconds: start), through: time)
      if due.isEmpty { continue }
      _ = change(tenant, by: nil) { _, row in
        row.notices.append(EndNotice(days: days, end: end))
        row.post.announce(
          .keyExpiring,
          row.shown.merging([
            "expires_at": .string(RFC3339.format(end)), "days": .integer(days),
          ]))
        return true
      }
    }
  }
}

/// Told to a key's owner, by mail and event.
struct EndNotice: Hashable {
  var days: Int64
  var end: Timestamp
}
