// Asks an endpoint whether it would acknowledge, with a secret that opens nothing.
internal import Crypto
internal import Delivery
package import KeyModel
internal import Storage

extension UseCases {
  /// `POST …/auto-cycling/test`: the exact reason where it would not.
  package func testEndpoint(
    of id: AccountID, _ test: CyclingTest, by caller: Caller
  ) async throws(Problem) -> Answer {
    let (parcel, _) = try await dummyParcel(
      id, test.endpoint, test.environment, .testAutoCycling, caller.principal)
    let reply = await CycleCourier(transport: outbound).bring(parcel)
    return try await change(.testAutoCycling, by: caller) { context in
      let account = try context.view.account(id)
      context.audit(
        "auto_cycling.tested", project: account.projectID, account: id, subject: id,
        [
          "endpoint": .string(parcel.endpoint), "ok": .bool(reply.answer == .acknowledged),
          "reason": Represent.text(reply.answer.reason?.code),
        ])
      return Answer(200, Represent.endpointTest(reply))
    }
  }

  /// Throws 409 where an endpoint that was not in use before does not acknowledge.
  func askNewEndpoint(
    _ id: AccountID, _ endpoint: String, _ environment: String?, _ operation: Operation,
    _ principal: Principal
  ) async throws(Problem) {
    let (parcel, isInUse) = try await dummyParcel(
      id, endpoint, environment, operation, principal)
    if isInUse { return }
    let reply = await CycleCourier(transport: outbound).bring(parcel)
    guard let reason = reply.answer.reason else { return }
    var problem = Problem(.endpointTestFailed, reply.complaint ?? reason.sentence)
    problem.members = [
      "reason": .string(reason.code),
      "endpoint_status": reply.status.map { .integer(Int64($0)) } ?? .null,
      "latency_ms": .integer(reply.latencyMilliseconds),
    ]
    throw problem
  }

  /// - Returns: what to send, and whether keys go to this endpoint already.
  private func dummyParcel(
    _ id: AccountID, _ endpoint: String?, _ environment: String?, _ operation: Operation,
    _ principal: Principal
  ) async throws(Problem) -> (CycleParcel, isInUse: Bool) {
    let entropy = entropy
    return try await read(operation, by: principal) { [policies] view in
      let scope = try CyclingScope(id, environment, view, policies, place: .body)
      let rules = try scope.requireAllowed()
      guard let endpoint = endpoint ?? scope.settings?.endpoint else {
        throw Problem.invalid("/endpoint", "is required: none is saved")
      }
      let index = scope.policy.environments.firstIndex { $0.name == scope.environment.name }
      let token = TokenForms(policy: scope.policy).generate(
        environment: index ?? 0, kind: .secret, random: entropy.bytes)
      let parcel = CycleParcel(
        endpoint: endpoint, requestID: UUIDText.version4(entropy.bytes(16)),
        secret: Secret(token ?? Array(Hex.encode(entropy.bytes(32)).utf8)),
        wantsProof: rules.acknowledge == .proof, members: ["test": true])
      let inUse = scope.settings.map { $0.isEnabled && $0.endpoint == endpoint } ?? false
      return (parcel, inUse)
    }
  }
}
