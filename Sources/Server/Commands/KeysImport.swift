// keys import: takes over keys from elsewhere. Reads a file row by row and sends it in batches;
// what may come in is decided by the server.
internal import KeyModel

enum KeysImport {
  static let command = Command(
    path: ["keys", "import"],
    summary: "Take over keys from elsewhere, by SHA-256 or by secret; 5 where rows were refused",
    flags: [
      Flag(
        name: "project", placeholder: "SLUG", summary: "the project's slug", required: true),
      Flag(
        name: "file", placeholder: "FILE", summary: "the rows; - is standard input",
        required: true, short: "f"),
      Flag(
        name: "format", placeholder: "FORMAT", summary: "(by the file's ending)",
        choices: ["csv", "ndjson"]),
      Flag(
        name: "account", placeholder: "ACCOUNT", summary: "acc_…: of rows that name no account"),
      Flag(
        name: "environment", placeholder: "NAME", summary: "of rows that name none"),
      Flag(
        name: "column", placeholder: "NAME=FIELD",
        summary: "what a CSV column stands for; NAME=- leaves it out", repeatable: true),
      Flag(
        name: "create-missing", placeholder: nil,
        summary: "make accounts and applications that are not there"),
      Flag(
        name: "ignore-limits", placeholder: nil, summary: "also beyond the policy's limits"),
      Flag(name: "dry-run", placeholder: nil, summary: "judge all rows, keep nothing"),
      Flag(
        name: "report", placeholder: "FILE",
        summary: "write each row that was not taken, as a line of JSON with line, code, detail"),
      ResourceCommand.json,
    ],
    settings: Setting.client,
    examples: [
      Example(
        line: "latchkey keys import --project orders --file keys.csv --dry-run --data DIR",
        says: "what would be refused, and why"),
      Example(
        line: "latchkey keys import --project orders --file keys.csv --create-missing "
          + "--report refused.ndjson --data DIR",
        says: "take the keys over; run it again to go on where it stopped"),
    ]
  ) { invocation in
    let plan = try ImportPlan(invocation)
    let source = try ByteSource(plan.file)
    defer { source.close() }
    let report = try plan.report.map { path throws(ToolError) in try ImportReport(path) }
    defer { report?.close() }
    let rows: any RowReader =
      switch plan.format {
      case .csv: try CSVRows(source, renamed: plan.renamed)
      case .ndjson: try NDJSONRows(source)
      }
    try await Connection.with(invocation) { client in
      var run = ImportRun(
        plan: plan, client: client, surroundings: invocation.surroundings, report: report)
      try await run.run(rows)
    }
  }
}

/// What the command line asks for.
struct ImportPlan: Sendable {
  enum Format: String, Sendable { case csv, ndjson }

  let project: String
  let file: String
  let format: Format
  let report: String?
  let renamed: [String: String]
  let isDryRun: Bool
  let asJSON: Bool
  /// What stands in each request beside its rows.
  let head: [UInt8]

  init(_ invocation: Invocation) throws(ToolError) {
    project = invocation.flag("project") ?? ""
    file = invocation.flag("file") ?? "-"
    format = try Self.format(invocation.flag("format"), file)
    report = invocation.flag("report")
    isDryRun = invocation.has("dry-run")
    asJSON = invocation.has("json")
    var renamed: [String: String] = [:]
    for text in invocation.list("column") {
      let words = text.split(separator: "=", maxSplits: 1).map(String.init)
      guard words.count == 2 else {
        throw ToolError(.usage, "--column: want NAME=FIELD, not \"\(text)\"")
      }
      renamed[ImportColumn.normalized(words[0])] = words[1]
    }
    self.renamed = renamed
    var head = JSONObject()
    head["account_id"] = invocation.flag("account").map { .string($0) }
    head["environment"] = invocation.flag("environment").map { .string($0) }
    for (flag, member) in [
      ("dry-run", "dry_run"), ("create-missing", "create_missing"),
      ("ignore-limits", "ignore_limits"),
    ] where invocation.has(flag) { head[member] = true }
    self.head = JSONWriter.compact(.object(head)).dropLast() + []
  }

  private static func format(_ given: String?, _ file: String) throws(ToolError) -> Format {
    if let given {
      guard let format = Format(rawValue: given) else {
        throw ToolError(.usage, "--format: want csv or ndjson, not \"\(given)\"")
      }
      return format
    }
    if file.hasSuffix(".csv") { return .csv }
    if file.hasSuffix(".ndjson") || file.hasSuffix(".jsonl") { return .ndjson }
    throw ToolError(.usage, "say what \(file) is: --format csv or --format ndjson")
  }

  /// The body of one request.
  func body(_ rows: [ImportRecord]) -> [UInt8] {
    var body = head
    body.reserveCapacity(head.count + 16 + rows.reduce(0) { $0 + $1.json.count + 1 })
    if body.count > 1 { body.append(UInt8(ascii: ",")) }
    body += #""keys":["#.utf8
    for (at, row) in rows.enumerated() {
      if at > 0 { body.append(UInt8(ascii: ",")) }
      body += row.json
    }
    body += "]}".utf8
    return body
  }
}
