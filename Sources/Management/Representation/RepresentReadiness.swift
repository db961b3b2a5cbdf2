// How the callers of a key look as JSON. What is not known of a caller is null.
internal import KeyModel

extension Represent {
  static func readiness(
    _ key: Key, _ seen: [CallerSighting], policy: Policy, now: Timestamp
  ) -> JSONValue {
    let readiness = Readiness(key, seen, policy: policy, now: now)
    let accepted = key.acceptedVersions(at: now).map(\.id)
    // Those of versions that still pass come first: they are what is asked about.
    let listed = seen.filter { $0.caller != .others }
    let ordered =
      listed.filter { accepted.contains($0.versionID) }
      + listed.filter { !accepted.contains($0.versionID) }
    let shown = ordered.prefix(UseCases.callersShown)
    let others = seen.filter { $0.caller == .others }
    return [
      "data": .array(callers(shown)),
      "next_cursor": .null,
      "safe_to_retire": .bool(readiness.isSafe),
      "version": text(readiness.version?.id.description),
      "last_seen_at": time(readiness.lastSeenAt),
      "window_seconds": .integer(readiness.windowSeconds),
      "callers_dropped": .bool(!others.isEmpty || ordered.count > shown.count),
      "dropped_calls": .integer(
        (others + ordered.dropFirst(shown.count)).reduce(0) { $0 + $1.calls }),
    ]
  }

  /// Newest first as they come; the callers not kept one by one are left out.
  static func callers(_ seen: some Sequence<CallerSighting>) -> [JSONValue] {
    seen.filter { $0.caller != .others }.map { one in
      [
        "version": .string(one.versionID.description),
        "address": known(one.caller.address),
        "user_agent": known(one.caller.userAgent),
        "route": known(one.caller.route),
        "last_seen_at": time(one.lastSeenAt),
        "calls": .integer(one.calls),
      ]
    }
  }

  private static func known(_ text: String) -> JSONValue { text.isEmpty ? .null : .string(text) }
}
