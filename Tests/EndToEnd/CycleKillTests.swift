// kill -9 at random moments while keys of many customers cycle, on both stores, through simulated
// days. Each customer calls with the key of the highest generation that its endpoint kept: it must
// pass, always. `make soak` sets LATCHKEY_TEST_KILLS; LATCHKEY_TEST_SEED repeats a run.
import Foundation
import Testing

@Suite("Kills during cycles", .serialized)
struct CycleKillTests {
  private static let customers = 10

  @Test("No customer without a valid key, none resurrected, none stuck", arguments: Store.chosen)
  func kills(store: Store) throws {
    let kills = KillTests.setting("LATCHKEY_TEST_KILLS", or: store == .sqlite ? 16 : 10)
    let seed = KillTests.setting("LATCHKEY_TEST_SEED", or: 20_261_121)
    let run = try Run(store, seed: UInt64(truncatingIfNeeded: seed))
    for round in 0..<kills { try run.round(round) }
    try run.finish()
    print("cycle kills on \(store.rawValue): \(run.figures), seed \(seed)")
  }

  private final class Run {
    struct Customer {
      var name: String
      var account: String
      var first: String
      /// All that it was ever sent, and its first.
      var secrets: [String] = []
    }

    let holders: Holders
    let installation: Installation
    let clock: ShiftedClock
    var random: Seeded
    var customers: [Customer] = []
    var day = 0
    var kills = 0
    var calls = 0
    var refused: [String] = []

    var figures: String {
      let sent = customers.map(\.secrets.count).reduce(0, +)
      return "\(kills) kills, \(sent) keys sent over \(day) days, \(calls) calls, "
        + "\(refused.count) refused"
    }

    init(_ store: Store, seed: UInt64) throws {
      random = Seeded(state: seed)
      holders = try Holders()
      installation = try Installation(store)
      clock = try ShiftedClock(installation.folder)
      clock.set(day: 0)
      let latchkey = try start("first")
      try latchkey.expect(
        201, "POST", "/v1/projects",
        [
          "slug": "demo", "name": "Demo",
          "policy": ["auto_cycling": ["plans": [], "retries_within_cycle": 2]],
        ])
      let tomorrow = ISO8601DateFormatter().string(
        from: Date(timeIntervalSinceNow: 2 * 86_400)
      ).prefix(10)
      for at in 0..<CycleKillTests.customers {
        let name = "customer-\(at)"
        let account = try latchkey.expect(
          201, "POST", "/v1/projects/demo/accounts", ["name": name])["id"].text()
        let key = try latchkey.expect(
          201, "POST", "/v1/accounts/\(account)/keys", ["environment": "production"])
        try latchkey.expect(
          200, "PUT", "/v1/accounts/\(account)/auto-cycling",
          ["endpoint": holders.endpoint(name), "every_days": 1, "starts_on": "\(tomorrow)"])
        let secret = try key["secret"].text()
        customers.append(Customer(name: name, account: account, first: secret))
      }
      latchkey.child.stop(SIGKILL)
    }

    func start(_ name: String) throws -> Latchkey {
      try Latchkey(
        installation, arguments: holders.arguments, name: name, environment: clock.environment)
    }

    /// A server's life: some begin on a new day, all end in the middle of it.
    func round(_ round: Int) throws {
      if round % 2 == 0 {
        day += 1
        clock.set(day: day)
      } else {
        // Past the lease of whoever died.
        clock.advance(seconds: 46)
      }
      for customer in customers where random.next() % 4 == 0 {
        try holders.mode(customer.name, ["echo", "object", "lose", "503"][Int(random.next() % 4)])
      }
      let latchkey = try start("round-\(round % 2)")
      let wire = try Wire(port: latchkey.apiPort)
      let life = DispatchTime.now() + .milliseconds(Int(random.next() % 1500))
      var at = Int(random.next() % UInt64(customers.count))
      while DispatchTime.now() < life {
        try call(customers[at % customers.count], wire)
        at += 1
      }
      latchkey.child.stop(SIGKILL)
      kills += 1
      if round % 2 == 1 { try endDay() }
    }

    /// A day has some seconds here. At its end everybody has called with the key that it holds, and
    /// that is stored, as a whole day of calls would see to.
    private func endDay() throws {
      while true {
        clock.advance(seconds: 46)
        let latchkey = try start("evening")
        let wire = try Wire(port: latchkey.apiPort)
        let held = try customers.map { try holders.held($0.name) }
        for customer in customers { try call(customer, wire) }
        try latchkey.expect(200, "GET", "/v1/accounts/\(customers[0].account)/usage")
        latchkey.child.stop(SIGKILL)
        // Else somebody got a key in between.
        if try customers.map({ try holders.held($0.name) }) == held { return }
      }
    }

    /// With what the program holds now; once more where it got another key meanwhile.
    private func call(_ customer: Customer, _ wire: Wire) throws {
      let secret = try holders.held(customer.name) ?? customer.first
      let answer = try wire.request(
        "POST", "/v1/verify", token: installation.operatorKey,
        ["project": "demo", "key": secret])
      calls += 1
      if try answer.json()["valid"].bool == true { return }
      if try holders.held(customer.name) ?? customer.first != secret {
        return try call(customer, wire)
      }
      refused.append("\(customer.name) on day \(day): \(answer)")
    }

    func finish() throws {
      for customer in customers { try holders.mode(customer.name, "echo") }
      clock.advance(seconds: 60)
      let latchkey = try start("last")
      try settle(latchkey)
      // Another day, without a fault: everybody gets a key.
      day += 1
      latchkey.child.stop()
      clock.set(day: day)
      let quiet = try start("quiet")
      try settle(quiet)
      let wire = try Wire(port: quiet.apiPort)
      for at in customers.indices {
        try call(customers[at], wire)
        customers[at].secrets = try holders.deliveries(customers[at].name).map {
          try $0.body["apiKey"].text()
        }
        try checkOld(customers[at], wire)
        let history = try quiet.expect(
          200, "GET", "/v1/accounts/\(customers[at].account)/auto-cycling/history?limit=200")
        let rows = history["data"].array ?? []
        #expect(rows.first?["state"].string == "committed", "\(customers[at].name)")
        let slots = rows.compactMap { $0["slot_at"].string }
        #expect(Set(slots).count == slots.count && slots.count <= day)
      }
      #expect(refused.isEmpty, "\(refused.prefix(3))")
      let audit = try installation.command(["audit", "verify"])
      #expect(audit.status == 0, "\(audit)")
    }

    /// Whatever it was sent before its present key is dead for good.
    private func checkOld(_ customer: Customer, _ wire: Wire) throws {
      let present = try holders.held(customer.name)
      for secret in Set(customer.secrets + [customer.first]) where secret != present {
        let answer = try wire.request(
          "POST", "/v1/verify", token: installation.operatorKey,
          ["project": "demo", "key": secret])
        #expect(try answer.json()["code"].string == "revoked", "\(customer.name)")
      }
    }

    /// Nothing is on its way any more, and whoever holds a new key has used it.
    private func settle(_ latchkey: Latchkey) throws {
      let wire = try Wire(port: latchkey.apiPort)
      let done = try poll(seconds: 60) {
        for customer in customers { try call(customer, wire) }
        return try customers.allSatisfy { customer in
          let history = try latchkey.expect(
            200, "GET", "/v1/accounts/\(customer.account)/auto-cycling/history?limit=1")
          let state = history["data"][0]["state"].string
          return state == nil || ["committed", "failed"].contains(state)
        }
      }
      guard done else { throw Failure("cycles are stuck") }
    }
  }
}
