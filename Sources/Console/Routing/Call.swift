// A request that has found its route and its principal: what a route's handler reads from.
package import KeyModel
package import Management

package struct Call: Sendable {
  package var caller: Caller
  /// Path parameters by name, percent-decoded.
  package var parameters: [String: String]
  package var query: Query
  /// Empty where the route takes no body.
  package var body: JSONObject
  /// The field Accept as it came; empty where there is none.
  package var accept = ""
  package var lastEventID: String?

  var principal: Principal { caller.principal }

  func text(_ name: String) -> String { parameters[name] ?? "" }

  /// Throws 404 for what is not an id of this kind.
  func id<Tag: IDTag>(_ name: String, _: Tag.Type = Tag.self) throws(Problem) -> ID<Tag> {
    guard let id = ID<Tag>(text(name)) else { throw .notFound() }
    return id
  }

  /// Which of these types Accept likes best, the first of those it likes equally; nil where it
  /// names none of them.
  func preferred(of types: [String]) -> String? {
    var best: (type: String, weight: Double)?
    for range in accept.lowercased().filter({ $0 != " " }).split(separator: ",") {
      let parts = range.split(separator: ";")
      guard let name = parts.first.map(String.init), types.contains(name) else { continue }
      let weight = parts.dropFirst().first { $0.hasPrefix("q=") }
      let value = weight.map { Double($0.dropFirst(2)) ?? 0 } ?? 1
      if value > best?.weight ?? 0 { best = (name, value) }
    }
    return best?.type
  }

  /// The parameter of `RouteTable.forceParameter`.
  func force() throws(Problem) -> Bool {
    var findings: [Problem.Finding] = []
    let force = query.choice("force", [("true", true), ("false", false)], &findings)
    guard findings.isEmpty else { throw .invalid(findings) }
    return force ?? false
  }

  func input<Input>(
    _ make: (inout Fields) throws(Problem) -> Input
  ) throws(Problem) -> Input {
    var fields = Fields(body)
    return try make(&fields)
  }
}
