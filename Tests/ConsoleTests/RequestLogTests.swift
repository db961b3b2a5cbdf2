// Asking for request records: what is refused and where, which form the answer has, and that cells
// of a table cannot become formulas.
import HTTPServer
import KeyModel
import Testing

@testable import Console
@testable import Management

/// A log of a few records, to be paged through; hands out tails that a test fills.
private final class ListedLog: RequestLog {
  let records: [RequestRecord]
  let tail: [RequestTail.Event]
  init(_ records: [RequestRecord] = [], tail: [RequestTail.Event] = []) {
    self.records = records.sorted { $0.id > $1.id }
    self.tail = tail
  }

  func page(_ query: RecordQuery) async throws -> RecordPage { try await nextPage(query) }
  func nextPage(_ query: RecordQuery) async throws -> RecordPage {
    let all = records.filter { query.before == nil || $0.id < query.before! }
    let shown = Array(all.prefix(query.limit))
    return RecordPage(records: shown, next: all.count > shown.count ? shown.last?.id : nil)
  }
  var dropped: Int64 { 3 }
  func listen(_ owner: RecordOwner, _ filter: RecordFilter) -> RequestTail? {
    let tail = tail
    return RequestTail(
      events: AsyncStream { continuation in
        for event in tail { continuation.yield(event) }
        continuation.finish()
      }, end: {})
  }
  func address(_ high: UInt64, _ low: UInt64) -> String { low == 0 ? "" : "192.0.2.\(low)" }
}

@Suite("The request log over the management API")
struct RequestLogTests {
  private static func record(
    _ second: Int64, path: String = "/v1/a", agent: String = "", status: UInt16 = 200,
    denial: DecisionCode = .valid
  ) -> RequestRecord {
    let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: 1024, alignment: 8)
    defer { bytes.deallocate() }
    let time = Timestamp(seconds: 1_795_255_000 + second)
    return Array(path.utf8).withUnsafeBytes { path in
      Array(agent.utf8).withUnsafeBytes { agent in
        Array("GET".utf8).withUnsafeBytes { method in
          var fields = RecordFields()
          fields.id = RequestID(now: time, random: 7).bits
          fields.time = time
          (fields.path, fields.userAgent, fields.method) = (path, agent, method)
          (fields.status, fields.denial, fields.latency) = (status, denial, 1500)
          fields.addressLow = 9
          let count = fields.write(to: bytes)
          let packed = PackedRecord(UnsafeRawBufferPointer(rebasing: bytes[..<count]))
          return packed.map { RequestRecord($0) }!
        }
      }
    }
  }

  private static func site(_ log: ListedLog) async throws -> (Site, String) {
    let site = try await Site(requests: log)
    try await site.project("demo")
    return (site, try await site.account("demo"))
  }

  @Test(
    "each parameter that is not right is pointed at",
    arguments: [
      ("status=99", "status"), ("status=6xx", "status"), ("status=4x", "status"),
      ("key_id=acc_1", "key_id"), ("from=yesterday", "from"), ("to=1", "to"),
      ("path_prefix=v1", "path_prefix"), ("method=G%20T", "method"), ("denial=valid", "denial"),
      ("denial=nonsense", "denial"), ("limit=0", "limit"), ("cursor=x", "cursor"),
      ("format=xml", "format"), ("format=csv&limit=5", "limit"), ("brand=", "brand"),
      ("from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z", "to"), ("colour=red", "colour"),
    ])
  func refused(query: String, parameter: String) async throws {
    let (site, account) = try await Self.site(ListedLog())
    for path in ["accounts/\(account)", "projects/demo"] {
      let reply = await site.ask("GET", "/v1/\(path)/requests?\(query)")
      #expect(reply.status == 400 && reply.parameters == [parameter], "\(path) \(reply.body)")
    }
  }

  @Test("a page has the contract's members, the reason of a refusal, and goes on by its cursor")
  func pages() async throws {
    let denied = Self.record(2, agent: "shop/1", status: 401, denial: .revoked)
    let (site, account) = try await Self.site(
      ListedLog([Self.record(0), Self.record(1), denied]))
    let first = await site.ask("GET", "/v1/accounts/\(account)/requests?limit=2&status=4XX")
    #expect(first.status == 200 && first.body["dropped"] == 3)
    let newest = try #require(first.body["data"]?.array?.first)
    #expect(newest["denial"] == "revoked" && newest["how_to_fix"]?.string == denied.denial?.remedy)
    #expect(newest["latency_ms"] == .decimal(1.5) && newest["upstream_latency_ms"] == .null)
    #expect(newest["address"] == "192.0.2.9" && newest["user_agent"] == "shop/1")
    #expect(newest["brand"] == .null && newest["key_id"] == .null && newest["path"] == "/v1/a")
    let cursor = try first.text("next_cursor")
    let second = await site.ask("GET", "/v1/accounts/\(account)/requests?limit=2&cursor=\(cursor)")
    #expect(second.body["data"]?.array?.count == 1 && second.body["next_cursor"] == .null)
  }

  @Test("an export has all records in one answer, chosen by the query or by Accept")
  func exports() async throws {
    let records = (0..<1200).map { Self.record($0, path: $0 == 0 ? "/=1+1" : "/v1/a") }
    let (site, account) = try await Self.site(ListedLog(records))
    func export(_ query: String, accept: String) async -> (type: String?, lines: [Substring]) {
      let request = ConsoleRequest(
        method: "GET", path: "/v1/accounts/\(account)/requests", query: query,
        fields: [.init("authorization", "Bearer " + site.token), .init("accept", accept)])
      let response = await site.api.respond(to: request)
      let type = response.headers.first { $0.name == "Content-Type" }?.value
      return (type, String(decoding: response.body, as: UTF8.self).split { $0.isNewline })
    }
    for (query, accept) in [("", "text/html, application/x-ndjson;q=0.9"), ("format=ndjson", "")] {
      let (type, lines) = await export(query, accept: accept)
      #expect(type == "application/x-ndjson" && lines.count == 1200)
      #expect(try JSONReader.read(Array((lines.last ?? "").utf8))["path"] == "/=1+1")
    }
    for (query, accept) in [("", "text/csv"), ("format=csv", "application/json")] {
      let (type, lines) = await export(query, accept: accept)
      #expect(type == "text/csv; charset=utf-8" && lines.count == 1201)
      #expect(lines.first?.hasPrefix("id,time,key_id,version_id,account_id,") == true)
    }
    for (query, accept) in [
      ("format=json", "text/csv"), ("", "application/json, application/x-ndjson, text/csv"),
      ("", "text/csv;q=0.5, */*"), ("", "text/csv;q=0"),
    ] {
      #expect(await export(query, accept: accept).type == "application/json", "\(accept)")
    }
  }

  @Test("cells that a spreadsheet would take for a formula begin with a quote")
  func cells() {
    for text in ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"] {
      let cell = CSV.cell(text)
      #expect(cell.hasPrefix("'") || cell.hasPrefix("\"'"), "\(text.debugDescription)")
    }
    #expect(CSV.cell("a,b") == "\"a,b\"" && CSV.cell("a\"b") == "\"a\"\"b\"")
    #expect(CSV.cell("plain /path?") == "plain /path?")
    #expect(String(decoding: CSV.line(["a", "=b,c"]), as: UTF8.self) == "a,\"'=b,c\"\r\n")
  }

  @Test("a stream begins after the last event that was seen, says what it lost, and ends in order")
  func stream() async throws {
    let records = (0..<5).map { Self.record($0, path: "/\($0)") }
    let later = Self.record(9, path: "/9")
    let log = ListedLog(records, tail: [.record(records[4]), .lost(2), .record(later), .quiet])
    let (site, account) = try await Self.site(log)
    func stream(_ last: String?) async -> (status: Int, text: String) {
      var fields: [ConsoleRequest.Field] = [.init("authorization", "Bearer " + site.token)]
      if let last { fields.append(.init("last-event-id", last)) }
      let response = await site.api.respond(
        to: ConsoleRequest(
          method: "GET", path: "/v1/accounts/\(account)/requests/stream", fields: fields))
      return (response.status, String(decoding: response.body, as: UTF8.self))
    }
    let resumed = await stream(records[2].id.description)
    let ids = resumed.text.split(separator: "\n").filter { $0.hasPrefix("id: ") }
    #expect(
      ids.map { String($0.dropFirst(4)) }
        == [records[3], records[4], later].map(\.id.description))
    #expect(resumed.text.contains("event: lost\ndata: {\"lost\":2}\n\n"))
    #expect(resumed.text.contains("\n: quiet\n\n"))
    #expect(await stream("nonsense").status == 400)
    let fresh = await stream(nil)
    #expect(fresh.status == 200 && !fresh.text.contains("\"/3\""))
    #expect(fresh.text.contains("\"/4\""))
  }
}
