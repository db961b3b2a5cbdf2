// The life of a key with its versions. Pure: a key, an event and the time give the next key. What
// always holds of a key that is neither revoked nor expired: one version is active, one or two are
// accepted, and a version that is over is never accepted again.

/// What a key is at a moment.
package enum KeyStanding: String, Sendable, CaseIterable {
  case active, revoked, expired
}

package enum KeyEvent: Hashable, Sendable {
  /// A new secret beside the old one, which is accepted for so many seconds more.
  case rotate(KeyVersion, overlapSeconds: Int64)
  /// A new secret in place of all others, which die in the same moment.
  case reset(KeyVersion)
  /// A new secret that is accepted and waits for its holder's acknowledgement.
  case prepare(KeyVersion)
  /// The waiting secret becomes the key's; the old one is accepted for so many seconds more.
  case commit(VersionID, overlapSeconds: Int64)
  /// The waiting secret is given up.
  case abandon(VersionID)
  /// While the waiting secret is on its way, the key's is not accepted.
  case hold
  /// The key's secret is accepted again.
  case release
  /// Within the overlap: the retiring secret becomes the key's again, the key's retires.
  case rollBack(overlapSeconds: Int64)
  /// Nil: never.
  case setExpiry(Timestamp?)
  /// Marks what time has already ended.
  case tidy
  case revoke
}

package enum KeyEventError: Error, Hashable, Sendable {
  case refused(Refusal)
  case illegalMove(IllegalMove)
  /// The key has no version of this id, or none in the state that the event is about.
  case noSuchVersion
  /// A secret waits for its acknowledgement already.
  case cycleOpen
  case negativeOverlap
}

package enum KeyLifecycle {
  /// A version given by an event gets its number, state and times here. Revoking a revoked key
  /// changes nothing; every other event on one is refused, as are new secrets of an expired key.
  package static func step(
    _ key: Key, _ event: KeyEvent, now: Timestamp
  ) throws(KeyEventError) -> Key {
    if key.state == .revoked {
      if event == .revoke { return key }
      throw .refused(.keyRevoked)
    }
    var machine = KeyMachine(key: key, now: now)
    switch event {
    case .rotate(let version, let overlap): try machine.rotate(to: version, overlap)
    case .reset(let version): try machine.reset(to: version)
    case .prepare(let version): try machine.prepare(version)
    case .commit(let id, let overlap): try machine.commit(id, overlap)
    case .abandon(let id): try machine.abandon(id)
    case .hold: try machine.hold()
    case .release: machine.release()
    case .rollBack(let overlap): try machine.rollBack(overlap)
    case .setExpiry(let time): machine.key.expiresAt = time
    case .tidy: try machine.endOverdue()
    case .revoke: try machine.revoke()
    }
    return machine.key
  }

  /// A key's first version, from the material given.
  package static func issue(_ key: Key, _ version: KeyVersion, now: Timestamp) -> Key {
    var machine = KeyMachine(key: key, now: now)
    machine.key.versions = []
    machine.append(version, .active)
    return machine.key
  }
}

private struct KeyMachine {
  var key: Key
  let now: Timestamp

  mutating func append(_ version: KeyVersion, _ state: VersionState) {
    var version = version
    version.keyID = key.id
    version.number = (key.versions.map(\.number).max() ?? 0) + 1
    version.state = state
    version.acceptedFrom = now
    version.acceptedUntil = nil
    key.versions.append(version)
  }

  private func requireNotExpired() throws(KeyEventError) {
    if key.standing(at: now) == .expired { throw .refused(.keyExpired) }
  }

  private mutating func move(_ index: Int, _ event: VersionEvent) throws(KeyEventError) {
    do throws(IllegalMove) {
      key.versions[index] = try VersionLifecycle.step(key.versions[index], event, now: now)
    } catch {
      throw .illegalMove(error)
    }
  }

  private mutating func moveAll(
    in state: VersionState, _ event: VersionEvent
  ) throws(KeyEventError) {
    for index in key.versions.indices where key.versions[index].state == state {
      try move(index, event)
    }
  }

  /// Puts the active version into its overlap and ends what was in one before.
  private mutating func retireActive(_ overlap: Int64) throws(KeyEventError) {
    guard overlap >= 0 else { throw .negativeOverlap }
    try moveAll(in: .retiring, .end)
    try moveAll(in: .active, overlap == 0 ? .end : .retire(until: now.adding(seconds: overlap)))
  }

  mutating func rotate(to version: KeyVersion, _ overlap: Int64) throws(KeyEventError) {
    try requireNotExpired()
    try moveAll(in: .pending, .abandon)
    try retireActive(overlap)
    append(version, .active)
  }

  mutating func reset(to version: KeyVersion) throws(KeyEventError) {
    try requireNotExpired()
    try revokeVersions()
    append(version, .active)
  }

  mutating func prepare(_ version: KeyVersion) throws(KeyEventError) {
    try requireNotExpired()
    if key.versions.contains(where: { $0.state == .pending }) { throw .cycleOpen }
    try moveAll(in: .retiring, .end)
    append(version, .pending)
  }

  private func index(of id: VersionID, _ state: VersionState) throws(KeyEventError) -> Int {
    guard let index = key.versions.firstIndex(where: { $0.id == id && $0.state == state })
    else { throw .noSuchVersion }
    return index
  }

  mutating func commit(_ id: VersionID, _ overlap: Int64) throws(KeyEventError) {
    let index = try index(of: id, .pending)
    try retireActive(overlap)
    try move(index, .commit)
  }

  mutating func abandon(_ id: VersionID) throws(KeyEventError) {
    try move(index(of: id, .pending), .abandon)
    release()
  }

  mutating func hold() throws(KeyEventError) {
    guard key.versions.contains(where: { $0.state == .pending }) else { throw .noSuchVersion }
    for index in key.versions.indices where key.versions[index].state == .active {
      key.versions[index].acceptedUntil = min(now, key.versions[index].acceptedUntil ?? now)
    }
  }

  mutating func release() {
    for index in key.versions.indices where key.versions[index].state == .active {
      key.versions[index].acceptedUntil = nil
    }
  }

  mutating func rollBack(_ overlap: Int64) throws(KeyEventError) {
    guard overlap >= 0 else { throw .negativeOverlap }
    guard
      let old = key.versions.firstIndex(where: { $0.state == .retiring && $0.isAccepted(at: now) })
    else { throw .noSuchVersion }
    try moveAll(in: .pending, .abandon)
    try moveAll(in: .active, overlap == 0 ? .end : .retire(until: now.adding(seconds: overlap)))
    try move(old, .restore)
  }

  mutating func endOverdue() throws(KeyEventError) {
    for index in key.versions.indices
    where key.versions[index].state == .retiring && !key.versions[index].isAccepted(at: now) {
      try move(index, .end)
    }
  }

  private mutating func revokeVersions() throws(KeyEventError) {
    for state in [VersionState.pending, .active, .retiring] { try moveAll(in: state, .revoke) }
  }

  mutating func revoke() throws(KeyEventError) {
    try revokeVersions()
    key.state = .revoked
    key.revokedAt = now
  }
}

extension Key {
  package func standing(at now: Timestamp) -> KeyStanding {
    if state == .revoked { return .revoked }
    return expiresAt.map { $0 <= now } ?? false ? .expired : .active
  }

  /// The versions with which a call passes at this moment.
  package func acceptedVersions(at now: Timestamp) -> [KeyVersion] {
    standing(at: now) == .active ? versions.filter { $0.isAccepted(at: now) } : []
  }
}
