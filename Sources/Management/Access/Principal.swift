// Who asks. A principal is made by Authentication from a credential, or is `local` where the
// request came in on the Unix socket of the data folder.
package import KeyModel

package enum Principal: Sendable, Hashable {
  /// The command line on the data folder: whoever can open the socket owns the server.
  case local
  case operatorKey(id: OperatorKeyID, scopes: Set<Scope>, projectID: ProjectID?)

  /// As it stands in audit entries and `created_by`.
  package var actor: String {
    switch self {
    case .local: "local"
    case .operatorKey(let id, _, _): "operator:\(id)"
    }
  }

  package var scopes: Set<Scope> {
    switch self {
    case .local: [.all]
    case .operatorKey(_, let scopes, _): scopes
    }
  }

  /// The one project this principal can see; nil: all.
  package var projectID: ProjectID? {
    switch self {
    case .local: nil
    case .operatorKey(_, _, let projectID): projectID
    }
  }
}
