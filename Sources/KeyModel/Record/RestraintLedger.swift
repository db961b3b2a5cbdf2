// What a revocation journal holds, and what of it a restored store has to take away anew. Pure: the
// file of the journal and the rows of the store are others'.

/// What is known to be taken away, so that nothing is noted twice.
package struct RestraintLedger: Sendable {
  private var ended: Set<Ending> = []
  /// The last words on what may be given back.
  private var last: [Restraint.Subject: Restraint] = [:]

  package init() {}

  /// What this change takes away or gives back and was not known.
  package mutating func learn(_ change: RecordChange) -> [Restraint] {
    Restraint.restraints(of: change) { last[$0] != nil }.filter { learn($0) }
  }

  /// False where that is known.
  @discardableResult
  package mutating func learn(_ restraint: Restraint) -> Bool {
    switch restraint {
    case .ending(let ending): return ended.insert(ending).inserted
    case .account, .key:
      guard let subject = restraint.subject else { return false }
      return last.updateValue(restraint, forKey: subject) != restraint
    }
  }
}

extension Restraint {
  /// In their order, each once, and of what may be given back the last only.
  package static func lastWords(_ restraints: [Restraint]) -> [Restraint] {
    var said: Set<Subject> = []
    var ended: Set<Ending> = []
    let kept = restraints.reversed().filter { restraint in
      if case .ending(let ending) = restraint { return ended.insert(ending).inserted }
      return restraint.subject.map { said.insert($0).inserted } ?? false
    }
    return kept.reversed()
  }

  /// Whether a cycle that is open in a restored store was committed since: its old version has
  /// ended, and its new one, which every other end of the old one takes along, has not.
  package static func show(_ restraints: [Restraint], commitOf cycle: Cycle) -> Bool {
    func ended(_ version: VersionID) -> Bool {
      restraints.contains { restraint in
        if case .ending(.version(version, of: cycle.keyID, until: _)) = restraint {
          true
        } else {
          false
        }
      }
    }
    return ended(cycle.oldVersion) && !ended(cycle.newVersion)
  }
}

extension Key {
  /// Without this version from `until` on; nil where it is over by then already, or none of this
  /// key's.
  package func ending(
    _ id: VersionID, at until: Timestamp, now: Timestamp
  ) throws(IllegalMove) -> Key? {
    guard let at = versions.firstIndex(where: { $0.id == id }), !versions[at].state.isFinal,
      versions[at].acceptedUntil.map({ until < $0 }) ?? true
    else { return nil }
    var key = self
    if until <= now {
      key.versions[at] = try VersionLifecycle.step(versions[at], .revoke, now: now)
      // What was held while it was on its way is accepted again.
      if versions[at].state == .pending { key = key.released() }
    } else {
      key.versions[at].state = .retiring
      key.versions[at].acceptedUntil = until
    }
    return key
  }

  private func released() -> Key {
    var key = self
    for at in versions.indices where versions[at].state == .active {
      key.versions[at].acceptedUntil = nil
    }
    return key
  }

  /// No wider than these bounds; nil where it is not.
  package func narrowed(to limit: KeyBounds) -> Key? {
    let bounds = KeyBounds(self).within(limit)
    guard state == .active, bounds != KeyBounds(self) else { return nil }
    var key = self
    (key.access, key.expiresAt, key.routes) = (bounds.access, bounds.expiresAt, bounds.routes)
    return key
  }
}
