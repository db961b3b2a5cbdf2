// Tells of keys that end soon: an event and mails, once for each key and number of days. How far
// each number of days has come stands in the store and moves in the transaction that tells, so that
// several servers never tell twice.
internal import Crypto
internal import KeyModel
internal import Storage

extension UseCases {
  private static let expiryBatch = 200

  /// To be called from a timer, every minute or so.
  package func tellOfExpiries() async throws(Problem) {
    for days in try await expiryDays() {
      while try await tellOfExpiries(in: Int64(days)) {}
    }
  }

  /// Every number of days that some project's policy names.
  private func expiryDays() async throws(Problem) -> [Int] {
    do {
      return try await store.read { [policies] tx in
        var days: Set<Int> = []
        var last: ProjectID?
        while true {
          let projects = try tx.projects.list(before: last, limit: 200)
          for project in projects {
            days.formUnion(try policies.policy(of: project).policy.notify.keyExpiringDays)
          }
          if projects.count < 200 { return days.sorted(by: >) }
          last = projects.last?.id
        }
      }
    } catch {
      throw problem(error)
    }
  }

  /// True where there may be more.
  private func tellOfExpiries(in days: Int64) async throws(Problem) -> Bool {
    try await tell { [policies] context in
      let mark = ExpiryMark(days: days)
      let tx = context.tx
      let reach = context.now.adding(seconds: days * 86_400)
      guard let from = try mark.read(tx), from.at <= reach.adding(seconds: 86_400) else {
        // The first time, or the clock was set back: what is over is not told.
        try mark.write(KeyEnd(at: reach, key: .max), tx)
        return false
      }
      let keys = try tx.keys.ending(
        after: from, through: reach, limit: Self.expiryBatch)
      let start = from.at.adding(seconds: -days * 86_400)
      for key in keys {
        let rules = try policies.policy(of: try context.view.project(key.projectID)).policy.notify
        let isWanted = rules.keyExpiringDays.contains(Int(days))
        let due = ExpiryNotices.due(
          expiresAt: key.expiresAt, setAt: key.createdAt, days: isWanted ? [Int(days)] : [],
          after: Timestamp(microseconds: start.microseconds - 1), through: context.now)
        if !due.isEmpty { try context.tellOfExpiry(key, days) }
      }
      let isWhole = keys.count < Self.expiryBatch
      let last =
        isWhole
        ? nil
        : keys.last.flatMap { key in
          key.expiresAt.map { KeyEnd(at: $0, key: key.id.bits) }
        }
      let next = last ?? KeyEnd(at: max(reach, from.at), key: .max)
      if next != from { try mark.write(next, tx) }
      return !isWhole
    }
  }
}

extension ChangeContext {
  fileprivate mutating func tellOfExpiry(_ key: Key, _ days: Int64) throws {
    guard let end = key.expiresAt else { return }
    try emit(
      .keyExpiring, key, ["expires_at": Represent.time(end), "days": .integer(days)])
    try mail(
      .keyExpiring(
        name: key.name, hint: key.shownVersion?.hint ?? "", environment: key.environment,
        days: Int(days), at: end),
      project: key.projectID, account: key.accountID)
  }
}

/// How far the telling of one number of days has come, as text among the store's small facts.
private struct ExpiryMark {
  let days: Int64
  private var name: String { "expiry_told_\(days)" }

  func read(_ tx: Transaction) throws -> KeyEnd? {
    guard let text = try tx.meta.find(name) else { return nil }
    let parts = text.split(separator: " ")
    guard parts.count == 2, let at = Int64(parts[0]), let key = UInt128(parts[1], radix: 16) else {
      return nil
    }
    return KeyEnd(at: Timestamp(microseconds: at), key: key)
  }

  func write(_ end: KeyEnd, _ tx: Transaction) throws {
    try tx.meta.set(name, "\(end.at.microseconds) \(String(end.key, radix: 16))")
  }
}
