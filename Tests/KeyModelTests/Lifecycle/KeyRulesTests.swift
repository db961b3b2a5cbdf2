// What a policy allows and refuses, with the codes that callers see.
import KeyModel
import Testing

@Suite("Key rules")
struct KeyRulesTests {
  let start = LifecycleFixture.start

  @Test("limits are refused at their number, not before")
  func limits() {
    #expect(throws: Never.self) { try KeyLimitRule.check(active: 1, max: 2) }
    #expect(throws: Refusal.keyLimitReached) { try KeyLimitRule.check(active: 2, max: 2) }
    #expect(throws: Never.self) { try KeyLimitRule.check(active: 9999, max: nil) }
    #expect(throws: Never.self) { try KeyLimitRule.checkRemoval(active: 2, min: 1) }
    #expect(throws: Refusal.lastKey) { try KeyLimitRule.checkRemoval(active: 1, min: 1) }
    #expect(throws: Never.self) { try KeyLimitRule.checkRemoval(active: 1, min: 0) }
    #expect(throws: Refusal.applicationLimitReached) {
      try KeyLimitRule.checkApplications(existing: 3, max: 3)
    }
  }

  @Test("each way to rotate is allowed by its own knob")
  func rotation() {
    var policy = Policy()
    for mode in [RotationMode.overlap(seconds: 0), .reset, .resetAll] {
      #expect(throws: Refusal.rotationModeDisabled) {
        try KeyRules.checkRotation(mode, policy: policy, isCycling: false)
      }
    }
    policy.rotation = RotationRules()
    policy.rotation.reset = true
    policy.rotation.overlapMaxSeconds = 60
    #expect(throws: Never.self) {
      try KeyRules.checkRotation(.overlap(seconds: 60), policy: policy, isCycling: true)
    }
    #expect(throws: Refusal.rotationModeDisabled) {
      try KeyRules.checkRotation(.overlap(seconds: 61), policy: policy, isCycling: false)
    }
    policy.autoCycling = AutoCyclingRules()
    #expect(throws: Refusal.manualRotationDisabled) {
      try KeyRules.checkRotation(.reset, policy: policy, isCycling: true)
    }
    #expect(throws: Never.self) {
      try KeyRules.checkRotation(.reset, policy: policy, isCycling: false)
    }
  }

  @Test("a secret is shown again only where the environment says always")
  func reveal() throws {
    var policy = Policy()
    var key = LifecycleFixture.key()
    #expect(throws: Refusal.secretNotRecoverable) {
      try KeyRules.versionToReveal(of: key, policy: policy)
    }
    policy.environments[0].reveal = .always
    #expect(try KeyRules.versionToReveal(of: key, policy: policy).number == 1)
    key = try KeyLifecycle.step(key, .revoke, now: start)
    #expect(throws: Refusal.keyRevoked) {
      try KeyRules.versionToReveal(of: key, policy: policy)
    }
  }

  @Test("auto cycling asks for the plan that the policy names")
  func plans() {
    var policy = Policy()
    #expect(throws: Refusal.rotationModeDisabled) {
      try KeyRules.checkAutoCycling(policy: policy, plan: nil)
    }
    policy.autoCycling = AutoCyclingRules()
    #expect(throws: Never.self) { try KeyRules.checkAutoCycling(policy: policy, plan: nil) }
    policy.autoCycling?.plans = ["business"]
    #expect(throws: Refusal.planRequired) {
      try KeyRules.checkAutoCycling(policy: policy, plan: "free")
    }
    #expect(throws: Never.self) {
      try KeyRules.checkAutoCycling(policy: policy, plan: "business")
    }
  }

  @Test("refusals have the contract's codes and statuses")
  func codes() {
    #expect(
      Refusal.allCases.map(\.code) == [
        "key_limit_reached", "application_limit_reached", "last_key", "rotation_mode_disabled",
        "manual_rotation_disabled", "key_in_use", "secret_not_recoverable", "key_revoked",
        "key_expired", "access_fixed", "plan_required",
      ])
    #expect(
      Refusal.allCases.map { $0.status == 409 } == Refusal.allCases.map { $0 != .planRequired })
    #expect(Refusal.planRequired.status == 403)
  }
}
