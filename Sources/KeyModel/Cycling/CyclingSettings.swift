// How the keys of an account cycle in one environment, as its owner wants it. What the policy adds
// is in CycleRules.

package struct CyclingSettings: Hashable, Sendable {
  package var projectID: ProjectID
  package var accountID: AccountID
  package var environment: String
  /// An https URL.
  package var endpoint: String
  package var everyDays: Int64
  /// Days since 1970.
  package var startsOn: Int64
  /// How long an old version is accepted after the new one was acknowledged.
  package var overlapSeconds: Int64
  package var isEnabled = true
  /// Why it was turned off by itself; nil where it was not.
  package var disabledReason: String?
  /// The earliest slot that nobody has seen to; nil while it is off.
  package var nextSlotAt: Timestamp?
  /// Grows whenever keys must not be brought to the endpoint of before any more.
  package var endpointRevision: Int64 = 1
  package var createdAt: Timestamp
  package var updatedAt: Timestamp
  package var revision: Int64 = 1

  package init(
    projectID: ProjectID, accountID: AccountID, environment: String, endpoint: String,
    everyDays: Int64, startsOn: Int64, overlapSeconds: Int64 = 0, createdAt: Timestamp
  ) {
    self.projectID = projectID
    self.accountID = accountID
    self.environment = environment
    self.endpoint = endpoint
    self.everyDays = everyDays
    self.startsOn = startsOn
    self.overlapSeconds = overlapSeconds
    self.createdAt = createdAt
    updatedAt = createdAt
  }

  package func grid(_ rules: AutoCyclingRules) -> CycleGrid {
    CycleGrid(startsOn: startsOn, everyDays: everyDays, atSecond: rules.atSecond)
  }
}

extension CycleRules {
  /// - Parameter reveal: of the key's environment.
  package init(_ rules: AutoCyclingRules, overlapSeconds: Int64, reveal: Environment.Reveal) {
    self.init()
    self.overlapSeconds = overlapSeconds
    holdsOld = rules.overlap == .none
    retries = Int64(rules.retriesWithinCycle)
    keepsSecret = reveal == .always
  }
}
