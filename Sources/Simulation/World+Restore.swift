// Backups, and an older one put back in the store's place: what the journal knows to be taken away
// is taken away in it before any server runs on it. It judges nothing.
import KeyModel

/// The store as it was.
struct Backup {
  var tenants: [Tenant]
  var told: [Timestamp?]
  /// Lines of the journal that it knows.
  var noted: Int
}

extension World {
  mutating func backUp() {
    guard trouble > 0 else { return }
    agenda.add(.backUp, at: now + chance.within(3600...400_000) * World.second)
    // One in two is an older one: of several that are kept.
    if backup != nil, chance.below(2) == 0 { return }
    tell("a backup is made")
    backup = Backup(tenants: tenants, told: told, noted: journal.count)
    auditor.backUp()
  }

  /// In the journal before anybody is answered.
  mutating func noteInJournal(_ tenant: Int) {
    let (key, isSuspended) = (tenants[tenant].key, tenants[tenant].isSuspended)
    if mutant != .journalWithoutVersions || key.state == .revoked {
      journal += ledger.learn(.key(KeyRecord(key)))
    }
    journal += ledger.learn(.account(Plane.account(of: key, isSuspended)))
  }

  mutating func restore() {
    guard trouble > 0, let backup else { return }
    tell("a backup is restored")
    for at in nodes.indices { crash(at) }
    let before = tenants
    tenants = backup.tenants
    told = backup.told
    if mutant != .epochForgotten { epoch += 1 }
    auditor.restored(before, tenants, now: now)
    let restraints = mutant == .journalIgnored ? [] : Array(journal.dropFirst(backup.noted))
    commitRestored(restraints)
    for restraint in Restraint.lastWords(restraints) { hold(restraint) }
    for at in tenants.indices {
      auditor.held(at, tenants[at], now: now)
      let held = tenants[at].key.versions.first { $0.id == holders[at].version }
      if held?.state.isFinal ?? true { holders[at].isExcused = true }
    }
  }

  private mutating func commitRestored(_ restraints: [Restraint]) {
    let time = self.time
    for tenant in tenants.indices {
      for cycle in tenants[tenant].open where Restraint.show(restraints, commitOf: cycle) {
        _ = change(tenant, by: nil) { _, row in
          (try? row.step(cycle.id, .acknowledged, now: time)) != nil
        }
      }
    }
  }

  private mutating func hold(_ restraint: Restraint) {
    let time = self.time
    for tenant in tenants.indices {
      let key = tenants[tenant].key
      switch restraint {
      case .ending(.key(key.id)): revoke(tenant)
      case .ending(.version(let id, of: key.id, until: let until)):
        guard let ended = try? key.ending(id, at: until, now: time) else { continue }
        _ = change(tenant, by: nil) { _, row in
          row.key = ended
          row.closeChanged(now: time)
          return true
        }
      case .account(key.accountID, suspended: true): suspend(tenant, true)
      case .key(key.id, let bounds):
        guard let narrowed = key.narrowed(to: bounds) else { continue }
        _ = change(tenant, by: nil) { world, row in
          row.key = narrowed
          world.auditor.ends.narrowed(tenant, narrowed.expiresAt)
          return true
        }
      default: continue
      }
    }
  }

  mutating func suspend(_ tenant: Int, _ isSuspended: Bool) {
    _ = change(tenant, by: nil) { _, row in
      guard row.isSuspended != isSuspended else { return false }
      row.isSuspended = isSuspended
      return true
    }
  }
}
