// Who presents a key version: the evidence on which a version is ended without fear. It holds no
// query, no credential and nothing of a body.

/// An address, a user agent and a route together; empty where that part is not known.
package struct KeyCaller: Hashable, Sendable {
  package var address: String
  /// As `CallerText.clean` gives it.
  package var userAgent: String
  /// As `RouteShape.write` gives it: `GET /v1/orders/{id}`.
  package var route: String

  package init(address: String, userAgent: String, route: String) {
    self.address = address
    self.userAgent = userAgent
    self.route = route
  }

  /// Stands for all callers of a version that are not kept one by one.
  package static let others = KeyCaller(address: "*", userAgent: "", route: "")

  /// Callers kept of one version, on each worker and in the store; the oldest go first.
  package static let perVersion = 64
  /// How long a caller is kept after it was last seen.
  package static let retentionDays: Int64 = 30
}

/// One caller of one version since the last report, or since it is kept.
package struct CallerSighting: Hashable, Sendable {
  package var keyID: KeyID
  package var versionID: VersionID
  package var caller: KeyCaller
  package var lastSeenAt: Timestamp
  /// Presentations of the version, admitted or refused.
  package var calls: Int64

  package init(
    keyID: KeyID, versionID: VersionID, caller: KeyCaller, lastSeenAt: Timestamp, calls: Int64
  ) {
    self.keyID = keyID
    self.versionID = versionID
    self.caller = caller
    self.lastSeenAt = lastSeenAt
    self.calls = calls
  }
}
