// Who presented which version, as a worker keeps it: exact, bounded, whatever the order of calls.
import KeyModel
import Testing

@testable import Verification

@Suite struct CallerLedgerTests {
  private struct Seen: Hashable {
    var version: UInt128
    var address: UInt64
    var agent: String
    var method = "GET"
    var path: String
  }

  private func note(_ ledger: UsageLedger, _ seen: Seen, now: Int64) {
    let texts = [seen.agent, seen.method, seen.path].map { Array($0.utf8) }
    texts[0].withUnsafeBytes { agent in
      texts[1].withUnsafeBytes { method in
        texts[2].withUnsafeBytes { path in
          ledger.witness(
            key: KeyID(bits: seen.version / 2), version: VersionID(bits: seen.version),
            Presentation(
              addressHigh: 0, addressLow: seen.address, userAgent: agent, method: method,
              path: path), now: Timestamp(microseconds: now))
        }
      }
    }
  }

  private func sightings(_ ledger: UsageLedger) -> [CallerSighting] {
    ledger.sightings { "\($0).\($1)" }
  }

  @Test("every call is counted for its own caller, as a simple count of them says")
  func exact() {
    var random = Seeded(state: 3)
    let ledger = UsageLedger()
    var expected: [KeyCaller: Int64] = [:]
    for now in 0..<20_000 as Range<Int64> {
      let seen = Seen(
        version: UInt128(random.next() % 40 + 1), address: random.next() % 2,
        agent: ["", "a", "curl/8.1.2", String(repeating: "agent ", count: 40)].randomElement(
          using: &random) ?? "",
        method: ["GET", "POST"].randomElement(using: &random) ?? "",
        path: [
          "/v1/orders", "/v1/orders/\(random.next() % 1000)", "",
          "/" + String(repeating: "long/", count: 60),
        ].randomElement(using: &random) ?? "")
      note(ledger, seen, now: now)
      let name = KeyCaller(
        address: "\(seen.version) \(seen.address == 0 ? "" : "0.\(seen.address)")",
        userAgent: CallerText.clean(seen.agent.utf8),
        route: RouteShape.text(method: seen.method, path: seen.path))
      expected[name, default: 0] += 1
    }
    var found: [KeyCaller: Int64] = [:]
    for one in sightings(ledger) {
      #expect(one.keyID.bits == one.versionID.bits / 2)
      let name = KeyCaller(
        address: "\(one.versionID.bits) \(one.caller.address)", userAgent: one.caller.userAgent,
        route: one.caller.route)
      #expect(found.updateValue(one.calls, forKey: name) == nil)
    }
    let isSame = found == expected
    #expect(isSame && found.count > 2000)
  }

  @Test("a version keeps so many callers; the others are one, and other versions lose nothing")
  func bounded() {
    let ledger = UsageLedger()
    for now in 0..<1000 as Range<Int64> {
      note(ledger, Seen(version: 2, address: 1, agent: "agent \(now)", path: "/"), now: now)
    }
    note(ledger, Seen(version: 4, address: 1, agent: "quiet", path: "/"), now: 2000)
    let all = sightings(ledger)
    #expect(all.count == KeyCaller.perVersion + 2)
    #expect(all.reduce(0) { $0 + $1.calls } == 1001)
    let others = all.filter { $0.caller == .others }
    #expect(others.map(\.lastSeenAt.microseconds) == [999])
    #expect(others.map(\.versionID) == [VersionID(bits: 2)])
    #expect(all.contains { $0.caller.userAgent == "quiet" && $0.lastSeenAt.microseconds == 2000 })
  }

  @Test("a full ledger keeps the newest caller of each version, and older ones while there is room")
  func full() {
    let ledger = UsageLedger()
    let versions = CallerLedger.rowLimit + 500
    for address in 1...2 as ClosedRange<UInt64> {
      for number in 1...versions {
        note(
          ledger, Seen(version: UInt128(number), address: address, agent: "x", path: "/"),
          now: Int64(number))
      }
    }
    let all = sightings(ledger)
    #expect(all.count == CallerLedger.rowLimit + versions)
    let newest = all.filter { $0.caller.address == "0.2" }.map(\.versionID.bits)
    #expect(newest.count == versions && Set(newest).count == versions)
  }

  @Test("forms beyond the limit are others, and cost no more memory")
  func forms() {
    let ledger = UsageLedger()
    let calls = CallerForms.limit + 100
    for number in 0..<calls {
      note(
        ledger,
        Seen(version: UInt128(number / 32 + 1), address: 1, agent: "agent \(number)", path: "/"),
        now: Int64(number))
    }
    let all = sightings(ledger)
    #expect(all.reduce(0) { $0 + $1.calls } == Int64(calls))
    let others = all.filter { $0.caller == .others }.reduce(0) { $0 + $1.calls }
    #expect(others == 100)
  }

  @Test("many versions are handed over whole, time after time")
  func large() {
    let ledger = UsageLedger()
    let day = MeterDay(of: Timestamp(seconds: 0), beginningAtSecond: 0)
    for round in 1...3 as ClosedRange<Int64> {
      // More than fit the memory that the allocator gives.
      for number in 1...40_000 as ClosedRange<UInt128> {
        ledger.add(
          key: KeyID(bits: number), version: VersionID(bits: number),
          now: Timestamp(seconds: round), day: day)
      }
      let deltas = ledger.handOver().deltas
      #expect(ledger.isEmpty)
      #expect(Set(deltas.map(\.versionID)).count == 40_000)
      #expect(deltas.allSatisfy { $0.calls == 1 && $0.lastUsedAt == Timestamp(seconds: round) })
      #expect(deltas.allSatisfy { $0.keyID.bits == $0.versionID.bits })
    }
  }

  @Test("what was handed over is not handed over again")
  func handOver() throws {
    let world = World()
    let account = world.account(of: world.project())
    let token = world.token(Policy())
    _ = world.key(account, tokens: [token])
    let identity = try #require(world.decide(.bearer(token))?.identity)
    #expect(world.verifier.takeUsage() == nil)
    let nothing = UnsafeRawBufferPointer(start: nil, count: 0)
    world.verifier.witness(
      identity,
      Presentation(
        addressHigh: 0, addressLow: 0, userAgent: nothing, method: nothing, path: nothing),
      now: world.now)
    let seen = try #require(world.verifier.takeUsage()).sightings { _, _ in "never" }
    #expect(seen.map(\.caller) == [KeyCaller(address: "", userAgent: "", route: "")])
    #expect(seen.map(\.versionID) == [identity.versionID] && seen.map(\.calls) == [1])
    #expect(world.verifier.takeUsage() == nil)
  }

  @Test(
    "an overlap ends at its microsecond, under every scheme",
    arguments: [
      CredentialScheme.bearer, .basic, .header("X-Api-Key"),
      .headerPair(id: "X-Id", secret: "X-Secret"),
      .authorizationPair(idHeader: "Client-Id", scheme: "apikey"),
    ])
  func overlapBoundary(_ scheme: CredentialScheme) {
    let world = World()
    var policy = Policy()
    policy.credential = scheme
    let account = world.account(of: world.project(policy))
    let (old, new) = (world.token(policy), world.token(policy))
    let end = world.now.adding(seconds: 60)
    let key = world.key(account, tokens: [old, new]) {
      $0.publicID = "PK-1"
      $0.versions[0].state = .retiring
      $0.versions[0].acceptedUntil = end
    }
    func code(_ token: String, _ microseconds: Int64) -> DecisionCode? {
      world.now = Timestamp(microseconds: microseconds)
      return world.decide(Self.headers(scheme, token, account))?.code
    }
    #expect(code(old, end.microseconds - 1) == .valid)
    #expect(code(old, end.microseconds) == .revoked)
    #expect(code(old, end.microseconds + 1) == .revoked)
    #expect(code(new, end.microseconds) == .valid)
    var revoked = key
    revoked.revoked = true
    world.apply(.key(revoked))
    #expect(code(old, end.microseconds - 1) == .revoked && code(new, 0) == .revoked)
  }

  private static func headers(
    _ scheme: CredentialScheme, _ token: String, _ account: AccountRecord
  ) -> Headers {
    switch scheme {
    case .bearer: .bearer(token)
    case .basic: Headers([("authorization", "Basic " + base64("PK-1:\(token)"))])
    case .header: Headers([("x-api-key", token)])
    case .headerPair: Headers([("x-id", account.clientID), ("x-secret", token)])
    case .authorizationPair:
      Headers([
        ("client-id", account.clientID), ("authorization", "apikey \(account.username):\(token)"),
      ])
    }
  }

  private static func base64(_ text: String) -> String {
    let alphabet = Array(
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
    let bytes = Array(text.utf8)
    var out = ""
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let part = bytes[start..<min(start + 3, bytes.count)]
      let word = (0..<3).reduce(0) {
        $0 << 8 | (start + $1 < bytes.count ? Int(bytes[start + $1]) : 0)
      }
      for at in 0..<4 {
        out.append(at <= part.count ? alphabet[word >> (18 - 6 * at) & 63] : "=")
      }
    }
    return out
  }
}
