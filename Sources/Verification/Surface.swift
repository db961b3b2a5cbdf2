// DRAFT of Verification's surface; the real files replace it declaration by declaration.
package import Crypto
package import KeyModel

/// What every worker reads and one control-plane thread writes: the records of all projects.
package final class RecordTable: Sendable {
  package init(peppers: [LookupHasher]) { fatalError() }
  /// Applied in the order of positions, from one thread at a time.
  package func apply(_ change: RecordChange, position: Int64) { fatalError() }
  /// The position of the newest change applied.
  package var position: Int64 { fatalError() }
}

/// Where the credential and the method overrides of a call are read from.
package protocol HeaderSource {
  /// Calls `body` with each value of the named field, in order. The name is lower case.
  func forEach(header lowercaseName: [UInt8], _ body: (UnsafeRawBufferPointer) -> Void)
}

/// The call that is decided on; the bytes are borrowed for the duration of the decision.
package struct Call {
  package var method: UnsafeRawBufferPointer
  /// Up to the question mark, percent-encoding untouched.
  package var path: UnsafeRawBufferPointer
  /// Nil where there is none.
  package var query: UnsafeRawBufferPointer?
  /// Host without port, any case; empty where unknown (then hosts do not select an environment).
  package var host: UnsafeRawBufferPointer
  package var now: Timestamp
  package init(
    method: UnsafeRawBufferPointer, path: UnsafeRawBufferPointer,
    query: UnsafeRawBufferPointer?, host: UnsafeRawBufferPointer, now: Timestamp
  ) {
    self.method = method
    self.path = path
    self.query = query
    self.host = host
    self.now = now
  }
}

/// The outcome for one call. Ids are set wherever the credential identified a key, also in denials.
package struct Decision {
  package var code: DecisionCode
  package var identity: Identity?
  /// Seconds for `Retry-After`, where the code has one.
  package var retryAfterSeconds: Int64?
}

package struct Identity {
  package var keyID: KeyID
  package var versionID: VersionID
  package var accountID: AccountID
  package var applicationID: ApplicationID
  /// Index into the policy's environments.
  package var environment: Int
  package var kind: KeyKind
  package var access: Access
  /// For `Verifier.admit` and `Verifier.brand`; meaningless elsewhere.
  package var slot: UInt32
}

/// One worker's copy of a project: nothing in it is shared with another thread.
package final class ProjectView {
  package let id: ProjectID
  package let slug: String
  package let policy: Policy
  package let upstream: String?
  package let hosts: [String]
  package let upstreamTimeoutSeconds: Int64?
  package let assertionKey: [UInt8]
  /// Changes whenever the project's record changed: for whoever caches something made from it.
  package let generation: UInt64
  init() { fatalError() }
}

/// One per worker, confined to its thread.
package final class Verifier {
  package init(table: RecordTable) { fatalError() }
  package func project(slug: UnsafeRawBufferPointer) -> ProjectView? { fatalError() }
  /// By its hosts or an environment's; else the only project there is.
  package func project(host: UnsafeRawBufferPointer) -> ProjectView? { fatalError() }
  /// True where this `lk_op_…` token belongs to a live operator key that may verify for `project`.
  package func operatorMayVerify(_ token: UnsafeRawBufferPointer, project: ProjectView) -> Bool {
    fatalError()
  }
  /// Reads the credential from the headers by the project's scheme and decides.
  package func decide(
    _ call: Call, headers: some HeaderSource, project: ProjectView
  ) -> Decision { fatalError() }
  /// Decides for a bare token, as `POST /v1/verify {key}` gives it.
  package func decide(
    _ call: Call, token: UnsafeRawBufferPointer, project: ProjectView
  ) -> Decision { fatalError() }
  /// Counts an admitted call for `calls_today` and the last-used times; no write, no lock.
  package func admit(_ identity: Identity, now: Timestamp) { fatalError() }
  /// True where `value` is one of the brands of the identity's account.
  package func isBrand(_ value: UnsafeRawBufferPointer, of identity: Identity) -> Bool {
    fatalError()
  }
  /// Gives what `admit` gathered since the last call and starts anew. On this worker's thread.
  package func takeUsage() -> [UsageDelta] { fatalError() }
}

package struct UsageDelta: Sendable {
  package var keyID: KeyID
  package var versionID: VersionID
  package var lastUsedAt: Timestamp
  /// Admitted calls in the UTC day of `lastUsedAt`; a turn of the day gives two deltas.
  package var calls: Int64
}
