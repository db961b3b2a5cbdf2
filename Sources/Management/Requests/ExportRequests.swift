// All records of a range as one answer: newline-delimited JSON or CSV, newest first, made page by
// page while it is sent, so that its size does not matter.
package import KeyModel
internal import Storage

package enum ExportFormat: String, Sendable, CaseIterable {
  case ndjson
  case csv

  package var contentType: String {
    switch self {
    case .ndjson: "application/x-ndjson"
    case .csv: "text/csv; charset=utf-8"
    }
  }

  fileprivate var head: [UInt8] {
    switch self {
    case .ndjson: []
    case .csv: CSV.line(Represent.requestColumns)
    }
  }

  fileprivate func line(_ record: JSONObject) -> [UInt8] {
    switch self {
    case .ndjson: JSONWriter.compact(.object(record)) + [0x0A]
    case .csv: CSV.line(Represent.requestColumns.map { CSV.text(record[$0]) })
    }
  }
}

extension UseCases {
  package func exportRequests(
    of id: AccountID, _ filter: RecordFilter, as format: ExportFormat, by principal: Principal
  ) async throws(Problem) -> Answer {
    _ = try await read(.listRequests, by: principal) { try $0.account(id).id }
    return export(.account(id), filter, format)
  }

  package func exportProjectRequests(
    of slug: String, _ filter: RecordFilter, as format: ExportFormat, by principal: Principal
  ) async throws(Problem) -> Answer {
    let id = try await read(.listProjectRequests, by: principal) {
      try $0.project(slug: slug).id
    }
    return export(.project(id), filter, format)
  }

  private static var rowsPerPage: Int { 500 }

  private func export(
    _ owner: RecordOwner, _ filter: RecordFilter, _ format: ExportFormat
  ) -> Answer {
    // Calls that begin meanwhile are not part of it: else it might never end.
    var filter = filter
    let now = clock.now().adding(seconds: 1)
    filter.to = filter.to.map { min($0, now) } ?? now
    let query = RecordQuery(owner: owner, filter: filter, limit: Self.rowsPerPage)
    var answer = Answer(200)
    answer.stream = AnswerStream(format.contentType, fileName: "requests.\(format.rawValue)") {
      [self] sink in await write(query, format, to: sink)
    }
    return answer
  }

  /// False where the log could not be read to its end: the client must not take it for whole.
  private func write(
    _ query: RecordQuery, _ format: ExportFormat, to sink: any AnswerSink
  ) async -> Bool {
    var query = query
    var isFirst = true
    if !format.head.isEmpty, await !sink.write(format.head) { return true }
    while true {
      let page: RecordPage
      do {
        page = try await isFirst ? requests.page(query) : requests.nextPage(query)
      } catch {
        _ = problem(error)
        return false
      }
      isFirst = false
      let lines = page.records.flatMap { format.line(represent($0)) }
      if !lines.isEmpty, await !sink.write(lines) { return true }
      guard let next = page.next else { return true }
      query.before = next
    }
  }
}
