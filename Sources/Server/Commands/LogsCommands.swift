// logs list, tail and export: an account's request records in pages, as they come, and as a file.
internal import KeyModel
internal import Synchronization

enum LogsCommands {
  static let all = [list.command, tail, export, unowned.command]

  private static let account = Argument(name: "ACCOUNT", summary: "acc_…")
  private static let range = [
    Flag(name: "from", placeholder: "TIME", summary: "from this time on, RFC 3339"),
    Flag(name: "to", placeholder: "TIME", summary: "before this time"),
  ]
  private static let filters = [
    Flag(name: "status", placeholder: "STATUS", summary: "404, or a class: 4xx"),
    Flag(name: "key", placeholder: "KEY", summary: "only calls with this key"),
    Flag(name: "brand", placeholder: "BRAND", summary: "only calls of this brand"),
    Flag(name: "method", placeholder: "METHOD", summary: "only calls with this method"),
    Flag(name: "path", placeholder: "PREFIX", summary: "only paths that begin so"),
    Flag(name: "denial", placeholder: "CODE", summary: "only calls refused with this code"),
  ]
  private static let rangeFields: [Field] = [.query("from"), .query("to")]
  private static let filterFields: [Field] = [
    .query("status"), .query("key", "key_id"), .query("brand"), .query("method"),
    .query("path", "path_prefix"), .query("denial"),
  ]
  private static let columns = [
    "time", "status", "method", "path", "key_id", "brand", "latency_ms", "denial", "how_to_fix",
  ]

  static let list = ResourceCommand(
    path: ["logs", "list"], summary: "List an account's calls, newest first", method: "GET",
    route: "/v1/accounts/{ACCOUNT}/requests", arguments: [account], flags: range + filters,
    fields: rangeFields + filterFields, columns: columns,
    examples: [
      Example(line: "latchkey logs list acc_… --status 4xx", says: "what was refused, and why"),
      Example(
        line: "latchkey logs list acc_… --from 2026-11-21T00:00:00Z --path /v1/orders",
        says: "one day's calls of one route"),
    ])

  static let unowned = ResourceCommand(
    path: ["projects", "requests"],
    summary: "List calls whose credential named no account, newest first", method: "GET",
    route: "/v1/projects/{SLUG}/requests",
    arguments: [Argument(name: "SLUG", summary: "the project")],
    flags: range + filters, fields: rangeFields + filterFields,
    columns: ["time", "status", "method", "path", "address", "denial", "how_to_fix"],
    examples: [
      Example(
        line: "latchkey projects requests orders --denial not_found", says: "who tries keys")
    ])

  static let export = Command(
    path: ["logs", "export"], summary: "Write all of an account's calls to standard output",
    arguments: [account],
    flags: range + filters + [
      Flag(
        name: "format", placeholder: "FORMAT", summary: "(ndjson)", choices: ["ndjson", "csv"])
    ], settings: Setting.client,
    examples: [
      Example(
        line: "latchkey logs export acc_… --from 2026-11-01T00:00:00Z --format csv > november.csv",
        says: "a month for a spreadsheet")
    ]
  ) { invocation in
    let format = invocation.flag("format") ?? "ndjson"
    let terms =
      query(rangeFields + filterFields, invocation) + ["format=\(URLText.escape(format))"]
    let place = target(invocation, "/requests", terms)
    try await Connection.with(invocation) { client in
      let surroundings = invocation.surroundings
      let accept = format == "csv" ? "text/csv" : "application/x-ndjson"
      let lines = WholeLines()
      let refused = try await client.stream(place, headers: ["Accept": accept]) { piece in
        surroundings.write(lines.take(piece))
        return true
      }
      if let refused { _ = try APIAnswer.success(refused) }
    }
  }

  static let tail = Command(
    path: ["logs", "tail"], summary: "Show an account's newest calls, and new ones as they end",
    arguments: [account],
    flags: [
      Flag(
        name: "follow", placeholder: nil, summary: "go on until interrupted", short: "f"),
      Flag(name: "lines", placeholder: "N", summary: "calls to begin with (10)", short: "n"),
    ] + filters + [ResourceCommand.json], settings: Setting.client,
    examples: [
      Example(line: "latchkey logs tail acc_… -f --status 5xx", says: "wait for the next failure")
    ]
  ) { invocation in
    try await Connection.with(invocation) { client in
      let follower = LogFollower(invocation: invocation, client: client)
      try await follower.showNewest(query(filterFields, invocation))
      if invocation.has("follow") { try await follower.follow(query(filterFields, invocation)) }
    }
  }

  private static func query(_ fields: [Field], _ invocation: Invocation) -> [String] {
    fields.compactMap { field in
      invocation.flag(field.source).map { "\(field.member)=\(URLText.escape($0))" }
    }
  }

  static func target(_ invocation: Invocation, _ rest: String, _ query: [String]) -> String {
    "/v1/accounts/\(URLText.escape(invocation.argument("ACCOUNT") ?? ""))\(rest)"
      + (query.isEmpty ? "" : "?" + query.joined(separator: "&"))
  }
}

/// A piece may end inside a character; lines do not.
private final class WholeLines: Sendable {
  private let part = Mutex<[UInt8]>([])

  /// The lines that this piece completes, as text; the rest waits for the next.
  func take(_ piece: [UInt8]) -> String {
    part.withLock { part in
      part += piece
      guard let end = part.lastIndex(of: 10) else { return "" }
      defer { part.removeFirst(end + 1) }
      return String(decoding: part[...end], as: UTF8.self)
    }
  }
}

/// What `logs tail` does: a page, turned round, then the stream, taken up again where it was cut.
private struct LogFollower: Sendable {
  let invocation: Invocation
  let client: HTTPClient
  private let last = LastEvent()

  init(invocation: Invocation, client: HTTPClient) {
    self.invocation = invocation
    self.client = client
  }

  func showNewest(_ query: [String]) async throws {
    let lines = invocation.flag("lines") ?? "10"
    guard let count = Int(lines), (0...200).contains(count) else {
      throw ToolError(.usage, "--lines: want a number from 0 to 200, not \"\(lines)\"")
    }
    let target = LogsCommands.target(
      invocation, "/requests", query + ["limit=\(max(1, count))"])
    let page = try APIAnswer.success(try await client.send("GET", target))
    let rows = page?["data"]?.array ?? []
    if let newest = rows.first?["id"]?.string { last.id.withLock { $0 = newest } }
    for row in rows.prefix(count).reversed() { show(row, invocation) }
  }

  func follow(_ query: [String]) async throws {
    let target = LogsCommands.target(invocation, "/requests/stream", query)
    while true {
      do throws(ToolError) {
        let last = last
        var headers = ["Accept": "text/event-stream"]
        headers["Last-Event-ID"] = last.id.withLock { $0 }
        let invocation = invocation
        let refused = try await client.stream(target, headers: headers) { piece in
          for event in last.take(piece) { show(event, invocation) }
          return true
        }
        if let refused { _ = try APIAnswer.success(refused) }
      } catch {
        guard error.exit == .unreachable else { throw error }
        invocation.surroundings.errorLine("\(error); trying again")
      }
      last.forgetPart()
      try await Task.sleep(for: .seconds(1))
    }
  }

  private func show(_ event: (name: String, data: String), _ invocation: Invocation) {
    guard let value = try? JSONReader.read(Array(event.data.utf8)) else { return }
    if event.name == "lost" {
      let count = value["lost"]?.integer.map { "\($0) calls were" } ?? "Some calls were"
      return invocation.surroundings.errorLine("\(count) not shown: see latchkey logs list")
    }
    show(value, invocation)
  }

  private func show(_ row: JSONValue, _ invocation: Invocation) {
    if invocation.has("json") {
      return invocation.surroundings.line(JSONWriter.compactText(row))
    }
    let words = ["time", "status", "method", "path", "key_id", "latency_ms"].map {
      Rendering.cell(row[$0])
    }
    let reason = row["denial"]?.string.map { "  \($0): \(Rendering.cell(row["how_to_fix"]))" }
    invocation.surroundings.line(words.joined(separator: "  ") + Rendering.printable(reason ?? ""))
  }
}

/// Where a stream of events stands: the id of the last whole event, and the bytes of the next.
private final class LastEvent: Sendable {
  let id = Mutex<String?>(nil)
  private let part = Mutex<[UInt8]>([])

  /// A stream that is begun again begins with a whole event.
  func forgetPart() { part.withLock { $0 = [] } }

  /// The events that this piece completes.
  func take(_ piece: [UInt8]) -> [(name: String, data: String)] {
    part.withLock { part in
      part += piece
      var events: [(name: String, data: String)] = []
      while let end = Self.endOfEvent(part) {
        let lines = String(decoding: part[..<end], as: UTF8.self).split(separator: "\n")
        part.removeFirst(end + 2)
        func field(_ name: String) -> String? {
          lines.first { $0.hasPrefix(name + ": ") }.map { String($0.dropFirst(name.count + 2)) }
        }
        if let id = field("id") { self.id.withLock { $0 = id } }
        if let data = field("data") { events.append((field("event") ?? "message", data)) }
      }
      return events
    }
  }

  private static func endOfEvent(_ bytes: [UInt8]) -> Int? {
    bytes.indices.dropLast().first { bytes[$0] == 10 && bytes[$0 + 1] == 10 }
  }
}
