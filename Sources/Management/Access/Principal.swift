// Who asks. A principal is made by Authentication from a credential, or is `local` where the
// request came in on the Unix socket of the data folder.
package import KeyModel

package enum Principal: Sendable, Hashable {
  /// The command line on the data folder: whoever can open the socket owns the server.
  case local
  case operatorKey(id: OperatorKeyID, scopes: Set<Scope>, projectID: ProjectID?)
  /// A person, in the own account only.
  case member(id: MemberID, home: Home, permissions: Set<MemberPermission>)
  /// A key that manages the keys of its own account.
  case key(id: KeyID, home: Home)
  /// A secret that says of itself that it has arrived.
  case version(VersionID, of: KeyID, home: Home)
  /// What this server does by the clock.
  case server
  /// A secret scanner whose signature was verified: reports what it found and does nothing else.
  case scanner

  /// The account that a member or a key belongs to.
  package struct Home: Sendable, Hashable {
    package var projectID: ProjectID
    package var accountID: AccountID
    package var isSuspended: Bool

    package init(projectID: ProjectID, accountID: AccountID, isSuspended: Bool = false) {
      self.projectID = projectID
      self.accountID = accountID
      self.isSuspended = isSuspended
    }

    package init(_ account: Account) {
      self.init(
        projectID: account.projectID, accountID: account.id,
        isSuspended: account.state == .suspended)
    }
  }

  /// As it stands in audit entries and `created_by`.
  package var actor: String {
    switch self {
    case .local: "local"
    case .operatorKey(let id, _, _): "operator:\(id)"
    case .member(let id, _, _): "member:\(id)"
    case .key(let id, _), .version(_, let id, _): "key:\(id)"
    case .server: "server"
    case .scanner: "scanner"
    }
  }

  /// Of the operator; a member and a key have none.
  package var scopes: Set<Scope> {
    switch self {
    case .local, .server: [.all]
    case .operatorKey(_, let scopes, _): scopes
    case .member, .key, .version, .scanner: []
    }
  }

  /// The one project this principal can see; nil: all.
  package var projectID: ProjectID? {
    switch self {
    case .local, .server, .scanner: nil
    case .operatorKey(_, _, let projectID): projectID
    case .member(_, let home, _), .key(_, let home), .version(_, _, let home): home.projectID
    }
  }
}
