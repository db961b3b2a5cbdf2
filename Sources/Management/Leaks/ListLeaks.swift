// The history of leaks: what was found where, who said so, and what became of the key.
internal import KeyModel
internal import Storage

extension UseCases {
  package func listLeaks(
    _ query: OwnerQuery, _ page: PageRequest, by principal: Principal
  ) async throws(Problem) -> Answer {
    try await read(.listLeaks, by: principal) { view in
      let project = try view.projectID(query.project)
      let rows = try view.tx.leaks.list(
        project: project, account: query.account, before: page.before(), limit: page.limit + 1)
      return page.answer(rows, cursor: \.id.bits) { Represent.leak($0) }
    }
  }
}

extension Represent {
  static func leak(_ leak: Leak) -> JSONValue {
    [
      "id": .string(leak.id.description),
      "reported_at": time(leak.reportedAt),
      "reported_by": .string(leak.reportedBy),
      "project_id": .string(leak.projectID.description),
      "account_id": .string(leak.accountID.description),
      "key_id": .string(leak.keyID.description),
      "version_id": .string(leak.versionID.description),
      "url": .string(leak.url),
      "source": .string(leak.source),
      "action": .string(leak.action.rawValue),
    ]
  }
}
