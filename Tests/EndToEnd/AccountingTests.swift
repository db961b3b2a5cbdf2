// What a quota and the counts come to when the store goes away under the server and comes back, and
// when somebody sets the clock back.
import Foundation
import TestSupport
import Testing

@Suite("Accounting through outages", .serialized)
struct AccountingTests {
  private static func policy(_ calls: Int, onOutage: String = "refuse") -> [String: Any] {
    ["quota": ["calls": calls, "scope": "account", "on_outage": onOutage] as [String: Any]]
  }

  private final class Site {
    let world: World
    let counter: CountingUpstream
    let key: IssuedKey
    var passed = 0

    init(calls: Int, onOutage: String = "refuse") throws {
      counter = try CountingUpstream()
      world = try World(
        .postgres, upstream: counter.url, policy: AccountingTests.policy(calls, onOutage: onOutage))
      key = try world.issue()
    }

    var cluster: PostgresCluster {
      get throws { try #require(world.latchkey.installation.cluster) }
    }

    /// One call; those that pass are counted.
    func call() throws -> Answer {
      let answer = try world.call("/x", key: key.secret)
      if answer.status == 200 { passed += 1 }
      return answer
    }

    /// Until the store serves quotas and takes changes again.
    func recover() throws {
      let back = try poll(seconds: 60) {
        try call().status == 200 && Curl.call(world.latchkey.api + "/readyz").status == 200
      }
      try #require(back)
    }

    /// Everything agrees: what the client saw, what the upstream did, and what is on the books.
    func settle(stranded: Int) throws {
      #expect(try counter.calls() == passed)
      let path = "/v1/accounts/\(world.account)/usage"
      var usage = try world.latchkey.expect(200, "GET", path)
      // Unused calls come back after some seconds of quiet.
      _ = try poll(seconds: 30) {
        usage = try world.latchkey.expect(200, "GET", path)
        return usage["quota"]["used"].int == passed && usage["keys"][0]["calls"].int == passed
      }
      #expect(usage["keys"][0]["calls"].int == passed)
      #expect((usage["days"].array ?? []).compactMap { $0["calls"].int }.reduce(0, +) == passed)
      let used = try #require(usage["quota"]["used"].int)
      #expect((passed...(passed + stranded)).contains(used), "\(used) of \(passed)")
    }
  }

  @Test(
    "A database that hangs: calls pass within what is reserved, then 503; then all is as it was")
  func hangs() throws {
    let site = try Site(calls: 5_000)
    for _ in 0..<40 { #expect(try site.call().status == 200) }
    let cluster = try site.cluster
    let before = site.passed
    cluster.freeze()
    var refused: Answer?
    for _ in 0..<400 where refused == nil {
      let answer = try site.call()
      if answer.status != 200 { refused = answer }
    }
    #expect(site.passed > before, "what was reserved is there to be used")
    let answer = try #require(refused)
    #expect(answer.status == 503)
    #expect(try answer.json()["code"].string == "quota_unavailable")
    #expect(answer.header("Retry-After") == "1")
    // Once it is known, nobody waits for it.
    let start = DispatchTime.now().uptimeNanoseconds
    #expect(try site.call().status == 503)
    #expect(DispatchTime.now().uptimeNanoseconds - start < 4_000_000_000)
    cluster.thaw()
    try site.recover()
    for _ in 0..<40 { #expect(try site.call().status == 200) }
    try site.settle(stranded: 0)
  }

  @Test("A database that is killed and comes back: nothing is counted twice")
  func killed() throws {
    let site = try Site(calls: 5_000)
    for _ in 0..<40 { #expect(try site.call().status == 200) }
    let cluster = try site.cluster
    for _ in 0..<2 {
      cluster.crash()
      for _ in 0..<60 { _ = try site.call() }
      #expect(try site.call().status == 503)
      try cluster.revive()
      try site.recover()
    }
    // A reservation whose commit nobody heard of is not given again.
    try site.settle(stranded: 512)
  }

  @Test("Where the policy lets calls pass through an outage they are counted when it is over")
  func passes() throws {
    let site = try Site(calls: 200, onOutage: "allow")
    for _ in 0..<20 { #expect(try site.call().status == 200) }
    let cluster = try site.cluster
    cluster.crash()
    for _ in 0..<300 { _ = try site.call() }
    #expect(site.passed >= 310, "some may have found the outage out")
    try cluster.revive()
    let exhausted = try poll(seconds: 60) { try site.call().status == 429 }
    #expect(exhausted)
    #expect(try site.counter.calls() == site.passed)
    let usage = try world(site)
    #expect(usage["keys"][0]["calls"].int == site.passed)
    #expect(usage["quota"]["remaining"].int == 0)
  }

  private func world(_ site: Site) throws -> JSON {
    let path = "/v1/accounts/\(site.world.account)/usage"
    var usage = JSON(nil)
    _ = try poll(seconds: 20) {
      let answer = try site.world.latchkey.call("GET", path)
      guard answer.status == 200 else { return false }
      usage = try answer.json()
      return usage["keys"][0]["calls"].int == site.passed
    }
    return usage
  }

  @Test("A clock that is set back reopens no day", arguments: Store.allCases)
  func setBack(store: Store) throws {
    let world = try World(store, policy: Self.policy(5)) { try ShiftedClock($0) }
    let clock = try #require(world.clock)
    let key = try world.issue()
    func statuses(_ count: Int) throws -> [Int] {
      try (0..<count).map { _ in try world.call("/x", key: key.secret).status }
    }
    clock.set(day: 3)
    #expect(try statuses(6) == [200, 200, 200, 200, 200, 429])
    for day in [2, 1, -1] {
      clock.set(day: day)
      #expect(try statuses(2) == [429, 429], "a day that is over stays over")
    }
    clock.set(day: 4)
    #expect(try statuses(2) == [200, 200])
    clock.set(day: 3)
    #expect(try statuses(4) == [200, 200, 200, 429], "the newest day goes on")
    clock.set(day: 4)
    #expect(try statuses(1) == [429])
    world.latchkey.child.stop(SIGKILL)
    clock.set(day: 3)
    let again = try Latchkey(
      world.latchkey.installation, name: "again", environment: clock.environment)
    let answer = try Curl.call(
      again.gateway + "/x", ["--header", "Authorization: Bearer \(key.secret)"])
    #expect(answer.status == 429, "nor does a start under a clock that is behind")
  }
}
