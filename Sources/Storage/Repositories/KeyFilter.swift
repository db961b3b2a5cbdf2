// Which keys a list, a count or a change of many is about.
package import KeyModel

package struct KeyFilter: Sendable, Hashable {
  /// As the contract's `state`: expiry is judged at the given time.
  package enum Standing: Sendable, Hashable {
    case active(at: Timestamp)
    case expired(at: Timestamp)
    case revoked
  }
  package var account: AccountID
  package var application: ApplicationID?
  package var environment: String?
  package var kind: KeyKind?
  package var standing: Standing?
  package init(
    account: AccountID, application: ApplicationID? = nil, environment: String? = nil,
    kind: KeyKind? = nil, standing: Standing? = nil
  ) {
    self.account = account
    self.application = application
    self.environment = environment
    self.kind = kind
    self.standing = standing
  }

  var conditions: Conditions {
    var conditions = Conditions()
    conditions.add("account_id = ?", .id(account))
    if let application { conditions.add("application_id = ?", .id(application)) }
    if let environment { conditions.add("environment = ?", .text(environment)) }
    if let kind { conditions.add("kind = ?", .raw(kind)) }
    switch standing {
    case .active(let at):
      conditions.add("state = ?", .raw(KeyState.active))
      conditions.add("(expires_at IS NULL OR expires_at > ?)", .time(at))
    case .expired(let at):
      conditions.add("state = ?", .raw(KeyState.active))
      conditions.add("expires_at <= ?", .time(at))
    case .revoked: conditions.add("state = ?", .raw(KeyState.revoked))
    case nil: break
    }
    return conditions
  }
}
