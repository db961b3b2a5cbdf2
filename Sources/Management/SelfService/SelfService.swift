// Use cases of keys on the keys of their own account and environment. They run through the same
// change and the same rules as the operator's; what differs is who may be meant.
internal import Crypto
package import KeyModel
internal import Storage

extension UseCases {
  /// What the gateway admitted, done as one transaction with the presented key as its actor.
  package func selfServe(_ request: SelfServiceRequest) async -> SelfServiceOutcome {
    do throws(Problem) {
      let answer = try await answer(request)
      return .keys(
        answer.body?["keys"]?.array?.compactMap(\.object) ?? [],
        next: answer.body?["next_cursor"]?.string, replayed: answer.replayed)
    } catch {
      if error.code == .unauthorized { return .denied(.revoked) }
      return .refused(SelfServiceRefusal(error))
    }
  }

  private func answer(_ request: SelfServiceRequest) async throws(Problem) -> Answer {
    let home = Principal.Home(projectID: request.projectID, accountID: request.accountID)
    let principal = Principal.key(id: request.keyID, home: home)
    let idempotency = request.idempotencyKey.map {
      IdempotencyKey(
        key: $0, route: request.route, body: JSONWriter.compact(.object(request.body)))
    }
    let caller = Caller(principal, idempotency: idempotency)
    switch request.action {
    case .list(let page): return try await listOwnKeys(request, try page.read(), by: caller)
    case .create: return try await createOwnKey(request, by: caller)
    case .delete(let id): return try await revokeOwnKey(id, request, by: caller)
    case .reset: return try await resetOwnKeys(request, by: caller)
    }
  }

  /// A list that shows secrets is on record as what it is.
  private func listOwnKeys(
    _ request: SelfServiceRequest, _ page: PageRequest, by caller: Caller
  ) async throws(Problem) -> Answer {
    let now = clock.now()
    await usage.settle()
    let showing = try await read(.listKeys, by: caller.principal) { [self] view in
      let bench = try SelfServiceBench(request, view, policies, now: now)
      guard !bench.service.listShowsSecrets else { return Answer?.none }
      return .keys(
        page.answer(try bench.activeKeys(page, view.tx), cursor: \.id.bits) {
          Represent.key($0, policy: bench.policy, now: now)
        })
    }
    if let showing { return showing }
    return try await change(.listKeys, by: caller) { [self] context in
      let bench = try SelfServiceBench(request, context.view, policies, now: context.now)
      let keys = try bench.activeKeys(page, context.tx)
      context.audit(
        "account.keys_revealed", project: request.projectID, account: request.accountID,
        subject: request.accountID, bench.detail(min(keys.count, page.limit)))
      return .keys(
        try page.answer(keys, cursor: \.id.bits) { key in
          Represent.key(
            key, policy: bench.policy, now: context.now,
            secret: try knownSecret(of: key, bench.policy, context))
        })
    }
  }

  /// Nil where it was shown once and is not kept.
  private func knownSecret(
    of key: Key, _ policy: Policy, _ context: ChangeContext
  ) throws -> Secret? {
    guard let version = try? KeyRules.versionToReveal(of: key, policy: policy),
      let sealed = version.sealedSecret
    else { return nil }
    return try vault.open(sealed, at: .version(version.id, of: key.accountID), context.tx)
  }

  /// The new key can never do more, or live longer, than the one that made it.
  private func createOwnKey(
    _ request: SelfServiceRequest, by caller: Caller
  ) async throws(Problem) -> Answer {
    try await change(.createKey, by: caller) { [self] context in
      let bench = try SelfServiceBench(request, context.view, policies, now: context.now)
      let made = try issueKey(
        try bench.newKey(request.body), bench.account, bench.policy, &context)
      return .keys([made])
    }
  }

  private func revokeOwnKey(
    _ id: String, _ request: SelfServiceRequest, by caller: Caller
  ) async throws(Problem) -> Answer {
    if let member = request.body.members.first {
      throw .invalid(JSONPointer([member.name]).description, "is not a field of this request")
    }
    await settleForSafeDelete(force: false) { _ in request.projectID }
    return try await change(.revokeKey, by: caller) { [self] context in
      let bench = try SelfServiceBench(request, context.view, policies, now: context.now)
      let key = try bench.key(id, context.tx)
      try requireNotLast(key, bench.policy, context)
      try requireQuiet(key, ending: key.versions, bench.policy, context)
      try revoke(key, &context)
      return .noContent
    }
  }

  private func resetOwnKeys(
    _ request: SelfServiceRequest, by caller: Caller
  ) async throws(Problem) -> Answer {
    if let member = request.body.members.first {
      throw .invalid(JSONPointer([member.name]).description, "is not a field of this request")
    }
    return try await change(.resetAllKeys, by: caller) { [self] context in
      let bench = try SelfServiceBench(request, context.view, policies, now: context.now)
      try KeyRules.checkRotation(.resetAll, policy: bench.policy, isCycling: false)
      let keys = try bench.activeKeys(context.tx)
      // Whoever asks presents one of the keys: that they are in use is no news.
      let values = try resetAll(keys, bench.policy, force: true, &context)
      context.audit(
        "account.keys_reset", project: request.projectID, account: request.accountID,
        subject: request.accountID, bench.detail(keys.count))
      return .keys(values)
    }
  }
}

extension Answer {
  /// In the shape of the contract, so that a remembered answer keeps its secrets sealed; what the
  /// policy makes of it is the gateway's.
  fileprivate static func keys(_ keys: [JSONValue]) -> Answer {
    Answer(200, ["keys": .array(keys)])
  }

  fileprivate static func keys(_ list: Answer) -> Answer {
    Answer(
      200,
      [
        "keys": list.body?["data"] ?? .array([]), "next_cursor": list.body?["next_cursor"] ?? .null,
      ])
  }
}

extension SelfServiceRequest.Page {
  /// As many as fit, where the query does not say: whoever knows no pages is to see all there is.
  fileprivate func read() throws(Problem) -> PageRequest {
    var findings: [Problem.Finding] = []
    let page = PageRequest(
      limit: limit ?? String(PageRequest.limits.upperBound), cursor: cursor, findings: &findings)
    guard findings.isEmpty else { throw .invalid(findings) }
    return page
  }
}

extension SelfServiceRefusal {
  init(_ problem: Problem) {
    self.init(
      problem.code.rawValue, status: problem.code.status, problem.detail,
      allow: problem.allow, retryAfterSeconds: problem.retryAfter)
  }
}
