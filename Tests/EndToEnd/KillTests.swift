// kill -9 at random moments during a stream of creations and revocations. What was answered must
// hold: every key whose 201 was read verifies, every revocation whose 204 was read is refused.
// `make soak` sets LATCHKEY_TEST_KILLS, and LATCHKEY_TEST_KILL_SECONDS may end a run sooner;
// LATCHKEY_TEST_SEED repeats one. Each run prints its figures.
import Foundation
import Testing

/// SplitMix64: the moments of a run follow from its seed.
struct Seeded: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

/// What the clients of one run have read.
final class Ledger: @unchecked Sendable {
  private let lock = NSLock()
  private var live: [String: String] = [:]
  private var revoked: [String: String] = [:]
  /// Since they were last checked.
  private var touched: Set<String> = []

  func created(_ key: IssuedKey) {
    lock.withLock {
      live[key.id] = key.secret
      touched.insert(key.id)
    }
  }
  /// From here on, until an answer, either outcome is right.
  func revoking(_ key: IssuedKey) { lock.withLock { _ = live.removeValue(forKey: key.id) } }
  func revoked(_ key: IssuedKey) {
    lock.withLock {
      revoked[key.id] = key.secret
      touched.insert(key.id)
    }
  }
  /// Secrets by the code that each must have.
  var expected: [(secret: String, code: String)] {
    lock.withLock { live.values.map { ($0, "valid") } + revoked.values.map { ($0, "revoked") } }
  }
  /// Those of the last rounds and some of the older ones: all of them each time would take longer
  /// with every round.
  func sample(
    _ count: Int, using random: inout Seeded
  ) -> [(secret: String, code: String)] {
    lock.withLock {
      let older = (Array(live.keys) + Array(revoked.keys)).filter { !touched.contains($0) }.sorted()
      let some = (0..<min(count, older.count)).compactMap { _ in
        older.randomElement(using: &random)
      }
      let ids = touched.union(some)
      touched = []
      return ids.compactMap { id in
        live[id].map { ($0, "valid") } ?? revoked[id].map { ($0, "revoked") }
      }
    }
  }
  var counts: (live: Int, revoked: Int) { lock.withLock { (live.count, revoked.count) } }

  /// True once more keys were revoked, and more made than the clients may have in hand.
  func grows() -> Bool {
    let before = counts
    return poll(seconds: 60) {
      let now = self.counts
      return now.revoked > before.revoked && now.live > before.live + KillTests.clients
    }
  }
}

@Suite("Kills", .serialized)
struct KillTests {
  static let clients = 4

  static func setting(_ name: String, or fallback: Int) -> Int {
    ProcessInfo.processInfo.environment[name].flatMap { Int($0) } ?? fallback
  }

  @Test("What was answered holds after kill -9", arguments: Store.allCases)
  func answersHold(store: Store) throws {
    let kills = Self.setting("LATCHKEY_TEST_KILLS", or: store == .sqlite ? 20 : 8)
    let seed = Self.setting("LATCHKEY_TEST_SEED", or: 20_261_121)
    var random = Seeded(state: UInt64(truncatingIfNeeded: seed))
    let end = DispatchTime.now() + .seconds(Self.setting("LATCHKEY_TEST_KILL_SECONDS", or: 86_400))
    let ledger = Ledger()
    var figures = Figures()
    let world = try World(store)
    let installation = world.latchkey.installation
    world.latchkey.child.stop(SIGKILL)
    for round in 0..<kills where DispatchTime.now() < end {
      let latchkey = try Latchkey(installation, name: "kill-\(round % 2)")
      let sample = ledger.sample(100, using: &random)
      try figures.check(sample, on: latchkey, "kill \(round) of seed \(seed)")
      let clients = try (0..<Self.clients).map { _ in try start(latchkey, world.account, ledger) }
      // Every second round has had answers when it ends, however slow the machine is.
      if round % 2 == 1 { #expect(ledger.grows()) }
      // A commit on PostgreSQL takes longer, and each round should see several.
      usleep(UInt32(random.next() % (store == .sqlite ? 150_000 : 400_000)))
      latchkey.child.stop(SIGKILL)
      figures.kills += 1
      for client in clients { client.wait() }
      if round % 4 == 3 { try killWhileStarting(installation, after: random.next() % 40_000) }
    }
    let latchkey = try Latchkey(installation, name: "last")
    try figures.check(ledger.expected, on: latchkey, "the end of seed \(seed)")
    let counts = ledger.counts
    #expect(min(counts.live, counts.revoked) >= figures.kills / 2, "\(counts)")
    print("kills on \(store.rawValue): \(figures), \(counts.live) live, \(counts.revoked) revoked")
    let audit = try installation.command(["audit", "verify"])
    #expect(audit.status == 0, "\(audit)")
  }

  private func killWhileStarting(_ installation: Installation, after: UInt64) throws {
    let child = try Child(
      [Place.latchkey, "serve", "--data", installation.data, "--listen", "127.0.0.1:0"]
        + ["--gateway-listen", "127.0.0.1:0"] + installation.databaseArguments,
      folder: installation.folder.path, name: "starting")
    usleep(UInt32(after))
    child.stop(SIGKILL)
  }

  /// A client on a thread of its own: creates keys and revokes two of three, until the server dies.
  private func start(
    _ latchkey: Latchkey, _ account: String, _ ledger: Ledger
  ) throws -> DispatchGroup {
    let (port, token) = (latchkey.apiPort, latchkey.installation.operatorKey)
    let group = DispatchGroup()
    DispatchQueue(label: "client").async(group: group) {
      guard let wire = try? Wire(port: port) else { return }
      for turn in 0..<100_000 {
        let path = "/v1/accounts/\(account)/keys"
        guard
          let made = try? wire.request("POST", path, token: token, ["environment": "production"]),
          made.status == 201, let json = try? made.json(), let id = json["id"].string,
          let secret = json["secret"].string
        else { return }
        let key = IssuedKey(id: id, secret: secret)
        ledger.created(key)
        if turn % 3 == 2 { continue }
        ledger.revoking(key)
        guard let gone = try? wire.request("DELETE", "/v1/keys/\(id)", token: token),
          gone.status == 204
        else { return }
        ledger.revoked(key)
      }
    }
    return group
  }
}

/// What a run found, for whoever reads its output.
private struct Figures: CustomStringConvertible {
  var kills = 0
  private var checks = 0
  private var lost = 0
  private var resurrected = 0

  var description: String {
    "\(kills) kills, \(checks) checks, \(lost) lost, \(resurrected) resurrected"
  }

  mutating func check(
    _ expected: [(secret: String, code: String)], on latchkey: Latchkey, _ when: String
  ) throws {
    let wire = try Wire(port: latchkey.apiPort)
    for (secret, code) in expected {
      let answer = try wire.request(
        "POST", "/v1/verify", token: latchkey.installation.operatorKey,
        ["project": "demo", "key": secret])
      let got = try answer.json()["code"].string
      checks += 1
      if got == code { continue }
      if code == "valid" { lost += 1 } else { resurrected += 1 }
      Issue.record("\(when): a key is \(got ?? "nothing"), not \(code)")
    }
  }
}
