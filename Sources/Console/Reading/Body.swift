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
    if value == "application/json" { return true }
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
  /// By bytes: a mark that combines with a blank leaves the blank a blank.
  var trimmingBlanks: String {
    func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
    var text = Substring(self).utf8
    while let byte = text.first, isBlank(byte) { text.removeFirst() }
    while let byte = text.last, isBlank(byte) { text.removeLast() }
    return String(Substring(text))
  }
}
