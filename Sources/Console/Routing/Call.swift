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

  /// True where the client asks for this type by name; parameters aside.
  func accepts(_ type: String) -> Bool {
    func essence(_ text: Substring) -> String {
      text.prefix { $0 != ";" }.filter { $0 != " " }.lowercased()
    }
    return accept.split(separator: ",").contains { essence($0) == essence(type[...]) }
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
