// Routes of the request log. What a record is, is in KeyModel; what is read, in Management.
internal import KeyModel
internal import Management

extension RouteTable {
  static let requests: [Route] = [
    .operation(
      .get, "/v1/accounts/{account}/requests", .listRequests,
      "List an account's request records, newest first; or export all of them", tag: "Requests",
      query: pageParameters + requestFilters + [exportFormat], output: "RequestList"
    ) { management, call throws(Problem) in
      let account: AccountID = try call.id("account")
      let (filter, page) = try filterAndPage(call)
      if let format = try exportFormat(call) {
        return try await management.exportRequests(
          of: account, filter, as: format, by: call.principal)
      }
      return try await management.listRequests(of: account, filter, page, by: call.principal)
    },
    .operation(
      .get, "/v1/accounts/{account}/requests/stream", .streamRequests,
      "Follow an account's request records as server-sent events", tag: "Requests",
      query: requestFilters.filter { $0.name != "from" && $0.name != "to" },
      output: "EventStream", refusals: [.tooManyStreams]
    ) { management, call throws(Problem) in
      let (filter, _) = try filterAndPage(call)
      return try await management.followRequests(
        of: try call.id("account"), filter, after: try lastEvent(call), by: call.principal)
    },
    .operation(
      .get, "/v1/projects/{slug}/requests", .listProjectRequests,
      "List a project's request records of calls whose credential named no account",
      tag: "Requests", query: pageParameters + requestFilters + [exportFormat],
      output: "RequestList"
    ) { management, call throws(Problem) in
      let (filter, page) = try filterAndPage(call)
      if let format = try exportFormat(call) {
        return try await management.exportProjectRequests(
          of: call.text("slug"), filter, as: format, by: call.principal)
      }
      return try await management.listProjectRequests(
        of: call.text("slug"), filter, page, by: call.principal)
    },
  ]

  private static let denials = DecisionCode.allCases.filter { $0 != .valid }

  private static let requestFilters = [
    timeParameter("from", "Calls that began at this time or later."),
    timeParameter("to", "Calls that began before this time."),
    QueryParameter(
      name: "status", about: "A status, `404`, or a class of them, `4xx`.",
      schema: ["type": "string", "pattern": "^[1-5]([0-9]{2}|xx|XX)$"]),
    QueryParameter(
      name: "brand", about: "Only calls of this brand.",
      schema: ["type": "string", "minLength": 1, "maxLength": 128]),
    QueryParameter(
      name: "key_id", about: "Only calls with this key.", schema: Schema.id("key")),
    QueryParameter(
      name: "method", about: "Only calls with this method, `GET`.", schema: Schema.text(32)),
    QueryParameter(
      name: "path_prefix", about: "Only calls whose path begins so.",
      schema: ["type": "string", "pattern": "^/", "maxLength": 2048]),
    QueryParameter(
      name: "denial", about: "Only calls that were refused with this code.",
      schema: Schema.choice(denials.map(\.name))),
  ]

  private static let exportFormat = QueryParameter(
    name: "format",
    about: "`ndjson` or `csv`: all records of the range as one answer, as with the same in Accept.",
    schema: ["type": "string", "enum": ["json", "ndjson", "csv"]])

  private static func filterAndPage(
    _ call: Call
  ) throws(Problem) -> (RecordFilter, PageRequest) {
    var findings: [Problem.Finding] = []
    var filter = RecordFilter()
    filter.from = call.query.time("from", &findings)
    filter.to = call.query.time("to", &findings)
    filter.status = call.query.reading(
      "status", "must be a status like 404 or a class like 4xx", &findings
    ) { StatusFilter($0) }
    filter.brand = call.query.reading("brand", "must have 1 to 128 bytes", &findings) {
      (1...RecordLayout.labelLimit).contains($0.utf8.count) ? $0 : nil
    }
    filter.key = call.query.id("key_id", KeyTag.self, &findings)
    filter.method = call.query.reading("method", "must be an HTTP method", &findings) {
      let isMethod = (1...32).contains($0.utf8.count) && ByteSet.headerName.holds($0)
      return isMethod ? $0.uppercased() : nil
    }
    filter.pathPrefix = call.query.reading(
      "path_prefix", "must begin with a slash and have at most 2048 bytes", &findings
    ) { $0.hasPrefix("/") && $0.utf8.count <= RecordLayout.pathLimit ? $0 : nil }
    filter.denial = call.query.choice("denial", denials.map { ($0.name, $0) }, &findings)
    if let from = filter.from, let to = filter.to, to < from {
      findings.append(.init(parameter: "to", "must not be before from"))
    }
    let page = call.query.page(&findings)
    guard findings.isEmpty else { throw .invalid(findings) }
    return (filter, page)
  }

  /// The query's word goes before the header's. Nil: a page.
  private static func exportFormat(_ call: Call) throws(Problem) -> ExportFormat? {
    var findings: [Problem.Finding] = []
    let named: ExportFormat?? = call.query.choice(
      "format", [("json", nil), ("ndjson", .ndjson), ("csv", .csv)], &findings)
    let format = named ?? preferredFormat(call)
    if format != nil {
      for name in ["limit", "cursor"] where call.query.text(name) != nil {
        findings.append(.init(parameter: name, "is for pages: an export has all of the range"))
      }
    }
    guard findings.isEmpty else { throw .invalid(findings) }
    return format
  }

  private static func preferredFormat(_ call: Call) -> ExportFormat? {
    switch call.preferred(of: ["application/json", "*/*", "application/x-ndjson", "text/csv"]) {
    case "application/x-ndjson": .ndjson
    case "text/csv": .csv
    default: nil
    }
  }

  private static func lastEvent(_ call: Call) throws(Problem) -> RequestID? {
    guard let text = call.lastEventID, !text.isEmpty else { return nil }
    guard let id = RequestID(text) else {
      throw Problem(.malformedRequest, "Last-Event-ID must be the id of an event of this stream.")
    }
    return id
  }
}
