// Use cases on single cycles: the history, and the acknowledgement that comes by itself.
internal import Crypto
package import KeyModel
internal import Storage

extension UseCases {
  package func cycleHistory(
    of id: AccountID, environment: String?, _ page: PageRequest, by principal: Principal
  ) async throws(Problem) -> Answer {
    try await read(.listCycles, by: principal) { view in
      let account = try view.account(id)
      let cycles = try view.tx.cycles.list(
        account.id, environment: environment, before: page.before(), limit: page.limit + 1)
      return page.answer(cycles, cursor: \.id.bits, Represent.cycle)
    }
  }

  /// The new secret has arrived: said by whoever presents it, by a member or by the operator. Once
  /// more is answered the same; a cycle that ended otherwise is 409.
  package func acknowledgeCycle(
    _ id: CycleID, _ acknowledgement: CycleAcknowledgement, by caller: Caller
  ) async throws(Problem) -> Answer {
    try await change(.acknowledgeCycle, by: caller) { [self] context in
      let cycle = try context.view.cycle(id)
      if case .version(let version, _, _) = caller.principal, version != cycle.newVersion {
        throw Problem.notFound()
      }
      if let given = acknowledgement.requestID, given != cycle.requestID {
        throw Problem.invalid("/request_id", "is not the one that was sent")
      }
      if cycle.state == .committed {
        context.nothingToDo()
        return Answer(200, Represent.cycle(cycle))
      }
      do {
        let step = try step(cycle, .acknowledged, &context)
        return Answer(200, Represent.cycle(step.cycle))
      } catch let error as CycleError {
        throw Problem(cycling: error)
      }
    }
  }

  /// Whoever presents a key's own secret. Throws 401 for one that no call would pass with.
  package func authenticate(keySecret text: String) async throws(Problem) -> Principal {
    let token = Secret(text)
    let lookups = vault.keyring.peppers.map { $0.lookup(of: token) }
    let now = clock.now()
    let found: Principal?
    do {
      found = try await store.read { tx in
        for lookup in lookups {
          guard let key = try tx.keys.find(lookup: lookup),
            let account = try tx.accounts.find(key.accountID)
          else { continue }
          let version = key.acceptedVersions(at: now).first { $0.lookup == lookup }
          return version.map { .version($0.id, of: key.id, home: Principal.Home(account)) }
        }
        return nil
      }
    } catch {
      throw problem(error)
    }
    guard let found else { throw .unauthorized(invalidToken: true) }
    return found
  }
}
