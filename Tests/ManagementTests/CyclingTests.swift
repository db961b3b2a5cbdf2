// Auto cycling as the control plane does it: settings, slots, deliveries, and every way a cycle
// ends.
import Crypto
import Delivery
import KeyModel
import Storage
import Synchronization
import Testing

@testable import Management
@testable import Verification

@Suite("Auto cycling")
struct CyclingTests {
  /// A world where keys of one account cycle, and a runner whose clock stands with the wall.
  struct Cycling {
    let world: World
    let runner: CycleRunner
    let account: AccountID
    let key: KeyID
    let first: String

    init(
      policy: JSONObject = [:], starts: Int64 = 1, environment: JSONObject = [:],
      location: StoreLocation = .sqliteMemory
    ) async throws {
      let world = try await World(location)
      var cycling: JSONObject = [
        "plans": [], "retries_within_cycle": 0, "manual_rotation_while_on": false,
      ]
      for member in policy.members { cycling[member.name] = member.value }
      account = try await world.account(
        policy: ["auto_cycling": .object(cycling), "rotation": ["reset": true]])
      (key, first) = try await world.key(account)
      let clock = world.clock
      runner = CycleRunner(
        management: world.management, elapsed: { clock.now().microseconds }, report: { _ in })
      self.world = world
      _ = try await world.management.setAutoCycling(
        of: account, Self.settings(world, starts), by: World.local)
    }

    static func settings(_ world: World, _ starts: Int64, days: Int64 = 1) -> NewCycling {
      NewCycling(
        endpoint: "https://keys.example/in", everyDays: days,
        startsOn: world.clock.now().day + starts)
    }

    func run() async throws -> CycleID {
      let answer = try await world.management.runCycle(
        of: account, CyclingRun(), by: World.local)
      #expect(answer.status == 202)
      return try #require(answer.body?["cycle_id"]?.string.flatMap { CycleID($0) })
    }

    /// A cycle run now whose new secret arrives, which nobody hears of.
    func runUnheard() async throws -> CycleID {
      world.endpoint.answer(ScriptedEndpoint.failing(.timedOut, arrived: true))
      let id = try await run()
      await look()
      return id
    }

    /// Looks, waits for what was begun, and looks again.
    func look() async {
      await runner.look()
      await runner.drain()
      await runner.look()
      await runner.drain()
    }

    func cycle(_ id: CycleID) async throws -> Cycle {
      let found = try await world.store.read { try $0.cycles.find(id) }
      return try #require(found)
    }

    var cycles: [Cycle] {
      get async throws {
        let id = account
        return try await world.store.read { try $0.cycles.list(id, limit: 200) }
      }
    }

    var stored: Key {
      get async throws {
        let id = key
        let found = try await world.store.read { try $0.keys.find(id) }
        return try #require(found)
      }
    }

    /// The newest secret that the endpoint was sent.
    var newest: String { world.endpoint.deliveries.last?["apiKey"]?.string ?? "" }

    /// A call was admitted with the key's waiting version, on whatever node.
    func use(isStored: Bool = true) async throws {
      let key = try await stored
      let version = try #require(key.versions.first { $0.state == .pending })
      let now = world.clock.now()
      world.usage.add(
        UsageDelta(
          keyID: key.id, versionID: version.id, lastUsedAt: now,
          day: MeterDay(of: now, beginningAtSecond: 0), calls: 1))
      if isStored { await world.management.usage.settle() }
    }
  }

  private static func midnight(_ world: World, days: Int64) -> Int64 {
    let now = world.clock.now()
    return (now.day + days) * 86_400 - now.seconds
  }

  @Test("a cycle run now: new secret accepted while it is on its way, the old one until the echo")
  func run() async throws {
    let cycling = try await Cycling()
    let world = cycling.world
    let seen = Mutex<[DecisionCode?]>([])
    world.endpoint.answer { message in
      let new = message["apiKey"]?.string ?? ""
      seen.withLock { $0 = [world.decide(cycling.first), world.decide(new)] }
      return await ScriptedEndpoint.echo(message)
    }
    let id = try await cycling.run()
    #expect(world.decide(cycling.first) == .valid)
    await cycling.look()
    #expect(seen.withLock { $0 } == [.valid, .valid])
    #expect(world.decide(cycling.first) == .revoked && world.decide(cycling.newest) == .valid)
    let cycle = try await cycling.cycle(id)
    #expect(cycle.state == .committed && cycle.proof == .answer && cycle.attempts == 1)
    let sent = try #require(world.endpoint.deliveries.first)
    #expect(sent["generation"] == 2 && sent["keyId"]?.string == cycling.key.description)
    #expect(world.endpoint.messages.first?["test"] == true)
    let history = try await world.management.cycleHistory(
      of: cycling.account, environment: nil, PageRequest(), by: .local)
    let row = history.body?["data"]?.array?.first
    #expect(row?["state"] == "committed" && row?["cause"] == "manual" && row?["slot_at"] == .null)
  }

  @Test("the first slot is 00:00 UTC of the start date, to the second, and then every so many days")
  func slots() async throws {
    let cycling = try await Cycling(starts: 2)
    let world = cycling.world
    world.clock.advance(seconds: Self.midnight(world, days: 2) - 1)
    await cycling.look()
    #expect(try await cycling.cycles.isEmpty)
    world.clock.advance(seconds: 1)
    await cycling.look()
    let first = try #require(try await cycling.cycles.first)
    #expect(first.cause == .scheduled && first.slotAt == world.clock.now())
    #expect(first.state == .committed && world.decide(cycling.newest) == .valid)
    await cycling.look()
    #expect(try await cycling.cycles.count == 1)
    for day in 1...3 {
      world.clock.advance(seconds: 86_400)
      await cycling.look()
      #expect(try await cycling.cycles.count == 1 + day)
    }
    #expect(Set(world.endpoint.deliveries.compactMap { $0["requestId"]?.string }).count == 4)
    #expect(world.endpoint.deliveries.compactMap { $0["generation"]?.integer } == [2, 3, 4, 5])
  }

  @Test("however many slots were missed, one cycle makes up for them")
  func coalescing() async throws {
    let cycling = try await Cycling()
    cycling.world.clock.advance(seconds: 40 * 86_400)
    await cycling.look()
    await cycling.look()
    #expect(try await cycling.cycles.count == 1)
    cycling.world.clock.advance(seconds: -20 * 86_400)
    await cycling.look()
    cycling.world.clock.advance(seconds: 20 * 86_400)
    await cycling.look()
    #expect(try await cycling.cycles.count == 1)
  }

  @Test("a refusal gives the new secret up; the next cycle brings another")
  func refused() async throws {
    let cycling = try await Cycling()
    let world = cycling.world
    world.endpoint.answer(ScriptedEndpoint.status(500))
    let id = try await cycling.run()
    await cycling.look()
    let cycle = try await cycling.cycle(id)
    #expect(cycle.state == .failed && cycle.reason == "status_500" && cycle.attempts == 1)
    let lost = cycling.newest
    #expect(world.decide(lost) == .revoked && world.decide(cycling.first) == .valid)
    await cycling.look()
    #expect(world.endpoint.deliveries.count == 1)
    world.endpoint.answer(ScriptedEndpoint.echo)
    world.clock.advance(seconds: Self.midnight(world, days: 1))
    await cycling.look()
    #expect(cycling.newest != lost && world.decide(cycling.newest) == .valid)
    #expect(world.decide(cycling.first) == .revoked && world.decide(lost) == .revoked)
    #expect(world.endpoint.deliveries.last?["generation"] == 3)
  }

  @Test("an endpoint that is gone ends auto cycling with the cycle")
  func gone() async throws {
    let cycling = try await Cycling()
    cycling.world.endpoint.answer(ScriptedEndpoint.status(410))
    let id = try await cycling.run()
    await cycling.look()
    #expect(try await cycling.cycle(id).state == .failed)
    let answer = try await cycling.world.management.autoCycling(
      of: cycling.account, environment: nil, by: .local)
    #expect(answer.body?["enabled"] == false)
    #expect(answer.body?["disabled_reason"] == "endpoint_gone")
    #expect(
      await code {
        try await cycling.world.management.runCycle(
          of: cycling.account, CyclingRun(), by: World.local)
      } == .autoCyclingOff)
  }

  @Test("an answer that was lost locks nobody out: both are accepted, and the first use commits")
  func firstUse() async throws {
    let cycling = try await Cycling()
    let world = cycling.world
    let id = try await cycling.runUnheard()
    #expect(try await cycling.cycle(id).state == .uncertain)
    #expect(world.decide(cycling.first) == .valid && world.decide(cycling.newest) == .valid)
    #expect(
      await code {
        try await world.management.runCycle(of: cycling.account, CyclingRun(), by: World.local)
      } == .cycleOpen)
    try await cycling.use()
    await cycling.look()
    let cycle = try await cycling.cycle(id)
    #expect(cycle.state == .committed && cycle.proof == .use)
    #expect(world.decide(cycling.first) == .revoked && world.decide(cycling.newest) == .valid)
    #expect(world.endpoint.deliveries.count == 1)
  }

  @Test("nobody acknowledged: the deadline fails it, unless it was used at the last moment")
  func deadline() async throws {
    for used in [false, true] {
      let cycling = try await Cycling(policy: ["deadline_seconds": 600])
      let world = cycling.world
      world.endpoint.answer(ScriptedEndpoint.failing(.connectionLost, arrived: true))
      let id = try await cycling.run()
      await cycling.look()
      world.clock.advance(seconds: 599)
      await cycling.look()
      #expect(try await cycling.cycle(id).state == .uncertain)
      if used { try await cycling.use() }
      world.clock.advance(seconds: 6)
      await cycling.look()
      #expect(try await cycling.cycle(id).state == (used ? .committed : .failed))
      #expect(world.decide(cycling.first) == (used ? .revoked : .valid))
      #expect(world.decide(cycling.newest) == (used ? .valid : .revoked))
    }
  }

  @Test("retries bring the same bytes, and a receiver that answers at last gets its commit")
  func retries() async throws {
    let cycling = try await Cycling(policy: ["retries_within_cycle": 3])
    let world = cycling.world
    let left = Mutex(2)
    world.endpoint.answer { message in
      let again = left.withLock { count in
        count -= 1
        return count >= 0
      }
      return again
        ? .success(OutboundAnswer(status: 503)) : await ScriptedEndpoint.echo(message)
    }
    let id = try await cycling.run()
    await cycling.look()
    for _ in 0..<6 {
      world.clock.advance(seconds: 10)
      await cycling.look()
    }
    #expect(try await cycling.cycle(id).state == .committed)
    let bodies = world.endpoint.bodies.dropFirst()
    #expect(bodies.count == 3 && Set(bodies).count == 1)
  }

  @Test("under overlap none the old secret stops while the new one is on its way")
  func holding() async throws {
    let cycling = try await Cycling(policy: ["overlap": "none"])
    let world = cycling.world
    let seen = Mutex<[DecisionCode?]>([])
    world.endpoint.answer { message in
      seen.withLock {
        $0 = [world.decide(cycling.first), world.decide(message["apiKey"]?.string ?? "")]
      }
      return .success(OutboundAnswer(status: 404))
    }
    _ = try await cycling.run()
    await cycling.look()
    #expect(seen.withLock { $0 } == [.revoked, .valid])
    #expect(world.decide(cycling.first) == .valid && world.decide(cycling.newest) == .revoked)
  }

  @Test("a policy that wants proof takes nothing less")
  func proof() async throws {
    let cycling = try await Cycling(policy: ["acknowledge": "echo"])
    let world = cycling.world
    var patch = ProjectPatch()
    patch.policy = .set(["auto_cycling": ["retries_within_cycle": 0, "acknowledge": "proof"]])
    _ = try await world.management.updateProject("demo", patch, by: World.local)
    let id = try await cycling.run()
    await cycling.look()
    #expect(try await cycling.cycle(id).reason == "proof_missing")
    world.endpoint.answer { message in
      let id = message["requestId"]?.string ?? ""
      let key = Array((message["apiKey"]?.string ?? "").utf8)
      let proof = Hex.encode(HMACSHA256(key: key).authenticate(Array(id.utf8)))
      let body = JSONWriter.compact(["requestId": .string(id), "proof": .string(proof)])
      return .success(OutboundAnswer(status: 200, body: body))
    }
    let second = try await cycling.run()
    await cycling.look()
    #expect(try await cycling.cycle(second).state == .committed)
  }

  @Test("an endpoint is asked before it is saved, and the reason of its refusal is told")
  func endpointTest() async throws {
    let cycling = try await Cycling()
    let management = cycling.world.management
    var patch = CyclingPatch()
    patch.endpoint = "https://other.example/in"
    for (reply, reason) in [
      (ScriptedEndpoint.status(200, "\"nonsense\""), "wrong_request_id"),
      (ScriptedEndpoint.status(302), "redirected"),
      (ScriptedEndpoint.failing(.tlsFailed, arrived: false), "tls_failed"),
      (
        { .success(OutboundAnswer(status: 200, body: JSONWriter.compact($0))) }, "key_reflected"
      ),
      (
        { message in
          let key = message["apiKey"]?.string ?? ""
          let body = Array((message["requestId"]?.string ?? "").utf8)
          return .success(
            OutboundAnswer(status: 200, headers: [("X-Api-Key", key)], body: body))
        }, "key_reflected"
      ),
    ] as [(ScriptedEndpoint.Reply, String)] {
      cycling.world.endpoint.answer(reply)
      do {
        _ = try await management.updateAutoCycling(of: cycling.account, patch, by: World.local)
        Issue.record("\(reason) was taken")
      } catch {
        #expect(error.code == .endpointTestFailed && error.members["reason"]?.string == reason)
      }
      let test = try await management.testEndpoint(
        of: cycling.account, CyclingTest(), by: World.local)
      #expect(test.body?["ok"] == false && test.body?["reason"]?.string == reason)
    }
    let saved = try await management.autoCycling(
      of: cycling.account, environment: nil, by: .local)
    #expect(saved.body?["endpoint"] == "https://keys.example/in")
    let dummies = cycling.world.endpoint.messages.compactMap { $0["apiKey"]?.string }
    #expect(dummies.allSatisfy { cycling.world.decide($0) == .notFound })
  }

  @Test("another endpoint, another grid and turning it off end an open cycle and its secret")
  func superseded() async throws {
    for edit in 0..<3 {
      let cycling = try await Cycling()
      let world = cycling.world
      let id = try await cycling.runUnheard()
      let lost = cycling.newest
      world.endpoint.answer(ScriptedEndpoint.echo)
      var patch = CyclingPatch()
      if edit == 0 { patch.endpoint = "https://other.example/in" }
      if edit == 1 { patch.everyDays = 9 }
      if edit < 2 {
        _ = try await world.management.updateAutoCycling(
          of: cycling.account, patch, by: World.local)
      } else {
        _ = try await world.management.stopAutoCycling(
          of: cycling.account, environment: nil, by: World.local)
      }
      #expect(try await cycling.cycle(id).state == .superseded)
      #expect(world.decide(lost) == .revoked && world.decide(cycling.first) == .valid)
      #expect(
        await code {
          try await world.management.acknowledgeCycle(
            id, CycleAcknowledgement(), by: World.local)
        } == .cycleOver)
    }
  }

  @Test("revoking the key cancels its cycle; while cycling is on nobody rotates by hand")
  func changesByHand() async throws {
    let cycling = try await Cycling()
    let world = cycling.world
    #expect(
      await code {
        try await world.management.resetKey(cycling.key, by: World.local)
      } == .manualRotationDisabled)
    let id = try await cycling.runUnheard()
    _ = try await world.management.revokeKey(cycling.key, force: true, by: World.local)
    #expect(try await cycling.cycle(id).state == .cancelled)
    #expect(world.decide(cycling.first) == .revoked && world.decide(cycling.newest) == .revoked)
    await cycling.look()
    #expect(try await cycling.cycle(id).state == .cancelled)
  }

  @Test("where the policy lets keys be rotated by hand meanwhile, that ends the cycle")
  func manualRotation() async throws {
    let cycling = try await Cycling(policy: ["manual_rotation_while_on": true])
    let world = cycling.world
    let id = try await cycling.runUnheard()
    let answer = try await world.management.resetKey(cycling.key, by: World.local)
    let secret = try #require(answer.body?["secret"]?.string)
    #expect(world.decide(secret) == .valid && world.decide(cycling.newest) == .revoked)
    let cycle = try await cycling.cycle(id)
    #expect(cycle.state == .superseded && cycle.reason == "key_changed")
  }

  @Test("the new secret acknowledges itself; no other secret does, and not for another cycle")
  func acknowledgement() async throws {
    let cycling = try await Cycling()
    let world = cycling.world
    let management = world.management
    let id = try await cycling.runUnheard()
    let old = try await management.authenticate(keySecret: cycling.first)
    #expect(
      await code {
        try await management.acknowledgeCycle(id, CycleAcknowledgement(), by: Caller(old))
      } == .notFound)
    #expect(
      await code { try await management.authenticate(keySecret: "nonsense") } == .unauthorized)
    let new = try await management.authenticate(keySecret: cycling.newest)
    #expect(
      await code { try await management.key(cycling.key, by: new) } == .insufficientPermission)
    var wrong = CycleAcknowledgement()
    wrong.requestID = "other"
    let refusal = await code { [wrong] in
      try await management.acknowledgeCycle(id, wrong, by: Caller(new))
    }
    #expect(refusal == .validationFailed)
    for _ in 0..<2 {
      let answer = try await management.acknowledgeCycle(
        id, CycleAcknowledgement(), by: Caller(new))
      #expect(answer.body?["acknowledged_by"] == "request")
    }
    #expect(world.decide(cycling.first) == .revoked && world.decide(cycling.newest) == .valid)
  }

  @Test("a server that died while it delivered is made up for after its lease, with the same bytes")
  func crash() async throws {
    let cycling = try await Cycling()
    let world = cycling.world
    let id = try await cycling.run()
    let cycle = try await cycling.cycle(id)
    // Another process took the lease, sent it and was gone.
    let now = world.clock.now()
    let epoch = try await world.management.lease(cycle, CycleRunner.leaseSeconds, now: now)
    #expect(epoch == 1)
    let taken = try await world.management.parcel(of: id, epoch: 1)
    let parcel = try #require(taken)
    await cycling.look()
    #expect(world.endpoint.deliveries.isEmpty)
    world.clock.advance(seconds: CycleRunner.leaseSeconds)
    await cycling.look()
    #expect(try await cycling.cycle(id).state == .committed)
    #expect(world.endpoint.deliveries.first?["apiKey"]?.string == parcel.secret.revealText())
    // It comes back to life with what it heard.
    let late = CycleEvent.answer(.refused(.status(500)), epoch: 1, retryAfter: nil, spread: 0)
    let isHeard = try await world.management.step(id, late, now: now)
    #expect(!isHeard)
    #expect(world.decide(cycling.newest) == .valid)
  }
}
