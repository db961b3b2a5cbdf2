// The body of a request as a JSON object. It must refuse whatever is not exactly that.
internal import KeyModel
internal import Management

enum Body {
  /// Empty where the route takes no body: what came with it is not looked at.
  static func read(_ request: ConsoleRequest, for route: Route) throws(Problem) -> JSONObject {
    guard route.input != nil else { return JSONObject() }
    if request.body.isEmpty {
      if !route.inputRequired { return JSONObject() }
      guard request.values("content-type").isEmpty || isJSON(request, route) else {
        throw unsupported(route)
      }
      throw Problem(.malformedJSON, "This request needs a JSON object as its body.")
    }
    guard isJSON(request, route) else { throw unsupported(route) }
    let value: JSONValue
    do throws(JSONError) {
      value = try JSONReader.read(request.body)
    } catch {
      throw malformed(error)
    }
    guard case .object(let object) = value else {
      throw Problem(
        .malformedJSON, "The body must be a JSON object.",
        findings: [.init(pointer: "", "must be an object")])
    }
    return object
  }

  private static func malformed(_ error: JSONError) -> Problem {
    Problem(
      .malformedJSON, "Line \(error.line), column \(error.column): \(error.message).",
      findings: [.init(pointer: error.pointer.description, error.message)])
  }

  private static func unsupported(_ route: Route) -> Problem {
    Problem(.unsupportedMediaType, "Send the body as Content-Type: application/json.")
  }

  private static func isJSON(_ request: ConsoleRequest, _ route: Route) -> Bool {
    let values = request.values("content-type")
    guard values.count == 1, let value = values.first else { return false }
    let parts = value.split(separator: ";", omittingEmptySubsequences: false).map {
      $0.trimmingBlanks.lowercased()
    }
    let types =
      route.method == .patch
      ? ["application/json", "application/merge-patch+json"] : ["application/json"]
    return types.contains(parts[0])
      && parts.dropFirst().allSatisfy {
        ["", "charset=utf-8", "charset=\"utf-8\""].contains($0)
      }
  }
}

extension StringProtocol {
  var trimmingBlanks: String {
    var text = self[...]
    while text.first == " " || text.first == "\t" { text = text.dropFirst() }
    while text.last == " " || text.last == "\t" { text = text.dropLast() }
    return String(text)
  }
}
