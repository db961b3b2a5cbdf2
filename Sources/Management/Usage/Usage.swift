// Calls that were counted on the data plane: stored in batches, shown per account.
package import KeyModel
internal import Storage

extension UseCases {
  /// The calls of today that the account's keys made, and the quota they count against.
  package func usage(
    of id: AccountID, by principal: Principal
  ) async throws(Problem) -> Answer {
    await usage.settle()
    let now = clock.now()
    return try await read(.getUsage, by: principal) { [self] view in
      let account = try view.account(id)
      let policy = try policy(of: account, view)
      let keys = try view.tx.keys.all(KeyFilter(account: id))
      let used = keys.reduce(0) { $0 + $1.calls(onDayOf: now) }
      return Answer(
        200,
        [
          "quota": Represent.quota(policy.quota, used: used, now: now),
          "keys": .array(keys.map { Represent.usage($0, policy: policy, now: now) }),
          "days": used > 0
            ? [["day": Represent.day(now), "calls": .integer(used)]] : [],
        ])
    }
  }

  /// Erases what idempotency and callers keep no longer than they must. To be called from a timer.
  package func sweep() async throws(Problem) {
    let now = clock.now()
    do {
      try await store.write { tx in
        _ = try tx.idempotency.eraseSecrets(
          createdBefore: now.adding(seconds: -Replay.secretSeconds))
        _ = try tx.idempotency.purge(expiredAt: now)
        _ = try tx.callers.purge(
          before: now.adding(seconds: -KeyCaller.retentionDays * 86_400), limit: 2_000)
      }
    } catch {
      throw problem(error)
    }
  }
}
