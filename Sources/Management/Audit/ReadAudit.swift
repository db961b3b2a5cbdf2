// Use cases on the audit chain: reading it in pages, verifying all of it.
package import KeyModel
internal import Storage

/// What `GET /v1/audit` may be narrowed to.
package struct AuditQuery: Sendable {
  /// A slug or an id: what is deleted has no slug any more.
  package var project: String?
  package var account: AccountID?
  package var from: Timestamp?
  package var to: Timestamp?
  package init() {}
}

extension UseCases {
  package func listAudit(
    _ query: AuditQuery, _ page: PageRequest, by principal: Principal
  ) async throws(Problem) -> Answer {
    try await read(.listAudit, by: principal) { view in
      var filter = AuditFilter(account: query.account, from: query.from, to: query.to)
      filter.project = try view.projectID(query.project)
      let rows = try view.tx.audit.list(
        filter, before: page.cursor.map { Int64(clamping: $0) }, limit: page.limit + 1)
      return page.answer(rows, cursor: { UInt128($0.sequence) }) { Represent.audit($0) }
    }
  }

  /// Walks the whole chain; for `latchkey audit verify`.
  package func verifyAudit() async throws(Problem) -> AuditVerdict {
    do {
      return try await store.read { [chain] in try chain.verify($0) }
    } catch {
      throw problem(error)
    }
  }
}
