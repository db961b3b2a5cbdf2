// What is kept of a caller, and what is concluded from it.
import KeyModel
import Testing

@Suite("Evidence")
struct EvidenceTests {
  let start = LifecycleFixture.start

  @Test(
    "a route keeps its words and loses its names",
    arguments: [
      ("GET", "/v1/orders", "GET /v1/orders"), ("GET", "/v1/orders/42", "GET /v1/orders/{id}"),
      ("GET", "/v1/orders/42/lines/", "GET /v1/orders/{id}/lines/"), ("GET", "/", "GET /"),
      ("PUT", "/u/018f2c3a-9d7e-7b1c-a0aa-3f1e6b6a0001", "PUT /u/{id}"),
      ("GET", "/hooks/sk_live_0aVeryLongSecretOfSomebody", "GET /hooks/{id}"),
      ("GET", "/mail/a@b.example", "GET /mail/{id}"), ("GET", "/x/%2e%2e", "GET /x/{id}"),
      ("GET", "/v1/abcdefghijklmnopqrstuvwxyzabcdefgh", "GET /v1/{id}"),
      ("-", "/v1", "/v1"), ("", "/v1", "/v1"), ("GET", "\0", ""), ("GET", "", ""),
      ("GET", "/a\u{1B}[31m/b", "GET /{id}/b"),
    ])
  func routes(_ method: String, _ path: String, _ shape: String) {
    #expect(RouteShape.text(method: method, path: path) == shape)
  }

  @Test("a route is cut at its limit")
  func longRoute() {
    let path = String(repeating: "/abc", count: 100)
    #expect(RouteShape.text(method: "GET", path: path).utf8.count == RouteShape.byteLimit)
  }

  @Test("a user agent is short, without controls, and without what may be a secret")
  func agents() {
    #expect(CallerText.clean("curl/8.1\r\n\u{1B}[2J\0".utf8) == "curl/8.1[2J")
    #expect(CallerText.clean("a\u{202E}b\u{200B}c".utf8) == "abc")
    let secret = "sk_live_abcdefghij0123456789abcd"
    #expect(CallerText.clean("app (\(secret))".utf8) == "app ({redacted})")
    let browser = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/120.0.0.0"
    #expect(CallerText.clean(browser.utf8) == browser)
    let cut = CallerText.clean((String(repeating: "x", count: 159) + "é").utf8)
    #expect(cut == String(repeating: "x", count: 159))
  }

  private func seen(_ version: KeyVersion, at time: Timestamp) -> CallerSighting {
    CallerSighting(
      keyID: version.keyID, versionID: version.id,
      caller: KeyCaller(address: "192.0.2.1", userAgent: "", route: ""), lastSeenAt: time, calls: 1)
  }

  @Test("the oldest accepted version is judged, to the exact end of the window")
  func readiness() throws {
    var policy = Policy()
    policy.safeDeleteSeconds = 60
    let key = try KeyLifecycle.step(
      LifecycleFixture.key(), .rotate(LifecycleFixture.version(2), overlapSeconds: 3600), now: start
    )
    let old = [seen(key.versions[0], at: start)]
    func judge(_ seen: [CallerSighting], _ seconds: Int64) -> Readiness {
      Readiness(key, seen, policy: policy, now: start.adding(seconds: seconds))
    }
    #expect(judge(old, 59).version?.id == key.versions[0].id)
    #expect(!judge(old, 59).isSafe && judge(old, 60).isSafe)
    #expect(judge([seen(key.versions[1], at: start)], 1).isSafe)
    #expect(judge([], 1).isSafe && judge([], 1).lastSeenAt == nil)
    // After the overlap the new version is the only one.
    #expect(judge(old, 3600).version?.id == key.versions[1].id)
    policy.safeDeleteSeconds = 0
    #expect(!Readiness(key, old, policy: policy, now: start.adding(seconds: 3599)).isSafe)
    let revoked = try KeyLifecycle.step(key, .revoke, now: start)
    #expect(Readiness(revoked, old, policy: policy, now: start).version == nil)
    #expect(Readiness(revoked, old, policy: policy, now: start).isSafe)
  }

  @Test("the count of admitted calls speaks where no caller was kept")
  func lastUsed() {
    var key = LifecycleFixture.key()
    key.versions[0].lastUsedAt = start
    var policy = Policy()
    #expect(throws: Never.self) {
      try KeyRules.checkQuiet(key.versions, [], policy: policy, now: start)
    }
    policy.safeDeleteSeconds = 60
    #expect(throws: Refusal.keyInUse) {
      try KeyRules.checkQuiet(
        key.versions, [], policy: policy, now: start.adding(seconds: 59))
    }
    #expect(throws: Never.self) {
      try KeyRules.checkQuiet(
        key.versions, [], policy: policy, now: start.adding(seconds: 60))
    }
  }

  @Test("each notice before an end falls due once, however the time is cut")
  func notices() {
    let day: Int64 = 86_400
    let end = start.adding(seconds: 40 * day)
    func due(_ from: Int64, _ to: Int64, set: Timestamp? = nil) -> [Int] {
      ExpiryNotices.due(
        expiresAt: end, setAt: set ?? start, days: [1, 30, 7, 7],
        after: start.adding(seconds: from), through: start.adding(seconds: to)
      ).map(\.days)
    }
    #expect(due(0, 10 * day - 1) == [])
    #expect(due(0, 10 * day) == [30])
    #expect(due(10 * day, 33 * day - 1) == [])
    #expect(due(9 * day, 39 * day) == [30, 7, 1])
    #expect(due(39 * day, 40 * day) == [] && due(5, 5) == [])
    #expect(due(0, 39 * day, set: start.adding(seconds: 20 * day)) == [7, 1])
    for step in [3_599, day, 100_000] as [Int64] {
      let all = stride(from: 0, to: 41 * day, by: Int(step)).flatMap { due($0, $0 + step) }
      #expect(all == [30, 7, 1])
    }
    #expect(
      ExpiryNotices.due(
        expiresAt: nil, setAt: start, days: [1], after: start, through: end) == [])
  }
}
