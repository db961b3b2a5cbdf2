// What a restored backup may bring back, and what it may not: nothing that was taken away comes
// back, and whoever holds a secret that the backup knows and that was in force keeps it.
import KeyModel

extension Auditor {
  mutating func backUp() { hooks.backUp() }

  /// The rows were put back; what the journal knows is not applied yet.
  mutating func restored(_ before: [Tenant], _ after: [Tenant], now: Int64) {
    let time = Timestamp(microseconds: now)
    restores += 1
    isRestoring = true
    for at in before.indices {
      let (old, new) = (before[at], after[at])
      accounts[at] = Account(
        isSuspended: new.isSuspended, since: now, mayNotBeActive: accounts[at].isSuspended)
      ends.restored(at, new.key.expiresAt, old.key.expiresAt, now: now)
      let alive = Set(new.key.versions.filter { !$0.state.isFinal }.map(\.id))
      keepable[at] =
        old.key.state == .active
        ? old.key.versions.filter { $0.isLive(time) && alive.contains($0.id) }.map(\.id) : []
      orphans[at] = true
      forgetSlots(at)
    }
    hooks.restored(after.map(\.post), now: now)
  }

  /// What the journal knows was applied.
  mutating func held(_ at: Int, _ row: Tenant, now: Int64) {
    isRestoring = false
    // What it has runs out, and what replaced it is not in the backup.
    orphans[at] = !row.key.versions.contains { $0.state == .active }
    let time = Timestamp(microseconds: now)
    for version in row.key.versions where !version.state.isFinal {
      if finalSince[version.id] != nil { fail("R1", "a dead version came back", now) }
    }
    if revoked.contains(at), row.key.state != .revoked {
      fail("R1", "a revoked key came back", now)
    }
    if accounts[at].mayNotBeActive, !row.isSuspended {
      fail("R1", "a suspended account came back", now)
    }
    for id in keepable[at] {
      let version = row.key.versions.first { $0.id == id }
      if version?.isLive(time) != true { fail("R2", "the holder of a live version lost it", now) }
    }
    if row.key.state == .active { ends.held(at, row.key.expiresAt, now: now) }
  }
}

extension KeyVersion {
  /// By the auditor's own reading.
  fileprivate func isLive(_ now: Timestamp) -> Bool {
    switch state {
    case .retired, .abandoned, .revoked: false
    case .pending, .active, .retiring: acceptedUntil.map { $0 > now } ?? true
    }
  }
}
