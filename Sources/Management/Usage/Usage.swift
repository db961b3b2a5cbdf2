// Calls that were counted on the data plane: stored in batches, shown per account.
package import KeyModel
internal import Storage

/// Which days of an account's history are wanted.
package struct UsageQuery: Sendable {
  /// Days are kept this long.
  static let keptDays: Int64 = 400
  private static let shownDays: Int64 = 30

  /// First and last day, both included. Nil: the last 30 days, and today.
  package var from: Int64?
  package var to: Int64?
  /// Nil: all keys of the account together.
  package var keyID: KeyID?
  package init() {}

  func days(_ now: Timestamp) throws(Problem) -> ClosedRange<Int64> {
    let last = to ?? max(now.day, from ?? 0)
    let first = from ?? last - (Self.shownDays - 1)
    guard first <= last else {
      throw .invalid([.init(parameter: "to", "must not be before from")])
    }
    return first...last
  }
}

extension UseCases {
  /// The calls of today that the account's keys made, the quota they count against, and the calls
  /// of the days asked for.
  package func usage(
    of id: AccountID, _ query: UsageQuery = UsageQuery(), by principal: Principal
  ) async throws(Problem) -> Answer {
    await usage.settle()
    let now = clock.now()
    return try await read(.getUsage, by: principal) { [self] view in
      let account = try view.account(id)
      let policy = try policy(of: account, view)
      let keys = try view.tx.keys.all(KeyFilter(account: id))
      if let key = query.keyID { _ = try view.key(key, of: account) }
      let quotas = try policy.quota.map {
        QuotaUse(
          rule: QuotaRule($0), rows: try view.tx.quotas.list(of: id), cells: quotaCells,
          isShared: store.capabilities.sharedAmongProcesses, now: now)
      }
      return Answer(
        200,
        [
          "quota": Represent.quota(quotas?.together(subjects(of: account, keys, policy))),
          "keys": .array(
            keys.map {
              Represent.usage(
                $0, quotas?.of($0.quotaSubject(policy)), policy: policy, now: now)
            }),
          "days": .array(
            try days(of: account, query, now, view.tx).map { Represent.day($0) }),
        ])
    }
  }

  /// Whose quotas make up the account's.
  private func subjects(
    of account: Account, _ keys: [Key], _ policy: Policy
  ) -> [QuotaSubject] {
    if policy.quota?.scope == .account {
      return [QuotaSubject(id: account.id.bits, account: account.id)]
    }
    return Array(Set(keys.filter { $0.state == .active }.map { $0.quotaSubject(policy) }))
  }

  private func days(
    of account: Account, _ query: UsageQuery, _ now: Timestamp, _ tx: Transaction
  ) throws -> [DayCalls] {
    let days = try query.days(now)
    if let key = query.keyID { return try tx.history.days(of: key, in: days) }
    return try tx.history.days(of: account.id, in: days)
  }

  /// Longer than a server tries to store one batch: a month.
  private static let markSeconds: Int64 = 30 * 86_400

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
        _ = try tx.mails.purge(
          before: now.adding(seconds: -Mail.keptDays * 86_400), limit: 2_000)
        _ = try tx.batchMarks.purge(before: now.adding(seconds: -Self.markSeconds))
        _ = try tx.history.purge(before: now.day - UsageQuery.keptDays, limit: 2_000)
      }
    } catch {
      throw problem(error)
    }
  }
}
