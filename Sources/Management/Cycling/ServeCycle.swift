// What the runner asks of the store: steps of single cycles as changes of the server's own, and the
// parcel to bring under a lease.
internal import Crypto
internal import Delivery
internal import KeyModel
internal import Storage

extension UseCases {
  func note(_ error: any Error) { _ = problem(error) }

  /// Nothing where the step does not fit any more: somebody else was there.
  @discardableResult
  func step(_ id: CycleID, _ event: CycleEvent, now: Timestamp?) async throws(Problem) -> Bool {
    let answer = try await change(.runAutoCycling, by: Caller(.server)) { [self] context in
      guard let cycle = try context.tx.cycles.find(id) else {
        context.nothingToDo()
        return .noContent
      }
      do {
        _ = try step(cycle, event, now: now, &context)
        return Answer(200)
      } catch is CycleError {
        context.nothingToDo()
        return .noContent
      }
    }
    return answer.status == 200
  }

  /// The epoch of a new lease; nil where there is none to be had.
  func lease(
    _ cycle: Cycle, _ seconds: Int64, now: Timestamp
  ) async throws(Problem) -> Int64? {
    let answer = try await change(.runAutoCycling, by: Caller(.server)) { [self] context in
      guard let cycle = try context.tx.cycles.find(cycle.id) else {
        context.nothingToDo()
        return .noContent
      }
      do {
        let step = try step(cycle, try leaseEvent(cycle, seconds, context), now: now, &context)
        guard step.effects.contains(.deliver) else { return .noContent }
        return Answer(200, ["epoch": .integer(step.cycle.lease.epoch)])
      } catch is CycleError {
        context.nothingToDo()
        return .noContent
      }
    }
    return answer.body?["epoch"]?.integer
  }

  private func leaseEvent(
    _ cycle: Cycle, _ seconds: Int64, _ context: ChangeContext
  ) throws -> CycleEvent {
    guard try context.tx.accounts.find(cycle.accountID)?.state == .active else {
      return .supersede("account_suspended")
    }
    let settings = try context.tx.cycling.find(
      cycle.accountID, environment: cycle.environment)
    return .lease(seconds: seconds, endpointRevision: settings?.endpointRevision ?? 0)
  }

  /// What to bring under this lease; nil where it is another's by now.
  func parcel(of id: CycleID, epoch: Int64) async throws -> CycleParcel? {
    try await store.read { [self] tx in
      guard let cycle = try tx.cycles.find(id), cycle.state == .delivering,
        cycle.lease.epoch == epoch, let key = try tx.keys.find(cycle.keyID),
        let version = key.versions.first(where: { $0.id == cycle.newVersion }),
        let sealed = version.sealedSecret, let project = try tx.projects.find(key.projectID)
      else { return nil }
      let rules = try policies.policy(of: project).policy.autoCycling
      let secret = try vault.open(sealed, at: .version(version.id, of: key.accountID), tx)
      return CycleParcel(
        endpoint: cycle.endpoint, requestID: cycle.requestID, secret: secret,
        wantsProof: rules?.acknowledge == .proof,
        members: [
          "generation": .integer(cycle.generation),
          "cycleId": .string(cycle.id.description),
          "keyId": .string(cycle.keyID.description),
          "environment": .string(cycle.environment),
          "issuedAt": Represent.time(cycle.startedAt),
        ])
    }
  }
}
