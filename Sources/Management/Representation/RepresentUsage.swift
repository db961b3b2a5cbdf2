// How usage looks as JSON: quota, calls per key, and the times at which both start again.
internal import KeyModel
internal import Storage

extension Represent {
  /// Null where the policy has no quota for the whole account.
  static func quota(_ quota: Quota?, used: Int64, now: Timestamp) -> JSONValue {
    guard let quota, quota.scope == .account else { return .null }
    return [
      "limit": .integer(quota.calls),
      "used": .integer(used),
      "remaining": .integer(max(0, quota.calls - used)),
      "resets_at": time(now.next(secondOfDay: quota.resetsAtSecond)),
    ]
  }

  static func usage(_ key: Key, policy: Policy, now: Timestamp) -> JSONValue {
    [
      "key_id": .string(key.id.description),
      "calls": .integer(key.calls(onDayOf: now)),
      "calls_reset_at": time(
        now.next(secondOfDay: policy.quota?.counterResetsAtSecond ?? 0)),
      "last_call_at": time(key.lastUsedAt),
    ]
  }

  static func day(_ one: DayCalls) -> JSONValue {
    let start = Timestamp(seconds: one.day * 86_400)
    return [
      "day": .string(String(RFC3339.format(start).prefix(10))), "calls": .integer(one.calls),
    ]
  }
}

extension Timestamp {
  /// The first time after this one that is so many seconds after 00:00 UTC.
  func next(secondOfDay: Int64) -> Timestamp {
    let today = Timestamp(seconds: day * 86_400 + secondOfDay)
    return today > self ? today : today.adding(seconds: 86_400)
  }
}
