// Use cases on operator keys. None can grant more than its maker holds.
internal import Crypto
package import KeyModel
internal import Storage

extension UseCases {
  package func createOperatorKey(
    _ new: NewOperatorKey, by caller: Caller
  ) async throws(Problem) -> Answer {
    for scope in new.scopes.sorted(by: { $0.rawValue < $1.rawValue })
    where !caller.principal.scopes.include(scope) {
      throw Problem(.insufficientScope, "A key cannot grant \(scope.rawValue) without holding it.")
        .with(scope: scope)
    }
    return try await change(.createOperatorKey, by: caller) { [self] context in
      let project =
        if let slug = new.project {
          try context.view.project(slug: slug)
        } else {
          try caller.principal.projectID.map(context.view.project)
        }
      let format = TokenFormat.operatorKey
      let token = format.generate(random: entropy.bytes(format.randomByteCount))
      let secret = Secret(token)
      let pepper = try vault.newestPepper(context.tx)
      let key = OperatorKey(
        id: entropy.newID(context.now), name: new.name, lookup: pepper.lookup(of: secret),
        pepperID: pepper.pepperID, hint: TokenFormat.hint(of: token),
        scopes: new.scopes.map(\.rawValue).sorted(), projectID: project?.id,
        createdAt: context.now)
      try context.tx.operatorKeys.insert(key)
      context.publish(.operatorKey(key.id))
      context.audit(
        "operator_key.created", project: key.projectID, subject: key.id,
        ["scopes": Represent.strings(key.scopes), "hint": .string(key.hint)])
      return Answer(
        201, Represent.operatorKey(key, project: project?.slug, token: secret))
    }
  }

  package func listOperatorKeys(
    _ page: PageRequest, by principal: Principal
  ) async throws(Problem) -> Answer {
    try await read(.listOperatorKeys, by: principal) { view in
      // There are few of them, so all are read and narrowed here.
      let visible = try view.tx.operatorKeys.all().reversed().filter { key in
        (principal.projectID == nil || key.projectID == principal.projectID)
          && page.cursor.map { key.id.bits < $0 } ?? true
      }
      return try page.answer(Array(visible.prefix(page.limit + 1)), cursor: \.id.bits) {
        Represent.operatorKey($0, project: try slug(of: $0, view))
      }
    }
  }

  package func operatorKey(
    _ id: OperatorKeyID, by principal: Principal
  ) async throws(Problem) -> Answer {
    try await read(.getOperatorKey, by: principal) { view in
      let key = try view.operatorKey(id)
      return Answer(200, Represent.operatorKey(key, project: try slug(of: key, view)))
    }
  }

  package func revokeOperatorKey(
    _ id: OperatorKeyID, by caller: Caller
  ) async throws(Problem) -> Answer {
    try await change(.revokeOperatorKey, by: caller) { context in
      let key = try context.view.operatorKey(id)
      guard try context.tx.operatorKeys.revoke(id, at: context.now) else {
        context.nothingToDo()
        return .noContent
      }
      context.publish(.operatorKey(id))
      context.audit(
        "operator_key.revoked", project: key.projectID, subject: id,
        ["hint": .string(key.hint)])
      return .noContent
    }
  }
}

private func slug(of key: OperatorKey, _ view: View) throws -> String? {
  guard let id = key.projectID else { return nil }
  return try view.tx.projects.find(id)?.slug
}
