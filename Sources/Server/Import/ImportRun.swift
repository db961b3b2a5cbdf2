// An import from its first row to its last: batches on their way to the server, a few at a time,
// and what became of them, in the order of the file.
internal import KeyModel

struct ImportRun {
  let plan: ImportPlan
  let client: HTTPClient
  let surroundings: Surroundings
  let report: ImportReport?

  private var counts = ImportCounts()
  private var shown: [RowFault] = []
  private var next = 0
  private var waiting: [Int: ImportOutcome] = [:]
  private var progress: ImportProgress

  /// Requests in flight. The server commits together what waits: the more rows a commit has, the
  /// fewer times it writes the same page, and the longer others wait for theirs.
  private static let width = 8
  /// Refused rows that are shown where there is no report.
  private static let shownFaults = 20

  init(
    plan: ImportPlan, client: HTTPClient, surroundings: Surroundings, report: ImportReport?
  ) {
    self.plan = plan
    self.client = client
    self.surroundings = surroundings
    self.report = report
    progress = ImportProgress(surroundings)
  }

  mutating func run(_ rows: any RowReader) async throws {
    do {
      try await sendAll(rows)
    } catch {
      say()
      surroundings.errorLine("stopped: run it again to go on; what is in is reported as such")
      throw error
    }
    say()
    if counts.refused > 0 {
      throw ToolError(
        .refused,
        (counts.refused == 1 ? "1 row was refused" : "\(counts.refused) rows were refused")
          + (plan.report.map { ": see \($0)" } ?? ""))
    }
  }

  private mutating func sendAll(_ given: any RowReader) async throws {
    var batches = ImportBatches(rows: given)
    let sender = ImportSender(plan: plan, client: client)
    var failure: (any Error)?
    try await withThrowingTaskGroup(of: ImportOutcome.self) { group in
      var (sent, inFlight) = (0, 0)
      while failure == nil {
        let batch: ImportBatchOfRows?
        (batch, failure) = batches.next()
        guard let batch else { break }
        if inFlight == Self.width, let outcome = try await group.next() {
          inFlight -= 1
          try settle(outcome)
        }
        let number = sent
        group.addTask { try await sender.send(batch, number: number) }
        sent += 1
        inFlight += 1
      }
      while let outcome = try await group.next() { try settle(outcome) }
    }
    if let failure { throw failure }
  }

  /// Outcomes are counted as they come and told in the order of the file.
  private mutating func settle(_ outcome: ImportOutcome) throws {
    counts.add(outcome)
    waiting[outcome.number] = outcome
    while let ready = waiting.removeValue(forKey: next) {
      next += 1
      try report?.write(ready.faults)
      let refused = ready.faults.filter { $0.code != ImportCode.alreadyImported.rawValue }
      shown += refused.prefix(max(0, Self.shownFaults - shown.count))
    }
    progress.show(counts)
  }

  private func say() {
    if report == nil {
      for fault in shown { surroundings.errorLine(Rendering.printable(fault.text)) }
      if counts.refused > shown.count {
        surroundings.errorLine("… all of them: --report FILE")
      }
    }
    let value = JSONValue.object(counts.json(isDryRun: plan.isDryRun, progress.seconds))
    surroundings.write(
      plan.asJSON ? JSONWriter.compactText(value) + "\n" : Rendering.text(value, columns: []))
    if plan.isDryRun { surroundings.errorLine("dry run: nothing was changed") }
  }
}

/// What became of one batch.
struct ImportOutcome: Sendable {
  var number: Int
  var rows: Int
  var answer: JSONValue
  /// In the order of the file.
  var faults: [RowFault]
}

struct ImportCounts: Sendable {
  private(set) var rows = 0
  private(set) var imported = 0
  private(set) var already = 0
  private(set) var refused = 0
  private(set) var accounts = 0
  private(set) var applications = 0

  mutating func add(_ outcome: ImportOutcome) {
    func count(_ name: String) -> Int { Int(outcome.answer[name]?.integer ?? 0) }
    rows += outcome.rows
    imported += count("imported")
    already += count("already_imported")
    refused += outcome.faults.filter { $0.code != ImportCode.alreadyImported.rawValue }.count
    accounts += count("accounts_created")
    applications += count("applications_created")
  }

  func json(isDryRun: Bool, _ seconds: Double) -> JSONObject {
    [
      "dry_run": .bool(isDryRun), "rows": .integer(Int64(rows)),
      "imported": .integer(Int64(imported)), "already_imported": .integer(Int64(already)),
      "refused": .integer(Int64(refused)), "accounts_created": .integer(Int64(accounts)),
      "applications_created": .integer(Int64(applications)),
      "seconds": .decimal((seconds * 1000).rounded() / 1000),
    ]
  }
}

/// A line on standard error once a second.
struct ImportProgress {
  private let surroundings: Surroundings
  private let start: Timestamp
  private var last: Timestamp

  init(_ surroundings: Surroundings) {
    self.surroundings = surroundings
    start = surroundings.now()
    last = start
  }

  var seconds: Double { Double(surroundings.now().microseconds - start.microseconds) / 1e6 }

  mutating func show(_ counts: ImportCounts) {
    let now = surroundings.now()
    guard now.microseconds - last.microseconds >= 1_000_000 else { return }
    last = now
    surroundings.errorLine(
      "\(counts.rows) rows: \(counts.imported) imported, \(counts.already) already there, "
        + "\(counts.refused) refused; \(Int(Double(counts.rows) / seconds)) rows a second")
  }
}
