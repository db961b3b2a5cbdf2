// One customer's rows as the simulated store holds them, and the transactions on them. The rules
// are the house's own; the store adds what its schema promises.
import KeyModel

struct Tenant {
  var key: Key
  var settings: CyclingSettings
  var rules: AutoCyclingRules
  /// Open ones; those that are over leave their traces below.
  var open: [Cycle] = []
  var lastCommit: Timestamp?
  var slots: [Timestamp] = []
  /// Versions that let a call pass, as far as that is stored.
  var used: [VersionID] = []
  /// Audit entries.
  var entries = 0
  /// Its account is.
  var isSuspended = false
  let mutant: Mutant?
  var post = Post()
  /// Of its end, as far as they were told.
  var notices: [EndNotice] = []

  var cycleRules: CycleRules {
    CycleRules(rules, overlapSeconds: settings.overlapSeconds, reveal: .once)
  }

  var grid: CycleGrid { settings.grid(rules) }

  // MARK: Cycles

  /// Takes one step; gives what is to be done. Throws what the house throws.
  mutating func step(
    _ id: CycleID, _ event: CycleEvent, now: Timestamp
  ) throws(CycleError) -> CycleStep {
    guard let at = open.firstIndex(where: { $0.id == id }) else { throw .over }
    let step = try CycleMachine.step(open[at], key, event, rules: cycleRules, now: now)
    key = step.key
    if mutant == .commitForgetsEnd, step.effects.contains(.tellCommitted) { key.expiresAt = nil }
    if step.cycle.state.isOpen {
      open[at] = step.cycle
      open[at].revision += 1
    } else {
      open.remove(at: at)
      entries += 1
      if step.cycle.state == .committed { lastCommit = step.cycle.endedAt }
      tell(step)
      if step.effects.contains(.turnOff) { turnOff(now) }
    }
    return step
  }

  private mutating func tell(_ step: CycleStep) {
    let data: JSONObject = [
      "cycle_id": .string(step.cycle.id.description), "key_id": .string(key.id.description),
    ]
    if step.effects.contains(.tellCommitted) { post.announce(.cycleCommitted, data) }
    if step.effects.contains(.tellFailed) { post.announce(.cycleFailed, data) }
  }

  /// What the key's own events hold.
  var shown: JSONObject {
    ["key_id": .string(key.id.description), "environment": .string(key.environment)]
  }

  mutating func supersedeAll(_ reason: String, now: Timestamp) {
    for cycle in open { _ = try? step(cycle.id, .supersede(reason), now: now) }
  }

  /// After the key was changed by other means, as the house does it.
  mutating func closeChanged(now: Timestamp) {
    for cycle in open
    where !key.versions.contains(where: { $0.id == cycle.newVersion && $0.state == .pending }) {
      let isRevoked = key.state == .revoked
      _ = try? step(
        cycle.id, isRevoked ? .cancel("key_revoked") : .supersede("key_changed"), now: now)
    }
  }

  // MARK: Settings

  mutating func turnOff(_ now: Timestamp) {
    settings.isEnabled = false
    settings.nextSlotAt = nil
    settings.endpointRevision += 1
    supersedeAll("turned_off", now: now)
  }

  mutating func turnOn(_ now: Timestamp) {
    settings.isEnabled = true
    settings.nextSlotAt = grid.slot(at: now) ?? grid.anchor
  }

  /// When somebody has to look at it, by the wall clock; the far future where nobody has.
  var wakesAt: Int64 {
    var least = settings.nextSlotAt?.microseconds ?? .max
    for cycle in open { least = min(least, cycle.wakesAt?.microseconds ?? .max) }
    return least
  }
}
