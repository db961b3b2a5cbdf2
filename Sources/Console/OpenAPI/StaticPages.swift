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
      \(sections.joined())\(codes)</main></body></html>
      """
  }

  private static func section(_ route: Route) -> String {
    var rows: [(String, String)] = []
    if case .operation(let operation) = route.guardedBy {
      rows.append(("Scope", "<code>\(operation.scope.rawValue)</code>"))
    }
    for parameter in route.query {
      rows.append(("?\(parameter.name)=", escaped(parameter.about)))
    }
    if let input = route.input, let schema = InputSchemas.all[input] ?? OutputSchemas.all[input] {
      rows.append(("Body", code(schema["properties"]?.object?.members.map(\.name) ?? [])))
    }
    rows.append(("Answer", "\(route.status)" + (route.output.map { " \($0)" } ?? "")))
    rows.append(("Refusals", code(route.allRefusals.map { "\($0.status) \($0.rawValue)" })))
    let list = rows.map { "<dt>\($0.0)</dt><dd>\($0.1)</dd>" }.joined()
    return """
      <section id="\(route.operationID)"><h3><code>\(route.method.rawValue) \
      \(escaped(route.template))</code></h3><p>\(escaped(route.summary)).</p>\
      <dl>\(list)</dl></section>
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
    table{border-collapse:collapse}td,th{text-align:left;padding:.25rem .75rem .25rem 0}\
    @media(prefers-color-scheme:dark){body{color:#eee;background:#111}section{border-color:#333}\
    a{color:#8cf}}
    """
}
