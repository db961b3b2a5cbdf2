// What is served as bytes that never change: the OpenAPI document and the reference page, both made
// from the route table once.
internal import KeyModel
internal import Management

struct StaticPages: Sendable {
  let openAPI: [UInt8]
  let docs: [UInt8]

  init() {
    openAPI = JSONWriter.compact(OpenAPIDocument.make())
    docs = Array(ReferencePage.make(RouteTable.all).utf8)
  }
}

enum ReferencePage {
  static func make(_ routes: [Route]) -> String {
    let sections = OpenAPIDocument.tags(routes).map { tag in
      "<h2>\(escaped(tag))</h2>" + routes.filter { $0.tag == tag }.map(section).joined()
    }
    return """
      <!doctype html><html lang="en"><head><meta charset="utf-8">\
      <meta name="viewport" content="width=device-width, initial-scale=1">\
      <title>Latchkey API reference</title><style>\(style)</style></head><body><main>\
      <h1>Latchkey API reference</h1>\
      <p>Send an operator key as <code>Authorization: Bearer lk_op_…</code>. Errors are \
      <code>application/problem+json</code> with a stable <code>code</code>. The same, for \
      machines: <a href="/openapi.json">openapi.json</a>.</p>\
      <p>The examples are for a shell in which <code>LATCHKEY</code> is this server's address and \
      <code>LATCHKEY_TOKEN</code> an operator key.</p>\
      \(sections.joined())\(codes)</main></body></html>
      """
  }

  private static func section(_ route: Route) -> String {
    var rows: [(String, String)] = []
    if case .operation(let operation) = route.guardedBy {
      rows.append(("Scope", "<code>\(operation.scope.rawValue)</code>"))
      rows.append(("Members", operation.accountRule.wording))
    }
    for parameter in route.query {
      rows.append(("?\(parameter.name)=", escaped(parameter.about)))
    }
    if let input = route.input, let schema = InputSchemas.all[input] ?? OutputSchemas.all[input] {
      rows.append(("Body", code(schema["properties"]?.object?.members.map(\.name) ?? [])))
    }
    if route.takesIdempotencyKey {
      rows.append(("Header", "<code>Idempotency-Key</code>: sent again, the same answer again"))
    }
    rows.append(("Answer", "\(route.status)" + (route.output.map { " \($0)" } ?? "")))
    rows.append(("Refusals", code(route.allRefusals.map { "\($0.status) \($0.rawValue)" })))
    let list = rows.map { "<dt>\($0.0)</dt><dd>\($0.1)</dd>" }.joined()
    let curl = escaped(CurlLine.make(route))
    return """
      <section id="\(route.operationID)"><h3><code>\(route.method.rawValue) \
      \(escaped(route.template))</code></h3><p>\(escaped(route.summary)).</p>\
      <dl>\(list)</dl><pre>\(curl)</pre></section>
      """
  }

  private static var codes: String {
    let rows = ProblemCode.allCases.map {
      "<tr><td><code>\($0.rawValue)</code></td><td>\($0.status)</td>"
        + "<td>\(escaped($0.title))</td></tr>"
    }
    return "<h2>Codes</h2><table><thead><tr><th>code</th><th>status</th><th>title</th></tr>"
      + "</thead><tbody>\(rows.joined())</tbody></table>"
  }

  private static func code(_ names: [String]) -> String {
    names.isEmpty
      ? "nothing" : names.map { "<code>\(escaped($0))</code>" }.joined(separator: " ")
  }

  private static func escaped(_ text: String) -> String {
    text.reduce(into: "") { result, character in
      switch character {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      default: result.append(character)
      }
    }
  }

  private static let style = """
    body{font:16px/1.5 system-ui,sans-serif;margin:0;color:#1a1a1a;background:#fff}\
    main{max-width:52rem;margin:0 auto;padding:1rem}code{font-size:.9em}\
    section{border-top:1px solid #ddd;padding:.5rem 0}h3{margin:.5rem 0}\
    dl{display:grid;grid-template-columns:8rem 1fr;gap:.25rem 1rem;margin:0}dd{margin:0}\
    pre{overflow-x:auto;background:#8881;padding:.5rem}\
    table{border-collapse:collapse}td,th{text-align:left;padding:.25rem .75rem .25rem 0}\
    @media(prefers-color-scheme:dark){body{color:#eee;background:#111}section{border-color:#333}\
    a{color:#8cf}}
    """
}

extension Operation.AccountRule {
  var wording: String {
    switch self {
    case .nobody: "none"
    case .everyMember: "each, in the own account"
    case .holder(let permission): "with the permission <code>\(permission.rawValue)</code>"
    }
  }
}

/// A call of the route as a newcomer types it.
enum CurlLine {
  static func make(_ route: Route) -> String {
    var parts = ["curl -s"]
    if route.method != .get { parts.append("-X \(route.method.rawValue)") }
    let path = route.segments.map { segment in
      segment.hasPrefix("{") ? example(segment.dropFirst().dropLast()) : String(segment)
    }
    parts.append("\"$LATCHKEY/\(path.joined(separator: "/"))\"")
    if !route.isOpen { parts.append("-H \"Authorization: Bearer $LATCHKEY_TOKEN\"") }
    if let input = route.input, let body = RequestExamples.all[input] {
      parts.append("-H 'Content-Type: application/json'")
      parts.append("-d '\(JSONWriter.compactText(body))'")
    }
    return parts.joined(separator: " \\\n  ")
  }

  private static func example(_ parameter: Substring) -> String {
    switch parameter {
    case "slug", "project": "orders"
    case "name": "default"
    default: "$\(parameter.uppercased())"
    }
  }
}
