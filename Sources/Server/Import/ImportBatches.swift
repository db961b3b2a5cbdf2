// Rows put together to requests, and their way to the server and back.
internal import KeyModel
internal import Management

struct ImportBatchOfRows: Sendable {
  var rows: [ImportRecord] = []
  /// Rows among them that could not be read.
  var faults: [RowFault] = []
  var isEmpty: Bool { rows.isEmpty && faults.isEmpty }
}

struct ImportBatches {
  private var rows: any RowReader
  /// A row that had no room in the batch before.
  private var left: ImportRecord?
  /// The server takes 1 MiB; the rest is for what stands around the rows.
  private static let byteLimit = 1_000_000

  init(rows: any RowReader) { self.rows = rows }

  /// Nil at the end. What ends the reading early is given with the rows before it.
  mutating func next() -> (ImportBatchOfRows?, (any Error)?) {
    var batch = ImportBatchOfRows()
    var size = 0
    while batch.rows.count + batch.faults.count < KeyImport.rowLimit {
      do {
        guard let row = try left ?? rows.next() else { break }
        left = nil
        size += row.json.count + 1
        if size > Self.byteLimit {
          left = row
          break
        }
        batch.rows.append(row)
      } catch let fault as RowFault {
        batch.faults.append(fault)
      } catch {
        return (batch.isEmpty ? nil : batch, error)
      }
    }
    return (batch.isEmpty ? nil : batch, nil)
  }
}

struct ImportSender: Sendable {
  let plan: ImportPlan
  let client: HTTPClient
  /// A store that cannot be written for a moment is asked again, this often, a second apart.
  private static let attempts = 5

  func send(_ batch: ImportBatchOfRows, number: Int) async throws -> ImportOutcome {
    var outcome = ImportOutcome(
      number: number, rows: batch.rows.count + batch.faults.count, answer: .null,
      faults: batch.faults)
    if batch.rows.isEmpty { return outcome }
    let body = plan.body(batch.rows)
    outcome.answer = try await ask(body)
    let refusals = outcome.answer["refusals"]?.array ?? []
    outcome.faults += refusals.compactMap { Self.fault($0, batch.rows) }
    outcome.faults.sort { $0.line < $1.line }
    return outcome
  }

  private func ask(_ body: [UInt8]) async throws -> JSONValue {
    let target = "/v1/projects/\(URLText.escape(plan.project))/keys/import"
    var answer = try await client.send("POST", target, body: body)
    for _ in 1..<Self.attempts where answer.status == 503 {
      try await Task.sleep(for: .seconds(1))
      answer = try await client.send("POST", target, body: body)
    }
    return try APIAnswer.success(answer) ?? .null
  }

  private static func fault(_ refusal: JSONValue, _ rows: [ImportRecord]) -> RowFault? {
    guard let index = refusal["index"]?.integer, rows.indices.contains(Int(index)) else {
      return nil
    }
    let field = refusal["pointer"]?.string?.split(separator: "/").dropFirst(2).joined(
      separator: "/")
    let detail = refusal["detail"]?.string ?? ""
    var fault = RowFault(
      line: rows[Int(index)].line, code: refusal["code"]?.string ?? "",
      detail.hasPrefix("/") ? detail : (field.map { "\($0): " } ?? "") + detail)
    fault.keyID = refusal["key_id"]?.string
    return fault
  }
}
