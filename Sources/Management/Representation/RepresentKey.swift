// How a key looks as JSON. What depends on the time of reading (state, today's calls) is derived
// here from `now`.
package import Crypto
package import KeyModel

extension Represent {
  /// - Parameter secret: only in the answer that made it.
  package static func key(
    _ key: Key, policy: Policy, now: Timestamp, secret: Secret? = nil
  ) -> JSONValue {
    let hint = key.shownVersion?.hint ?? ""
    var value: JSONObject = [
      "id": .string(key.id.description),
      "public_id": text(key.publicID),
      "account_id": .string(key.accountID.description),
      "application_id": .string(key.applicationID.description),
      "environment": .string(key.environment),
      "kind": .string(key.kind.name),
      "name": .string(key.name),
      "description": .string(key.description),
      "access": .string(key.access.name),
      "routes": .array(key.routes.map(route)),
      "state": .string(key.standing(at: now).rawValue),
      "hint": .string(hint),
      "masked": .string(policy.prefix(of: key) + "****" + hint),
      "created_at": time(key.createdAt),
      "created_by": .string(key.createdBy),
      "expires_at": time(key.expiresAt),
      "revoked_at": time(key.revokedAt),
      "last_used_at": time(key.lastUsedAt),
      "calls_today": .integer(key.calls(since: policy.counterDay(at: now))),
      "versions": .array(key.versions.map { version($0, now: now) }),
    ]
    if let secret { value[SecretMember.secret] = .string(secret.revealText()) }
    return .object(value)
  }

  private static func version(_ version: KeyVersion, now: Timestamp) -> JSONValue {
    [
      "id": .string(version.id.description),
      "state": .string(version.stateName(at: now)),
      "hint": .string(version.hint),
      "accepted_from": time(version.acceptedFrom),
      "accepted_until": time(version.acceptedUntil),
      "last_used_at": time(version.lastUsedAt),
    ]
  }

  private static func route(_ route: RoutePattern) -> JSONValue {
    ["method": .string(route.method), "path": .string(route.path)]
  }
}

extension Policy {
  package func environment(named name: String) -> Environment? {
    environments.first { $0.name == name }
  }

  /// What every secret of this key begins with.
  package func prefix(of key: Key) -> String { prefix(environment: key.environment, key.kind) }

  package func prefix(environment name: String, _ kind: KeyKind) -> String {
    guard let environment = environment(named: name) else { return "" }
    return kind == .secret ? environment.secretPrefix : environment.publishablePrefix
  }
}

extension Key {
  /// The version whose hint stands for the key: the newest that is or was in use.
  package var shownVersion: KeyVersion? {
    versions.filter { $0.state == .active }.max { $0.number < $1.number }
      ?? versions.max { $0.number < $1.number }
  }

  /// Calls of the counters' day; none where the counted ones are of a day before.
  package func calls(since day: MeterDay) -> Int64 { callsDay >= day ? calls : 0 }
}

extension KeyVersion {
  /// A retiring version whose time is over shows as retired before anything has stored that.
  package func stateName(at now: Timestamp) -> String {
    if state == .retiring, let end = acceptedUntil, end <= now { return VersionState.retired.name }
    return state.name
  }
}
