// The one answer to "may this principal do this to that". It must not look anything up: what it
// decides on is in its arguments, so that every combination can be tested.
package import KeyModel

package enum Authorization {
  /// What an operation is about.
  package enum Object: Sendable, Hashable {
    /// Not inside a project: the list of projects, a new project, the profiles.
    case server
    case project(ProjectID)
    /// An account, or what belongs to one.
    case account(AccountID, in: ProjectID)
  }

  package enum Verdict: Sendable, Hashable {
    case allowed
    /// The object must look as if it did not exist: 404.
    case hidden
    /// 403 with the scope that lacks.
    case lacksScope(Scope)
    /// 403: a principal bound to one project asked for something outside all of them.
    case bound
    /// 403 to a member or key, with the permission that lacks; nil: no permission would do.
    case lacksPermission(MemberPermission?)
    /// 403 to a member or key whose account is suspended.
    case suspended
  }

  /// The scope or permission is judged before the object, so that a refusal tells nothing about
  /// what exists.
  package static func allows(
    _ principal: Principal, _ operation: Operation, _ object: Object
  ) -> Verdict {
    switch principal {
    case .local, .server: .allowed
    case .operatorKey(_, let scopes, let bound): allows(scopes, bound, operation, object)
    case .member(_, let home, let permissions):
      operation.accountRule.refusal(of: permissions) ?? allows(home, object)
    case .key(_, let home):
      operation.isSelfService ? allows(home, object) : .lacksPermission(nil)
    case .version(_, _, let home):
      operation == .acknowledgeCycle ? allows(home, object) : .lacksPermission(nil)
    case .scanner: operation == .reportLeak ? .allowed : .lacksPermission(nil)
    }
  }

  private static func allows(
    _ scopes: Set<Scope>, _ bound: ProjectID?, _ operation: Operation, _ object: Object
  ) -> Verdict {
    guard scopes.include(operation.scope) else { return .lacksScope(operation.scope) }
    guard let bound else { return .allowed }
    if operation.isServerWide { return .bound }
    switch object {
    case .server: return .allowed
    case .project(let id), .account(_, in: let id): return id == bound ? .allowed : .hidden
    }
  }

  /// The project of the own account may be read on the way to what is in the account.
  private static func allows(_ home: Principal.Home, _ object: Object) -> Verdict {
    if home.isSuspended { return .suspended }
    switch object {
    case .server: return .allowed
    case .project(let id): return id == home.projectID ? .allowed : .hidden
    case .account(let id, _): return id == home.accountID ? .allowed : .hidden
    }
  }
}

extension Operation.AccountRule {
  fileprivate func refusal(of held: Set<MemberPermission>) -> Authorization.Verdict? {
    switch self {
    case .nobody: .lacksPermission(nil)
    case .everyMember: nil
    case .holder(let permission):
      held.contains(permission) ? nil : .lacksPermission(permission)
    }
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
    case .lacksPermission(let permission?):
      throw Problem(
        .insufficientPermission, "This operation needs the permission \(permission.rawValue).")
    case .lacksPermission(nil):
      throw Problem(.insufficientPermission, "This operation is the operator's alone.")
    case .suspended:
      throw Problem(.accountSuspended, "The account is suspended. Ask the operator.")
    }
  }
}
