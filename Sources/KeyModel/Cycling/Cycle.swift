// One automatic rotation as it is stored: which key, from which version to which, where it is
// delivered and how far that has come. The moves between its states are in CycleMachine.

/// Raw values are stored.
package enum CycleState: UInt8, Sendable, CaseIterable {
  /// The new version is accepted; nothing has left yet.
  case prepared = 0
  /// A lease is out: somebody may be talking to the endpoint.
  case delivering = 1
  /// The endpoint may or may not have the new version.
  case uncertain = 2
  case committed = 3
  case failed = 4
  /// Somebody changed what it was about: the secret, the endpoint, the settings.
  case superseded = 5
  /// The key or one of its versions was revoked.
  case cancelled = 6

  package var isOpen: Bool { rawValue <= CycleState.uncertain.rawValue }

  package var name: String {
    switch self {
    case .prepared: "prepared"
    case .delivering: "delivering"
    case .uncertain: "uncertain"
    case .committed: "committed"
    case .failed: "failed"
    case .superseded: "superseded"
    case .cancelled: "cancelled"
    }
  }
}

/// Raw values are stored.
package enum CycleCause: UInt8, Sendable, CaseIterable {
  /// A slot of the grid.
  case scheduled = 0
  /// Asked for, outside the grid.
  case manual = 1

  package var name: String { self == .scheduled ? "scheduled" : "manual" }
}

/// How the holder was found to have the new version. Raw values are stored.
package enum CycleProof: UInt8, Sendable, CaseIterable {
  /// The endpoint's answer to the delivery.
  case answer = 0
  /// `POST /v1/cycles/{cycle}/acknowledge`.
  case request = 1
  /// A call was admitted with it.
  case use = 2

  package var name: String {
    switch self {
    case .answer: "answer"
    case .request: "request"
    case .use: "use"
    }
  }
}

/// The right to talk to the endpoint, for a time. A later epoch ends every earlier lease.
package struct CycleLease: Hashable, Sendable {
  package var epoch: Int64
  package var until: Timestamp

  package init(epoch: Int64, until: Timestamp) {
    self.epoch = epoch
    self.until = until
  }
}

package struct Cycle: Hashable, Sendable {
  package var id: CycleID
  package var projectID: ProjectID
  package var accountID: AccountID
  package var keyID: KeyID
  package var environment: String
  package var cause: CycleCause
  /// Of the grid; nil for a cycle outside it.
  package var slotAt: Timestamp?
  package var state = CycleState.prepared
  /// A UUID, the same on every attempt and never used again.
  package var requestID: String
  /// Grows with every version that is ever sent for this key, restores included.
  package var generation: Int64
  package var oldVersion: VersionID
  package var newVersion: VersionID
  /// Where the new version goes; pinned, so that it never becomes the key's by another's word.
  package var endpoint: String
  /// Of the settings that named the endpoint.
  package var endpointRevision: Int64
  package var startedAt: Timestamp
  package var endedAt: Timestamp?
  /// Fails it, unless the holder has been found to have the new version.
  package var deadline: Timestamp
  /// Leases that were given.
  package var attempts: Int64 = 0
  /// Attempts that ended without an acknowledgement; those that nobody saw the end of are none.
  package var failures: Int64 = 0
  /// Nil: not attempted again.
  package var nextAttemptAt: Timestamp?
  /// An attempt ended without an answer: the endpoint may have the new version already.
  package var isInDoubt = false
  /// The newest lease; out while the state is `delivering`.
  package var lease: CycleLease
  /// Why the newest attempt was no acknowledgement, or the cycle ended without one.
  package var reason: String?
  package var proof: CycleProof?
  /// Counts every change; an update names the revision it read.
  package var revision: Int64 = 1

  package init(
    id: CycleID, projectID: ProjectID, accountID: AccountID, keyID: KeyID, environment: String,
    cause: CycleCause, slotAt: Timestamp?, requestID: String, generation: Int64,
    oldVersion: VersionID, newVersion: VersionID, endpoint: String, endpointRevision: Int64,
    startedAt: Timestamp, deadline: Timestamp
  ) {
    self.id = id
    self.projectID = projectID
    self.accountID = accountID
    self.keyID = keyID
    self.environment = environment
    self.cause = cause
    self.slotAt = slotAt
    self.requestID = requestID
    self.generation = generation
    self.oldVersion = oldVersion
    self.newVersion = newVersion
    self.endpoint = endpoint
    self.endpointRevision = endpointRevision
    self.startedAt = startedAt
    self.deadline = deadline
    nextAttemptAt = startedAt
    lease = CycleLease(epoch: 0, until: startedAt)
  }
}

extension Cycle {
  /// Of the lease that is out; the distant past where none is.
  var leaseEnd: Timestamp {
    state == .delivering ? lease.until : Timestamp(microseconds: .min)
  }

  /// When somebody has to look at it again; nil: never.
  package var wakesAt: Timestamp? {
    if !state.isOpen { return nil }
    if state == .delivering { return lease.until }
    let end = deadline.adding(seconds: CycleMachine.grace)
    return nextAttemptAt.map { min($0, end) } ?? end
  }
}
