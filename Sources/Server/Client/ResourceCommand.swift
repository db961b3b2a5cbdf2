// Commands that are one request of the management API: which flag goes to which member, and how
// the answer is shown. The server decides and validates; nothing is checked twice here.
internal import KeyModel

/// Where a flag's or an argument's value goes.
struct Field: Sendable {
  enum Form: Sendable { case text, integer, list, json, routes, switchOn }
  enum Place: Sendable { case body, query }

  let source: String
  let member: String
  var form: Form = .text
  var place: Place = .body
  /// What is sent without being asked for.
  var constant: JSONValue?

  static func body(_ source: String, _ member: String? = nil, _ form: Form = .text) -> Field {
    Field(source: source, member: member ?? source.replacing("-", with: "_"), form: form)
  }

  static func always(_ member: String, _ value: JSONValue) -> Field {
    Field(source: "", member: member, constant: value)
  }

  static func query(_ source: String, _ member: String? = nil) -> Field {
    Field(source: source, member: member ?? source.replacing("-", with: "_"), place: .query)
  }
}

struct ResourceCommand: Sendable {
  let path: [String]
  let summary: String
  let method: String
  /// `{NAME}` stands for the argument or required flag of that name.
  let route: String
  var arguments: [Argument] = []
  var flags: [Flag] = []
  var fields: [Field] = []
  /// For tables.
  var columns: [String] = []
  /// False for a list that comes whole.
  var isPaged = true
  /// Members beside the list that are said after the table.
  var facts: [String] = []
  /// Said on standard error after an answer without body.
  var done = "done"
  var examples: [Example] = []
  /// A member that says whether what was tried worked; where it did not, the exit code is 1.
  var verdict: String?

  static let json = Flag(name: "json", placeholder: nil, summary: "print the answer as JSON")
  static let paging = [
    Flag(name: "limit", placeholder: "N", summary: "rows a page, at most 200 (50)"),
    Flag(name: "cursor", placeholder: "CURSOR", summary: "from the page before"),
  ]

  var command: Command {
    let spec = self
    return Command(
      path: path, summary: summary, arguments: arguments,
      flags: flags + (takesPage ? Self.paging : []) + [Self.json], settings: Setting.client,
      examples: examples
    ) { invocation in
      try await Connection.with(invocation) { client in
        let answer = try await spec.send(invocation, client)
        try spec.show(answer, invocation)
      }
    }
  }

  private var takesPage: Bool { method == "GET" && !columns.isEmpty && isPaged }

  func send(
    _ invocation: Invocation, _ client: HTTPClient
  ) async throws(ToolError) -> HTTPAnswer {
    let paging = takesPage ? Self.paging.map { Field.query($0.name) } : []
    var body = JSONObject()
    var query: [String] = []
    for field in fields + paging {
      guard let value = try value(of: field, invocation) else { continue }
      switch field.place {
      case .body: body[field.member] = value
      case .query: query.append("\(field.member)=\(URLText.escape(Rendering.cell(value)))")
      }
    }
    let hasBody = method == "POST" || method == "PATCH" || method == "PUT"
    return try await client.send(
      method, target(invocation) + (query.isEmpty ? "" : "?" + query.joined(separator: "&")),
      body: hasBody ? JSONWriter.compact(.object(body)) : nil)
  }

  func show(_ answer: HTTPAnswer, _ invocation: Invocation) throws(ToolError) {
    let value = try APIAnswer.success(answer)
    guard let value else {
      if !invocation.has("json") { invocation.surroundings.errorLine(done) }
      return
    }
    if invocation.has("json") {
      invocation.surroundings.line(JSONWriter.compactText(value))
    } else {
      showForPeople(value, invocation)
    }
    if let verdict, value[verdict]?.bool == false {
      throw ToolError(.failure, "not \(verdict): \(Rendering.cell(value["reason"]))")
    }
  }

  private func showForPeople(_ value: JSONValue, _ invocation: Invocation) {
    invocation.surroundings.write(Rendering.text(value, columns: columns))
    let said = JSONObject(facts.compactMap { name in value[name].map { (name, $0) } })
    if !facts.isEmpty { invocation.surroundings.write("\n" + Rendering.list(said)) }
    if let cursor = value["next_cursor"]?.string {
      invocation.surroundings.errorLine("more rows: --cursor \(cursor)")
    }
  }

  private func target(_ invocation: Invocation) -> String {
    var target = route
    for (name, text) in invocation.arguments {
      target = target.replacing("{\(name)}", with: URLText.escape(text))
    }
    for (name, texts) in invocation.flags {
      target = target.replacing("{\(name)}", with: URLText.escape(texts.last ?? ""))
    }
    return target
  }

  private func value(
    of field: Field, _ invocation: Invocation
  ) throws(ToolError) -> JSONValue? {
    if let constant = field.constant { return constant }
    let texts = invocation.argument(field.source).map { [$0] } ?? invocation.list(field.source)
    guard let last = texts.last else { return nil }
    switch field.form {
    case .text: return .string(last)
    case .switchOn: return .bool(true)
    case .list:
      return .array(texts.flatMap { $0.split(separator: ",").map { .string(String($0)) } })
    case .integer:
      guard let number = Int64(last) else {
        throw ToolError(.usage, "--\(field.source): want a number, not \"\(last)\"")
      }
      return .integer(number)
    case .json: return try document(last, flag: field.source)
    case .routes:
      return .array(texts.map(RouteText.json))
    }
  }

  /// JSON as it stands, or from a file: `@policy.json`.
  private func document(_ text: String, flag: String) throws(ToolError) -> JSONValue {
    var bytes = Array(text.utf8)
    if text.hasPrefix("@") {
      do { bytes = try Files.read(String(text.dropFirst())) } catch {
        throw ToolError(.usage, "--\(flag): \(error)")
      }
    }
    do { return try JSONReader.read(bytes, comments: true) } catch {
      throw ToolError(.usage, "--\(flag): \(error)")
    }
  }
}

enum URLText {
  /// Everything but unreserved characters, percent-encoded.
  static func escape(_ text: String) -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    var out: [UInt8] = []
    for byte in text.utf8 {
      switch byte {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E: out.append(byte)
      default: out += [0x25, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: out, as: UTF8.self)
  }
}

enum APIAnswer {
  /// The body of a success, nil where there is none; a problem becomes its text and exit code.
  static func success(_ answer: HTTPAnswer) throws(ToolError) -> JSONValue? {
    let value = answer.body.isEmpty ? nil : try? JSONReader.read(answer.body)
    if (200..<300).contains(answer.status) { return value }
    let code = value?["code"]?.string.map { "\($0): " } ?? ""
    // The lists are of texts that were made printable; only their line ends are ours.
    throw ToolError(
      exit(answer.status), Rendering.printable(code) + reason(value, answer.status) + callers(value)
    )
  }

  /// All faults of a request that is not valid; else the sentence, and what it is about below it.
  private static func reason(_ problem: JSONValue?, _ status: Int) -> String {
    let faults = (problem?["errors"]?.array ?? []).map { fault in
      let place = fault["pointer"]?.string ?? fault["parameter"]?.string ?? ""
      return Rendering.printable("\(place) \(fault["detail"]?.string ?? "")")
    }
    if status == 400, faults.count > 1 { return faults.joined(separator: "; ") }
    let detail = problem?["detail"]?.string ?? problem?["title"]?.string ?? "no reason given"
    let more = status == 400 ? [] : faults
    return Rendering.printable(detail) + more.map { "\n  " + $0 }.joined()
  }

  /// Who is in the way of a safe delete.
  private static func callers(_ problem: JSONValue?) -> String {
    guard let rows = problem?["callers"]?.array, !rows.isEmpty else { return "" }
    let table = Rendering.table(
      rows, columns: ["version", "address", "user_agent", "route", "calls", "last_seen_at"])
    return "\n" + table + "--force goes on all the same"
  }

  private static func exit(_ status: Int) -> ExitCode {
    switch status {
    case 400, 413, 415, 422: .usage
    case 401, 403: .config
    case 404: .notFound
    case 409, 429: .refused
    case 502, 503, 504: .unreachable
    default: .failure
    }
  }
}
