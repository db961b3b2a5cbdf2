// The moves of keys and versions, one by one.
import KeyModel
import TestSupport
import Testing

@Suite("Lifecycle")
struct KeyLifecycleTests {
  let start = LifecycleFixture.start

  @Test("versions make the listed moves and no others")
  func versionMoves() {
    let events: [VersionEvent] = [
      .commit, .retire(until: start.adding(seconds: 60)), .restore, .end, .abandon, .revoke,
    ]
    let legal: [VersionState: [VersionState?]] = [
      .pending: [.active, nil, nil, nil, .abandoned, .revoked],
      .active: [nil, .retiring, nil, .retired, nil, .revoked],
      .retiring: [nil, nil, .active, .retired, nil, .revoked],
      .retired: [nil, nil, nil, nil, nil, nil],
      .abandoned: [nil, nil, nil, nil, nil, nil],
      .revoked: [nil, nil, nil, nil, nil, nil],
    ]
    for state in VersionState.allCases {
      for (index, event) in events.enumerated() {
        var version = LifecycleFixture.version(1)
        version.state = state
        let next = try? VersionLifecycle.step(version, event, now: start)
        #expect(next?.state == legal[state]?[index])
        if let next, next.state != .active { #expect(next.sealedSecret == nil) }
        if let next, next.state.isFinal { #expect(!next.isAccepted(at: start)) }
      }
    }
    var version = LifecycleFixture.version(1)
    version.state = .revoked
    #expect(throws: IllegalMove(from: .revoked, event: .commit)) {
      try VersionLifecycle.step(version, .commit, now: start)
    }
  }

  @Test("an overlap ends by itself, to the microsecond")
  func overlap() throws {
    var key = LifecycleFixture.key()
    #expect(key.versions[0].number == 1 && key.states == [.active])
    key = try KeyLifecycle.step(
      key, .rotate(LifecycleFixture.version(2), overlapSeconds: 10), now: start)
    #expect(key.states == [.retiring, .active])
    #expect(key.versions.map(\.number) == [1, 2])
    let end = start.adding(seconds: 10)
    let before = Timestamp(microseconds: end.microseconds - 1)
    #expect(key.acceptedVersions(at: before).map(\.number) == [1, 2])
    #expect(key.acceptedVersions(at: end).map(\.number) == [2])
    #expect(try KeyLifecycle.step(key, .tidy, now: before) == key)
    #expect(try KeyLifecycle.step(key, .tidy, now: end).states == [.retired, .active])
    #expect(throws: KeyEventError.noSuchVersion) {
      try KeyLifecycle.step(key, .rollBack(overlapSeconds: 0), now: end)
    }
    let back = try KeyLifecycle.step(key, .rollBack(overlapSeconds: 5), now: before)
    #expect(back.states == [.active, .retiring])
  }

  @Test("rotating without overlap and resetting end the old secret at once")
  func atOnce() throws {
    let key = LifecycleFixture.key()
    let rotated = try KeyLifecycle.step(
      key, .rotate(LifecycleFixture.version(2), overlapSeconds: 0), now: start)
    #expect(rotated.states == [.retired, .active])
    let reset = try KeyLifecycle.step(rotated, .reset(LifecycleFixture.version(3)), now: start)
    #expect(reset.states == [.retired, .revoked, .active])
    #expect(reset.acceptedVersions(at: start).map(\.number) == [3])
    #expect(throws: KeyEventError.negativeOverlap) {
      try KeyLifecycle.step(
        key, .rotate(LifecycleFixture.version(2), overlapSeconds: -1), now: start)
    }
  }

  @Test("a cycle's secret is accepted before its acknowledgement and dies when given up")
  func cycle() throws {
    let pending = LifecycleFixture.version(2)
    let prepared = try KeyLifecycle.step(
      LifecycleFixture.key(), .prepare(pending), now: start)
    #expect(prepared.acceptedVersions(at: start).map(\.number) == [1, 2])
    #expect(throws: KeyEventError.cycleOpen) {
      try KeyLifecycle.step(prepared, .prepare(LifecycleFixture.version(3)), now: start)
    }
    let committed = try KeyLifecycle.step(
      prepared, .commit(pending.id, overlapSeconds: 60), now: start)
    #expect(committed.states == [.retiring, .active])
    let abandoned = try KeyLifecycle.step(prepared, .abandon(pending.id), now: start)
    #expect(abandoned.states == [.active, .abandoned])
    #expect(throws: KeyEventError.noSuchVersion) {
      try KeyLifecycle.step(abandoned, .commit(pending.id, overlapSeconds: 0), now: start)
    }
    let superseded = try KeyLifecycle.step(
      prepared, .rotate(LifecycleFixture.version(3), overlapSeconds: 60), now: start)
    #expect(superseded.states == [.retiring, .abandoned, .active])
  }

  @Test("revocation is final, and an expired key takes no new secret")
  func revokedAndExpired() throws {
    let key = try KeyLifecycle.step(
      LifecycleFixture.key(), .prepare(LifecycleFixture.version(2)), now: start)
    let revoked = try KeyLifecycle.step(key, .revoke, now: start)
    #expect(revoked.states == [.revoked, .revoked])
    #expect(revoked.standing(at: start) == .revoked && revoked.revokedAt == start)
    #expect(try KeyLifecycle.step(revoked, .revoke, now: start.adding(seconds: 9)) == revoked)
    for event in [
      KeyEvent.reset(LifecycleFixture.version(3)), .tidy, .setExpiry(nil),
      .commit(VersionID(bits: 2), overlapSeconds: 0), .rollBack(overlapSeconds: 0),
    ] {
      #expect(throws: KeyEventError.refused(.keyRevoked)) {
        try KeyLifecycle.step(revoked, event, now: start)
      }
    }
    let expiring = try KeyLifecycle.step(key, .setExpiry(start.adding(seconds: 5)), now: start)
    let later = start.adding(seconds: 5)
    #expect(expiring.standing(at: start) == .active)
    #expect(expiring.standing(at: later) == .expired)
    #expect(expiring.acceptedVersions(at: later).isEmpty)
    #expect(throws: KeyEventError.refused(.keyExpired)) {
      try KeyLifecycle.step(expiring, .reset(LifecycleFixture.version(3)), now: later)
    }
    let extended = try KeyLifecycle.step(expiring, .setExpiry(nil), now: later)
    #expect(extended.acceptedVersions(at: later).count == 2)
  }

  /// I1 to I3: someone always gets in, at most two secrets are accepted, and what is over is over.
  @Test("random events keep what always holds", arguments: 0..<40)
  func invariants(seed: Int) {
    var random = SeededGenerator(seed: UInt64(100 + seed))
    var key = LifecycleFixture.key()
    var now = start
    var made: UInt64 = 1
    var over: Set<VersionID> = []
    for _ in 0..<400 {
      now = now.adding(seconds: Int64(random.below(30)))
      made += 1
      let event = Self.event(key, made, now, &random)
      let before = key
      if let next = try? KeyLifecycle.step(key, event, now: now) { key = next }
      let accepted = key.acceptedVersions(at: now)
      #expect(accepted.count <= 2)
      #expect(key.standing(at: now) != .active || !accepted.isEmpty)
      #expect(key.versions.filter { $0.state == .active }.count == (key.state == .revoked ? 0 : 1))
      #expect(accepted.allSatisfy { !over.contains($0.id) })
      if before.state == .revoked { #expect(key == before) }
      for version in key.versions where version.state.isFinal {
        over.insert(version.id)
        #expect(version.sealedSecret == nil)
      }
      #expect(over.allSatisfy { id in key.versions.contains { $0.id == id && $0.state.isFinal } })
      #expect(Set(key.versions.map(\.number)).count == key.versions.count)
    }
  }

  private static func event(
    _ key: Key, _ made: UInt64, _ now: Timestamp, _ random: inout SeededGenerator
  ) -> KeyEvent {
    let version = LifecycleFixture.version(made)
    let known = key.versions[random.below(key.versions.count)].id
    let overlap = Int64(random.below(60))
    switch random.below(20) {
    case 0...3: return .rotate(version, overlapSeconds: overlap)
    case 4...5: return .reset(version)
    case 6...9: return .prepare(version)
    case 10...12:
      let pending = key.versions.first { $0.state == .pending }?.id
      return .commit(pending ?? known, overlapSeconds: overlap)
    case 13...14: return .abandon(known)
    case 15: return .rollBack(overlapSeconds: overlap)
    case 16: return .setExpiry(now.adding(seconds: Int64(random.below(40))))
    case 17: return .setExpiry(nil)
    case 18: return random.below(60) == 0 ? .revoke : .tidy
    default: return .tidy
    }
  }
}
