// kill -9 at random moments of simulated days, under 64 clients, in front of an upstream that
// counts: no day may admit more than its limit, whatever the server had in its memory. `make soak`
// sets LATCHKEY_TEST_QUOTA_DAYS; LATCHKEY_TEST_SEED repeats a run.
import Foundation
import Testing

@Suite("Quota kills", .serialized)
struct QuotaKillTests {
  static let limit = 2_500
  static let clients = 64

  @Test("No day admits more than its limit through kill -9", arguments: Store.allCases)
  func kills(store: Store) throws {
    let days = KillTests.setting("LATCHKEY_TEST_QUOTA_DAYS", or: 2)
    let seed = KillTests.setting("LATCHKEY_TEST_SEED", or: 20_261_121)
    var random = Seeded(state: UInt64(truncatingIfNeeded: seed))
    let field = try QuotaField(store, limit: Self.limit, servers: store == .sqlite ? 1 : 2)
    for number in 0..<Self.clients { field.startClient(number) }
    defer { field.stop() }
    let report = try field.run(days: days, &random)
    #expect(report.over == 0, "seed \(seed): \(report)")
    // A kill strands what was reserved and unused, a sixteenth of the rest at most, and the calls
    // that were on their way to the upstream.
    #expect(report.stranded <= report.kills * (Self.limit / 16 + Self.clients), "\(report)")
    #expect(report.kills >= days * 3 && report.admitted > days * Self.limit / 2, "\(report)")
    print("quota kills on \(store): \(report)")
  }
}

struct QuotaReport: CustomStringConvertible {
  var days = 0
  var kills = 0
  var admitted = 0
  /// Calls beyond the limit.
  var over = 0
  /// What of the limit nobody got.
  var stranded = 0

  var description: String {
    "\(days) days, \(kills) kills, \(admitted) calls, \(over) too many, \(stranded) stranded"
  }

  mutating func add(days: Int, admitted: Int, limit: Int) {
    self.days += days
    self.admitted += admitted
    over += max(0, admitted - days * limit)
    stranded += max(0, days * limit - admitted)
  }
}

/// Servers on one store, an upstream that counts, clients that never stop, and a clock that the
/// test moves.
final class QuotaField: @unchecked Sendable {
  // Unchecked: what clients see is under the lock; the rest is the test's own thread's.
  private let installation: Installation
  private let clock: ShiftedClock
  private let counter: CountingUpstream
  private let limit: Int
  private var folders: [String]
  private var servers: [Latchkey] = []
  private var secret = ""
  private var starts = 0

  private let lock = NSLock()
  private var ports: [Int] = []
  private var isPaused = false
  private var isOver = false
  private var busy = 0
  private var refused: Set<Int> = []
  private let ended = DispatchGroup()

  init(_ store: Store, limit: Int, servers count: Int) throws {
    installation = try Installation(store)
    clock = try ShiftedClock(installation.folder)
    counter = try CountingUpstream()
    self.limit = limit
    folders = [installation.data]
    for number in 1..<count { folders.append(try installation.secondFolder("node\(number)")) }
    for node in 0..<count { servers.append(try start(node)) }
    ports = servers.map(\.gatewayPort)
    try furnish()
  }

  private func start(_ node: Int) throws -> Latchkey {
    starts += 1
    return try Latchkey(
      installation, arguments: ["--node", "n\(node)"], name: "quota-\(starts)",
      environment: clock.environment, data: folders[node])
  }

  private func furnish() throws {
    let body: [String: Any] = [
      "slug": "demo", "name": "Demo", "upstream": counter.url,
      "policy": ["quota": ["calls": limit]],
    ]
    try servers[0].expect(201, "POST", "/v1/projects", body)
    let account = try servers[0].expect(
      201, "POST", "/v1/projects/demo/accounts", ["name": "Acme"])["id"].text()
    let key = try servers[0].expect(
      201, "POST", "/v1/accounts/\(account)/keys", ["environment": "production"])
    secret = try key["secret"].text()
    _ = poll(seconds: 5) { self.passes(on: 0) && self.passes(on: self.servers.count - 1) }
  }

  /// Whether the server knows the key and the project by now.
  private func passes(on node: Int) -> Bool {
    let wire = try? Wire(port: servers[node].gatewayPort)
    return (try? wire?.request("GET", "/hello", token: secret))?.status == 200
  }

  // MARK: Clients

  /// Sends calls one after the other, to whatever server is up.
  func startClient(_ number: Int) {
    DispatchQueue(label: "client \(number)").async(group: ended) { [self] in
      var wire: (port: Int, wire: Wire)?
      while let port = next(number) {
        defer { lock.withLock { busy -= 1 } }
        if wire?.port != port { wire = (try? Wire(port: port, seconds: 5)).map { (port, $0) } }
        guard let answer = try? wire?.wire.request("GET", "/call", token: secret) else {
          wire = nil
          usleep(10_000)
          continue
        }
        if answer.status != 200 { usleep(5_000) }
        if answer.status == 429 { lock.withLock { _ = refused.insert(number) } }
      }
    }
  }

  /// The port to call next, once that is allowed; nil: it is over.
  private func next(_ number: Int) -> Int? {
    while true {
      let (over, port): (Bool, Int?) = lock.withLock {
        if isOver { return (true, nil) }
        if isPaused || ports.isEmpty { return (false, nil) }
        busy += 1
        return (false, ports[number % ports.count])
      }
      if over { return nil }
      if let port { return port }
      usleep(2_000)
    }
  }

  func stop() {
    lock.withLock { isOver = true }
    ended.wait()
    for server in servers { server.child.stop(SIGKILL) }
  }

  // MARK: Days

  /// Day after day, 24 hours in a few seconds each, with kills among them. Every other day ends
  /// while calls are under way: it is counted together with the next one.
  func run(days: Int, _ random: inout Seeded) throws -> QuotaReport {
    var report = QuotaReport()
    var (counted, together) = (try counter.calls(), 0)
    for day in 0..<days {
      clock.set(day: day)
      try live(&random, &report)
      together += 1
      if day % 2 == 0, day + 1 < days { continue }
      pause()
      let calls = try counter.calls()
      let admitted = calls - counted
      report.add(days: together, admitted: admitted, limit: limit)
      (counted, together) = (calls, 0)
      lock.withLock { isPaused = false }
    }
    return report
  }

  /// One day: until every client was refused.
  private func live(_ random: inout Seeded, _ report: inout QuotaReport) throws {
    lock.withLock { refused = [] }
    for hour in 0..<23 {
      clock.advance(seconds: 3_600)
      usleep(UInt32(10_000 + random.next() % 40_000))
      if hour % 6 == 2 || random.next() % 12 == 0 {
        try kill(Int(random.next() % UInt64(servers.count)))
        report.kills += 1
      }
    }
    _ = poll(seconds: 60) { self.lock.withLock { self.refused.count } == QuotaKillTests.clients }
  }

  private func kill(_ node: Int) throws {
    servers[node].child.stop(SIGKILL)
    servers[node] = try start(node)
    lock.withLock { ports = servers.map(\.gatewayPort) }
  }

  /// Returns when no call is under way, and none is still being counted.
  private func pause() {
    lock.withLock { isPaused = true }
    _ = poll(seconds: 30) { self.lock.withLock { self.busy } == 0 }
    var last = -1
    _ = poll(seconds: 10) {
      let calls = (try? self.counter.calls()) ?? 0
      defer { last = calls }
      return calls == last
    }
  }
}

/// nginx that answers everything and writes a line per call.
final class CountingUpstream {
  let url: String
  private let log: String
  private let nginx: Nginx

  init() throws {
    let folder = try Folder()
    let port = try freePort()
    log = folder.file("calls.log")
    url = "http://127.0.0.1:\(port)"
    nginx = try Nginx(
      folder: folder,
      http: """
          log_format call c;
          keepalive_requests 1000000;
          server {
            listen 127.0.0.1:\(port);
            location / { access_log \(log) call; return 200 "ok"; }
          }
        """, ports: [port])
  }

  /// Calls so far; a line is two bytes.
  func calls() throws -> Int {
    let attributes = try FileManager.default.attributesOfItem(atPath: log)
    return (attributes[.size] as? Int ?? 0) / 2
  }
}

/// The file by which a test moves the clock of the servers it starts (`LATCHKEY_TEST_CLOCK`).
final class ShiftedClock: @unchecked Sendable {
  // Unchecked: moved by one test at a time.
  private let path: String
  private(set) var shift: Int64 = 0
  private let handle: FileHandle

  init(_ folder: Folder) throws {
    path = folder.file("clock")
    try Data(count: 8).write(to: URL(filePath: path))
    handle = try FileHandle(forUpdating: URL(filePath: path))
  }

  var environment: [String: String] { ["LATCHKEY_TEST_CLOCK": path] }

  /// Half a minute, or so many seconds, into the day that begins at 00:00 UTC, that many days after
  /// tomorrow.
  func set(day: Int, second: Int64 = 30) {
    let now = Int64(Date().timeIntervalSince1970)
    move(to: (now / 86_400 + 1 + Int64(day)) * 86_400 + second - now)
  }

  func advance(seconds: Int64) { move(to: shift + seconds) }

  private func move(to seconds: Int64) {
    shift = seconds
    let bytes = withUnsafeBytes(of: seconds * 1_000_000) { Data($0) }
    try? handle.seek(toOffset: 0)
    handle.write(bytes)
  }
}
