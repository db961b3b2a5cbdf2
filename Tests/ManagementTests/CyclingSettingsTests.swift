// What settings of auto cycling may say, and what keeps settings from doing anything.
import KeyModel
import Testing

@testable import Management

@Suite("Settings of auto cycling")
struct CyclingSettingsTests {
  @Test("plans that lack it are refused, and so are keys of suspended accounts")
  func plans() async throws {
    let world = try await World()
    let account = try await world.account(policy: ["auto_cycling": ["plans": ["business"]]])
    let settings = CyclingTests.Cycling.settings(world, 1)
    #expect(
      await code {
        try await world.management.setAutoCycling(of: account, settings, by: World.local)
      } == .planRequired)
    #expect(world.endpoint.messages.isEmpty)
    var patch = AccountPatch()
    patch.plan = .set("business")
    _ = try await world.management.updateAccount(account, patch, by: World.local)
    let answer = try await world.management.setAutoCycling(
      of: account, settings, by: World.local)
    #expect(answer.body?["enabled"] == true && answer.body?["every_days"] == 1)
    #expect(
      await code {
        try await world.management.runCycle(of: account, CyclingRun(), by: World.local)
      } == .noKeyToCycle)
    patch.plan = .set("free")
    _ = try await world.management.updateAccount(account, patch, by: World.local)
    let paused = try await world.management.autoCycling(
      of: account, environment: nil, by: World.local.principal)
    #expect(paused.body?["paused_reason"] == "plan_required" && paused.body?["enabled"] == true)
    #expect(paused.body?["next_cycle_at"] == .null)
  }

  @Test("an old secret lives no longer beside the new one than the policy lets it")
  func longestOverlap() async throws {
    let cycling = try await CyclingTests.Cycling()
    var patch = CyclingPatch()
    (patch.everyDays, patch.overlapSeconds) = (30, 604_801)
    let refused = await code { [patch] in
      try await cycling.world.management.updateAutoCycling(
        of: cycling.account, patch, by: World.local)
    }
    #expect(refused == .validationFailed)
  }
}
