// The one answer to "may this principal do this to that". It must not look anything up: what it
// decides on is in its arguments, so that every combination can be tested.
package import KeyModel

package enum Authorization {
  /// What an operation is about.
  package enum Object: Sendable, Hashable {
    /// Not inside a project: the list of projects, a new project, the profiles.
    case server
    case project(ProjectID)
  }

  package enum Verdict: Sendable, Hashable {
    case allowed
    /// The object must look as if it did not exist: 404.
    case hidden
    /// 403 with the scope that lacks.
    case lacksScope(Scope)
    /// 403: a principal bound to one project asked for something outside all of them.
    case bound
  }

  /// The scope is judged before the object, so that a refusal tells nothing about what exists.
  package static func allows(
    _ principal: Principal, _ operation: Operation, _ object: Object
  ) -> Verdict {
    guard principal.scopes.include(operation.scope) else {
      return .lacksScope(operation.scope)
    }
    guard let bound = principal.projectID else { return .allowed }
    if operation.isServerWide { return .bound }
    if case .project(let id) = object, id != bound { return .hidden }
    return .allowed
  }
}

extension Principal {
  /// Throws the problem that stands for a refusal.
  package func require(
    _ operation: Operation, on object: Authorization.Object = .server
  ) throws(Problem) {
    switch Authorization.allows(self, operation, object) {
    case .allowed: return
    case .hidden: throw .notFound()
    case .lacksScope(let scope):
      throw Problem(.insufficientScope, "This operation needs the scope \(scope.rawValue).")
        .with(scope: scope)
    case .bound:
      throw Problem(.projectBound, "This operator key is bound to one project.")
    }
  }
}
