// What the handlers of one worker share: its verifier, its buffers, its plans. Nothing here is
// touched by another thread.
import Crypto
import HTTPServer
import KeyModel
import Verification

package struct GatewaySettings: Sendable {
  /// For projects without their own; `--gateway-upstream-timeout`.
  package var upstreamTimeoutSeconds = 30
  /// The listener is the data folder's own socket: whoever can open it may verify.
  package var isLocal = false
  /// Nil: nobody here can change keys.
  package var selfService: (any SelfServicePort)?
  /// How long a call may wait for the store to say what its day has left.
  package var quotaWaitMilliseconds = 5000
  /// One for all workers of a process.
  package var meters: Meters
  package init(meters: Meters = Meters()) { self.meters = meters }
}

final class GatewayWorker {
  let worker: Worker
  let verifier: Verifier
  let settings: GatewaySettings
  /// Where calls are put on record; nil: nowhere.
  let ring: RecordRing?
  /// Scratch for what a record does not take as it came.
  let recordedPath = OutputBuffer(capacity: 64)
  let recordedAgent = OutputBuffer(capacity: 64)
  let recordedValue = OutputBuffer(capacity: 64)
  let recordedHeaders = OutputBuffer(capacity: 64)
  let desk: MeterDesk
  let tally: CallTally
  /// For heads and bodies of answers that are sent before the handler returns.
  let head = OutputBuffer()
  let body = OutputBuffer(capacity: 4096)
  /// What the call that was judged last is told of its limits: complete lines.
  let limitLines = OutputBuffer(capacity: 512)
  private var ids: RequestIDSource
  private var plans: [ProjectID: ProjectPlan] = [:]
  private var newest: ProjectPlan?

  init(
    worker: Worker, verifier: Verifier, entropy: some Entropy, settings: GatewaySettings,
    records: RecordRing?, tally: CallTally
  ) {
    ring = records
    self.tally = tally
    self.worker = worker
    self.verifier = verifier
    self.settings = settings
    desk = MeterDesk(settings.meters)
    ids = RequestIDSource(entropy: entropy)
  }

  var now: Timestamp { Timestamp(microseconds: worker.now) }

  func nextRequestID(now: Timestamp) -> RequestID { ids.next(now: now) }

  /// Keeps in mind who presented the key, where the credential identified one. Not for a dry run.
  @inline(__always)
  func witness(
    _ decision: Decision, _ call: Call, _ project: ProjectView, from address: IPAddress?,
    userAgent: UnsafeRawBufferPointer?
  ) {
    guard let identity = decision.identity else { return }
    desk.expect(identity, project.limits)
    verifier.witness(
      identity,
      Presentation(
        addressHigh: address?.high ?? 0, addressLow: address?.low ?? 0,
        userAgent: userAgent ?? UnsafeRawBufferPointer(start: nil, count: 0),
        method: call.method, path: call.path),
      now: call.now)
  }

  /// Asks the project's limits; a refusal is in `decision` then. `writeLimits` says more.
  @inline(__always)
  func judge(
    _ decision: inout Decision, _ call: Call, from address: IPAddress?, _ project: ProjectView,
    _ use: MeterUse
  ) -> MeterOutcome {
    desk.judge(
      &decision, call, address: address.map { MeterAddress(high: $0.high, low: $0.low) },
      project.limits, use: use, monotonic: worker.turnNanoseconds)
  }

  /// Puts into `limitLines` what the call that was judged just now is told of its limits.
  @inline(__always)
  func writeLimits(_ decision: Decision, _ plan: ProjectPlan) {
    limitLines.reset()
    // Who is not let in for another reason is told nothing.
    guard !desk.readings.isEmpty, decision.code == .valid || decision.limit != nil else { return }
    plan.limitFields.append(desk.readings, isRefused: decision.limit != nil, to: limitLines)
  }

  /// What was worked out for this project; worked out anew when its record changed.
  func plan(for project: ProjectView) -> ProjectPlan {
    if let newest, newest.isFor(project) { return newest }
    if let plan = plans[project.id], plan.isFor(project) {
      newest = plan
      return plan
    }
    let plan = ProjectPlan(project)
    plans[project.id] = plan
    newest = plan
    return plan
  }
}

/// The data plane's handlers of one worker, for whoever wires listeners.
package final class GatewayHandlers {
  /// `POST /v1/verify`
  package let verify: any RequestHandler
  /// `ANY /v1/authz/{project}`
  package let authz: any RequestHandler
  /// `/v1/leases/{lease}` and what is below it.
  package let leases: any RequestHandler
  /// Everything on the gateway's listener.
  package let proxy: any RequestHandler

  /// On the thread that starts the worker, or on the worker's own.
  /// - Parameters:
  ///   - records: takes the record of each call; no other thread may write to it.
  ///   - tally: the worker's.
  package init(
    worker: Worker, verifier: Verifier, entropy: some Entropy = SystemEntropy(),
    settings: GatewaySettings = GatewaySettings(), records: RecordRing? = nil,
    tally: CallTally = CallTally()
  ) {
    let shared = GatewayWorker(
      worker: worker, verifier: verifier, entropy: entropy, settings: settings, records: records,
      tally: tally)
    verify = VerifyHandler(shared)
    authz = AuthzHandler(shared)
    leases = LeaseHandler(shared)
    proxy = ProxyHandler(shared)
  }

  /// The handler for a path of the API's listener; nil where the path is the control plane's.
  package func handler(forPath path: UnsafeRawBufferPointer) -> (any RequestHandler)? {
    if ByteText.equal(path, "/v1/verify") { return verify }
    if AuthzPath(path) != nil { return authz }
    return LeasePath(path) == nil ? nil : leases
  }
}
