// A key with a prepared cycle, and moves on it, for the tests of cycles.
import KeyModel

enum CycleFixture {
  static let start = LifecycleFixture.start

  static var step: CycleStep {
    get throws {
      let old = LifecycleFixture.key()
      let key = try CycleMachine.prepare(old, LifecycleFixture.version(2), now: start)
      let cycle = Cycle(
        id: CycleID(bits: 9), projectID: key.projectID, accountID: key.accountID, keyID: key.id,
        environment: key.environment, cause: .scheduled, slotAt: start,
        requestID: "5f0c4d3e-0000-4000-8000-000000000001", generation: 2,
        oldVersion: key.versions[0].id, newVersion: key.versions[1].id,
        endpoint: "https://keys.example/cycle", endpointRevision: 1, startedAt: start,
        deadline: start.adding(seconds: 86_400 - CycleGrid.margin))
      return CycleStep(cycle: cycle, key: key)
    }
  }

  static func rules(
    overlap: Int64 = 0, holds: Bool = false, retries: Int64 = 0, keeps: Bool = false
  ) -> CycleRules {
    var rules = CycleRules()
    rules.overlapSeconds = overlap
    rules.holdsOld = holds
    rules.retries = retries
    rules.keepsSecret = keeps
    return rules
  }
}

extension CycleStep {
  func after(
    _ event: CycleEvent, _ rules: CycleRules = CycleRules(), at seconds: Int64 = 0
  ) throws -> CycleStep {
    try CycleMachine.step(
      cycle, key, event, rules: rules, now: CycleFixture.start.adding(seconds: seconds))
  }

  func leased(_ rules: CycleRules = CycleRules(), at seconds: Int64 = 0) throws -> CycleStep {
    try after(.lease(seconds: 45, endpointRevision: 1), rules, at: seconds)
  }

  func answered(
    _ answer: CycleAnswer, _ rules: CycleRules = CycleRules(), at seconds: Int64 = 1,
    retryAfter: Int64? = nil, spread: Int64 = 0
  ) throws -> CycleStep {
    try after(
      .answer(answer, epoch: cycle.lease.epoch, retryAfter: retryAfter, spread: spread), rules,
      at: seconds)
  }

  /// Numbers of the versions that calls pass with.
  func accepted(at seconds: Int64) -> [Int64] {
    key.acceptedVersions(at: CycleFixture.start.adding(seconds: seconds)).map(\.number)
  }
}
