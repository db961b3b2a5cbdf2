// Use cases on the request log: pages of an account's calls and of a project's calls that belong to
// no account.
package import KeyModel
internal import Storage

extension UseCases {
  package func listRequests(
    of id: AccountID, _ filter: RecordFilter, _ page: PageRequest, by principal: Principal
  ) async throws(Problem) -> Answer {
    _ = try await read(.listRequests, by: principal) { try $0.account(id).id }
    return try await self.page(.account(id), filter, page)
  }

  /// Calls whose credential named no account.
  package func listProjectRequests(
    of slug: String, _ filter: RecordFilter, _ page: PageRequest, by principal: Principal
  ) async throws(Problem) -> Answer {
    let id = try await read(.listProjectRequests, by: principal) {
      try $0.project(slug: slug).id
    }
    return try await self.page(.project(id), filter, page)
  }

  /// The log ends a page early when it has looked at much and found little.
  private static var patience: Int { 4 }

  private func page(
    _ owner: RecordOwner, _ filter: RecordFilter, _ page: PageRequest
  ) async throws(Problem) -> Answer {
    var query = RecordQuery(
      owner: owner, filter: filter, before: page.cursor.map { RequestID(bits: $0) },
      limit: page.limit)
    do {
      var found = try await requests.page(query)
      var records = found.records
      for _ in 1..<Self.patience where records.count < page.limit {
        guard let next = found.next else { break }
        (query.before, query.limit) = (next, page.limit - records.count)
        found = try await requests.nextPage(query)
        records += found.records
      }
      return Answer(
        200,
        [
          "data": .array(records.map { .object(represent($0)) }),
          "next_cursor": Represent.text(found.next.map { PageRequest.text($0.bits) }),
          "dropped": .integer(requests.dropped),
        ])
    } catch {
      throw problem(error)
    }
  }

  func represent(_ record: RequestRecord) -> JSONObject {
    Represent.request(
      record, address: requests.address(record.addressHigh, record.addressLow))
  }

  /// Until which day records are of no use to any project, and which projects keep theirs for a
  /// shorter time: the first day of each. Days since 1970-01-01.
  package func requestRetention() async throws(Problem) -> (
    before: Int64, shorter: [ProjectID: Int64]
  ) {
    let today = clock.now().day
    do {
      return try await store.read { [policies] tx in
        var first: [ProjectID: Int64] = [:]
        for project in try tx.projects.all() {
          let days = try policies.policy(of: project).policy.retention.requestsDays
          first[project.id] = today - Int64(days)
        }
        let before = first.values.min() ?? today - Int64(RetentionRules().requestsDays)
        return (before, first.filter { $0.value > before })
      }
    } catch {
      throw problem(error)
    }
  }
}
