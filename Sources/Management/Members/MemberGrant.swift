// Nobody gives or takes a permission without holding it: the one check behind every change of a
// member. What a member may do, the operator key that makes it must be able to do itself.
internal import KeyModel

extension Principal {
  /// Throws 403 where the caller lacks something that the change gives or takes.
  func requireHolding(_ permissions: Set<MemberPermission>) throws(Problem) {
    for permission in MemberPermission.allCases where permissions.contains(permission) {
      switch self {
      case .local, .server: continue
      case .operatorKey(_, let scopes, _):
        if scopes.include(permission.operatorScope) { continue }
        throw Problem(
          .insufficientScope,
          "The permission \(permission.rawValue) is given and taken by a holder of the scope "
            + "\(permission.operatorScope.rawValue)."
        )
        .with(scope: permission.operatorScope)
      case .member(_, _, let held):
        if held.contains(permission) { continue }
        throw Problem(
          .insufficientPermission,
          "The permission \(permission.rawValue) is given and taken by those who hold it.")
      case .key, .version, .scanner:
        throw Problem(.insufficientPermission, "A key manages no members.")
      }
    }
  }
}

extension MemberPermission {
  /// What an operator key needs to do what a holder may do.
  var operatorScope: Scope {
    switch self {
    case .keys: .keysWrite
    case .webhooks: .webhooksWrite
    case .logs: .usageRead
    case .members: .membersWrite
    }
  }
}
