// A running engine with the data plane's handlers and a small world of records behind it: one
// project, its keys and operator keys. No control plane, no database.
import Crypto
import Dispatch
import Gateway
import HTTPServer
import KeyModel
import Synchronization
import TestSupport
import Verification

/// Hands what is the data plane's to it, as the API's listener does; the rest is not found.
private final class APIRouter: RequestHandler {
  let handlers: GatewayHandlers
  init(_ handlers: GatewayHandlers) { self.handlers = handlers }
  func handle(_ exchange: Exchange) {
    guard let handler = handlers.handler(forPath: exchange.head.path) else {
      return exchange.respond(Response(status: 404))
    }
    handler.handle(exchange)
  }
}

private final class SeenCallers: @unchecked Sendable {
  // Sendable: set before the worker runs; the verifier is read once it has ended, the tallies on
  // the workers' own threads.
  var verifier: Verifier?
  var tallies: [(worker: Worker, tally: CallTally)] = []
}

final class GatewayWorld {
  let table: RecordTable
  let hasher: LookupHasher
  let engine: Engine
  let meters: Meters
  private let seen: SeenCallers
  private let ring = RecordRing(capacity: 1 << 20)
  let api: UInt16
  let gateway: UInt16
  private(set) var project: ProjectRecord
  private(set) var account: AccountRecord
  private var position: Int64 = 0
  private var counter: UInt128 = 1 << 90

  init(
    policy: Policy = GatewayWorld.policy(), upstream: String? = nil, limits: Limits = Limits(),
    trusted: [CIDR] = [], timeoutSeconds: Int64? = nil, workers: Int = 1, quota: QuotaCells? = nil,
    quotaWaitMilliseconds: Int = 5000
  ) throws {
    hasher = LookupHasher(pepperID: 1, pepper: [UInt8](repeating: 9, count: 32))
    table = RecordTable(peppers: [hasher])
    let (table, ring) = (table, ring)
    let meters = Meters(quota: quota)
    self.meters = meters
    var settings = GatewaySettings(meters: meters)
    settings.quotaWaitMilliseconds = quotaWaitMilliseconds
    let chosen = settings
    let seen = SeenCallers()
    self.seen = seen
    engine = Engine(
      workers: workers,
      listeners: [
        ListenerSettings(name: "api", host: "127.0.0.1", port: 0),
        ListenerSettings(name: "gateway", host: "127.0.0.1", port: 0),
      ], limits: limits, trustedProxies: trusted
    ) { worker in
      let verifier = Verifier(table: table)
      seen.verifier = verifier
      let tally = CallTally()
      seen.tallies.append((worker, tally))
      let handlers = GatewayHandlers(
        worker: worker, verifier: verifier, settings: chosen, records: ring, tally: tally)
      return ["api": APIRouter(handlers), "gateway": handlers.proxy]
    }
    let bound = try engine.start()
    api = bound[0].port
    gateway = bound[1].port
    project = ProjectRecord(
      id: ProjectID(bits: 1 << 100), slug: "demo", policy: policy, upstream: upstream, hosts: [],
      upstreamTimeoutSeconds: timeoutSeconds,
      assertionKey: [UInt8](repeating: 7, count: 32))
    account = AccountRecord(
      id: AccountID(bits: 2 << 100), projectID: project.id, clientID: "client", username: "user",
      brands: ["north"], suspended: false)
    apply(.project(project))
    apply(.account(account))
  }

  deinit { engine.drain() }

  /// What the workers count at this moment.
  func counts() -> CallCounts {
    let sum = Mutex(CallCounts())
    let (done, seen) = (DispatchSemaphore(value: 0), seen)
    for index in seen.tallies.indices {
      seen.tallies[index].worker.post {
        sum.withLock { $0.add(seen.tallies[index].tally.counts) }
        done.signal()
      }
    }
    for _ in seen.tallies { done.wait() }
    return sum.withLock { $0 }
  }

  /// Stops the engine and gives who presented keys.
  func callers() -> [CallerSighting] {
    engine.drain()
    return seen.verifier?.takeUsage()?.sightings { IPAddress(high: $0, low: $1).text } ?? []
  }

  /// Stops the engine and gives what was put on record, in the order in which the calls ended.
  func records() -> [RequestRecord] {
    engine.drain()
    var all: [RequestRecord] = []
    ring.drain { for record in PackedRecords($0) { all.append(RequestRecord(record)) } }
    return all
  }

  /// Two environments and both kinds, told apart by prefixes.
  static func policy() -> Policy {
    var policy = Policy()
    var production = Environment(name: "production", title: "Production")
    production.secretPrefix = "sk_live_"
    production.publishablePrefix = "pk_live_"
    var sandbox = Environment(name: "sandbox", title: "Sandbox")
    sandbox.secretPrefix = "sk_test_"
    sandbox.publishablePrefix = "pk_test_"
    sandbox.hosts = ["sandbox.example"]
    policy.environments = [production, sandbox]
    policy.kinds = [.secret, .publishable]
    policy.publishableAllow = [RoutePattern(method: "POST", path: "/widget/*")]
    return policy
  }

  func apply(_ change: RecordChange) {
    position += 1
    table.apply(change, position: position)
  }

  private func nextBits() -> UInt128 {
    counter += 1
    return counter << 8 | 1
  }

  /// A token of the environment's form and the record of its key.
  func issue(
    environment: Int = 0, kind: KeyKind = .secret, edit: (inout KeyRecord) -> Void = { _ in }
  ) -> (token: String, key: KeyRecord) {
    let token = newToken(environment: environment, kind: kind)
    var key = KeyRecord(
      id: KeyID(bits: nextBits()), projectID: project.id, accountID: account.id,
      applicationID: ApplicationID(bits: nextBits()),
      environment: project.policy.environments[environment].name, kind: kind,
      versions: [
        VersionRecord(
          id: VersionID(bits: nextBits()), lookup: lookup(token),
          acceptedFrom: Timestamp(seconds: 0))
      ])
    edit(&key)
    apply(.key(key))
    return (token, key)
  }

  /// Well-formed, and nobody's.
  func newToken(environment: Int = 0, kind: KeyKind = .secret) -> String {
    counter += 1
    let seed = UInt8(truncatingIfNeeded: counter)
    let token = TokenForms(policy: project.policy).generate(
      environment: environment, kind: kind
    ) { count in (0..<count).map { UInt8(truncatingIfNeeded: $0) &* 31 &+ seed } }
    return String(decoding: token ?? [], as: UTF8.self)
  }

  func operatorKey(mayVerify: Bool = true, bound: ProjectID? = nil) -> String {
    counter += 1
    let format = TokenFormat.operatorKey
    let seed = UInt8(truncatingIfNeeded: counter)
    let random = (0..<format.randomByteCount).map { UInt8(truncatingIfNeeded: $0) &* 17 &+ seed }
    let token = String(decoding: format.generate(random: random), as: UTF8.self)
    apply(
      .operatorKey(
        OperatorKeyRecord(
          id: OperatorKeyID(bits: nextBits()), lookup: lookup(token), mayVerify: mayVerify,
          projectID: bound, revoked: false)))
    return token
  }

  private func lookup(_ token: String) -> Lookup {
    Array(token.utf8).withUnsafeBytes { hasher.lookup(of: $0) }
  }

  func revoke(_ key: KeyRecord) {
    var key = key
    key.revoked = true
    apply(.key(key))
  }

  // MARK: Calls

  func verify(_ body: String, operator token: String?, headers: String = "") -> Answer? {
    let client = RawClient(port: api)
    let authorization = token.map { "Authorization: Bearer \($0)\r\n" } ?? ""
    client.send(
      """
      POST /v1/verify HTTP/1.1\r\nHost: latchkey\r\nContent-Type: application/json\r\n\
      Content-Length: \(body.utf8.count)\r\n\(authorization)\(headers)\r\n\(body)
      """)
    return client.receiveAnswer()
  }

  func authz(_ headers: [String], path: String = "/v1/authz/demo", method: String = "GET")
    -> Answer?
  {
    let client = RawClient(port: api)
    let lines = headers.map { $0 + "\r\n" }.joined()
    client.send("\(method) \(path) HTTP/1.1\r\nHost: latchkey\r\n\(lines)\r\n")
    return client.receiveAnswer(toHEAD: method == "HEAD")
  }
}

extension Answer {
  var json: JSONValue? { try? JSONReader.read(body) }
}
