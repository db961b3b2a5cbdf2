// How usage looks as JSON: quota, calls per key, and the times at which both start again.
internal import KeyModel
internal import Storage

extension Represent {
  /// Null where the policy has no quota.
  static func quota(_ amount: QuotaUse.Amount?) -> JSONValue {
    guard let amount else { return .null }
    return [
      "limit": .integer(amount.limit),
      "used": .integer(amount.used),
      "remaining": .integer(amount.remaining),
      "resets_at": time(amount.resetsAt),
    ]
  }

  /// - Parameter quota: of what the key's calls are counted with.
  static func usage(
    _ key: Key, _ quota: QuotaUse.Amount?, policy: Policy, now: Timestamp
  ) -> JSONValue {
    let day = policy.counterDay(at: now)
    return [
      "key_id": .string(key.id.description),
      "calls": .integer(key.calls(since: day)),
      "calls_reset_at": time(day.end),
      "last_call_at": time(key.lastUsedAt),
      "quota": self.quota(quota),
    ]
  }

  static func day(_ one: DayCalls) -> JSONValue {
    let start = Timestamp(seconds: one.day * 86_400)
    return [
      "day": .string(String(RFC3339.format(start).prefix(10))), "calls": .integer(one.calls),
    ]
  }
}
