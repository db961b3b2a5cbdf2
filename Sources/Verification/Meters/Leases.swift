// Slots lent for a time to callers whose end this process does not see. A lease that nobody ends
// or renews is over by itself, at the latest when its slot is wanted.
import KeyModel
import Synchronization

package struct Lease: Hashable, Sendable {
  package var id: LeaseID
  package var expiresAt: Timestamp
}

/// The same moment on both clocks: leases end by the monotonic one and are told by the other.
package struct LeaseMoment {
  package var wall: Timestamp
  /// Nanoseconds.
  package var monotonic: Int64
  package init(wall: Timestamp, monotonic: Int64) {
    self.wall = wall
    self.monotonic = monotonic
  }
}

package final class Leases: Sendable {
  package static let longestSeconds: Int64 = 3600
  /// A power of two. Leases of one subject are in one shard, so two subjects seldom share a lock.
  private static let shardCount = 64
  private let shards = (0..<shardCount).map { _ in LeaseShard() }

  /// Nil where there is no room for another; the slot is given back then.
  /// - Parameter random: its last bits are replaced.
  func lend(
    _ slot: consuming Slot, of subject: UInt128, project: ProjectID, seconds: Int64,
    at now: LeaseMoment, random: UInt128
  ) -> Lease? {
    let number = Self.shard(of: subject)
    let mask = UInt128(Self.shardCount - 1)
    let id = LeaseID(bits: random & ~mask | UInt128(number))
    let held = HeldLease(id, slot, project, seconds: seconds, now.monotonic)
    guard shards[number].add(held, now.monotonic) else { return nil }
    return Lease(id: id, expiresAt: now.wall.adding(seconds: seconds))
  }

  /// Begins anew, for so many seconds or as many as before.
  /// - Parameter project: the only one whose leases may be renewed; nil: any.
  /// - Returns: nil where there is no such lease, or no longer.
  package func renew(
    _ id: LeaseID, seconds: Int64?, project: ProjectID?, at now: LeaseMoment
  ) -> Lease? {
    shard(of: id).renew(id, seconds, project, now.monotonic).map {
      Lease(id: id, expiresAt: now.wall.adding(seconds: $0))
    }
  }

  /// False where there is no such lease, or no longer.
  package func end(_ id: LeaseID, project: ProjectID?, at now: LeaseMoment) -> Bool {
    shard(of: id).end(id, project, now.monotonic)
  }

  /// Gives back the slots of leases that are over, the subject's among them.
  func expire(_ subject: UInt128, _ now: Int64) {
    shards[Self.shard(of: subject)].expire(now)
  }

  /// Leases in force, those that nobody has noticed are over included.
  package var count: Int { shards.reduce(0) { $0 + $1.count } }

  private static func shard(of subject: UInt128) -> Int {
    Int(truncatingIfNeeded: subject) & (shardCount - 1)
  }

  private func shard(of id: LeaseID) -> LeaseShard { shards[Self.shard(of: id.bits)] }
}

/// Touched under its shard's lock only.
private final class HeldLease: @unchecked Sendable {
  let id: LeaseID
  let project: ProjectID
  var seconds: Int64
  var until: Int64
  /// In the shard's heap.
  var position = 0
  private let slot: Slot

  init(
    _ id: LeaseID, _ slot: consuming Slot, _ project: ProjectID, seconds: Int64, _ now: Int64
  ) {
    self.id = id
    self.slot = slot
    self.project = project
    self.seconds = seconds
    until = now + seconds * 1_000_000_000
  }
}

private final class LeaseShard: Sendable {
  private static let bound = 16_384

  fileprivate struct State {
    var leases: [LeaseID: HeldLease] = [:]
    /// The first is over soonest, and each before those at twice its place.
    var heap: [HeldLease] = []
  }

  private let state = Mutex(State())
  /// Those in the state, for who need not take the lock then.
  private let counted = Atomic<Int>(0)

  func add(_ held: HeldLease, _ now: Int64) -> Bool {
    change { state in
      state.expire(now)
      guard state.heap.count < Self.bound, state.leases[held.id] == nil else { return false }
      state.insert(held)
      return true
    }
  }

  func renew(
    _ id: LeaseID, _ seconds: Int64?, _ project: ProjectID?, _ now: Int64
  ) -> Int64? {
    change { state in
      guard let held = state.find(id, project, now) else { return nil }
      held.seconds = seconds ?? held.seconds
      held.until = now + held.seconds * 1_000_000_000
      state.settle(held.position)
      return held.seconds
    }
  }

  func end(_ id: LeaseID, _ project: ProjectID?, _ now: Int64) -> Bool {
    change { state in
      guard let held = state.find(id, project, now) else { return false }
      state.remove(held)
      return true
    }
  }

  @inline(__always)
  func expire(_ now: Int64) {
    guard counted.load(ordering: .relaxed) > 0 else { return }
    change { $0.expire(now) }
  }

  var count: Int { counted.load(ordering: .relaxed) }

  private func change<R: Sendable>(_ body: (inout State) -> R) -> R {
    state.withLock { state in
      defer { counted.store(state.heap.count, ordering: .relaxed) }
      return body(&state)
    }
  }
}

extension LeaseShard.State {
  fileprivate func find(_ id: LeaseID, _ project: ProjectID?, _ now: Int64) -> HeldLease? {
    guard let held = leases[id], held.until > now, project == nil || project == held.project
    else { return nil }
    return held
  }

  fileprivate mutating func expire(_ now: Int64) {
    while let first = heap.first, first.until <= now { remove(first) }
  }

  fileprivate mutating func insert(_ held: HeldLease) {
    leases[held.id] = held
    held.position = heap.count
    heap.append(held)
    settle(held.position)
  }

  fileprivate mutating func remove(_ held: HeldLease) {
    leases[held.id] = nil
    let position = held.position
    heap.swapAt(position, heap.count - 1)
    heap[position].position = position
    heap.removeLast()
    if position < heap.count { settle(position) }
  }

  /// Moves the lease at a place to where its end belongs.
  fileprivate mutating func settle(_ start: Int) {
    var at = start
    while at > 0, heap[at].until < heap[(at - 1) / 2].until {
      swap(at, (at - 1) / 2)
      at = (at - 1) / 2
    }
    while true {
      let sooner = (2 * at + 1...2 * at + 2).filter { $0 < heap.count }
        .min { heap[$0].until < heap[$1].until }
      guard let sooner, heap[sooner].until < heap[at].until else { return }
      swap(at, sooner)
      at = sooner
    }
  }

  private mutating func swap(_ one: Int, _ two: Int) {
    heap.swapAt(one, two)
    heap[one].position = one
    heap[two].position = two
  }
}
