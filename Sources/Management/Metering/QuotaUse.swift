// How much of a day's quota is used, as the store and the data plane know it together. The store
// knows what is reserved, the data plane which of that is still unused here.
internal import KeyModel
internal import Verification

struct QuotaUse {
  struct Amount: Equatable {
    var limit: Int64
    var used: Int64
    var resetsAt: Timestamp
    var remaining: Int64 { max(0, limit - used) }
  }

  let rule: QuotaRule
  let rows: [UInt128: QuotaRow]
  let cells: QuotaCells
  /// Calls that other processes hold are among the used ones, until they come back.
  let isShared: Bool
  let now: Timestamp

  func of(_ subject: QuotaSubject) -> Amount {
    // Alone, this process knows every call; the row may be ahead of it by what is being reserved.
    if !isShared, let known = cells.state(of: subject, rule, now: now) {
      return Amount(limit: rule.limit, used: known.used, resetsAt: known.resetsAt)
    }
    let day = rule.day(at: now)
    guard let row = rows[subject.id], row.day >= day else {
      return Amount(limit: rule.limit, used: 0, resetsAt: day.end)
    }
    let held = cells.holding(subject).map { $0.day == row.day ? $0.unused : 0 } ?? 0
    return Amount(
      limit: rule.limit, used: max(0, row.reserved - held), resetsAt: row.day.end)
  }

  /// Limits and calls added up.
  func together(_ subjects: [QuotaSubject]) -> Amount {
    var sum = Amount(limit: 0, used: 0, resetsAt: rule.resetsAt(now))
    for amount in subjects.map(of) {
      sum.limit += amount.limit
      sum.used += amount.used
      sum.resetsAt = max(sum.resetsAt, amount.resetsAt)
    }
    return sum
  }
}

extension Key {
  /// What the policy's quota counts this key's calls with.
  func quotaSubject(_ policy: Policy) -> QuotaSubject {
    let bits =
      switch policy.quota?.scope {
      case .key: id.bits
      case .application: applicationID.bits
      default: accountID.bits
      }
    return QuotaSubject(id: bits, account: accountID)
  }
}
