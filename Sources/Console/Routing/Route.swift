// One operation of the management API, declared once: dispatch, `Allow`, the OpenAPI document, the
// reference page and the authorization matrix of the tests are all made from these values.
package import KeyModel
package import Management

package enum Method: String, Sendable, CaseIterable {
  case get = "GET"
  case post = "POST"
  case put = "PUT"
  case patch = "PATCH"
  case delete = "DELETE"
}

package struct QueryParameter: Sendable {
  package var name: String
  package var about: String
  package var schema: JSONValue
}

package struct Route: Sendable {
  package typealias Handler = @Sendable (UseCases, Call) async throws(Problem) -> Answer
  /// Takes the body as it came, and who signed it.
  package typealias SignedHandler =
    @Sendable (UseCases, [UInt8], LeakSignature) async throws(Problem) -> Answer

  /// Who may call it.
  package enum Guard: Sendable, Hashable {
    case anyone
    case operation(Operation)
    /// Answered by the data plane, on the same listener; described here only.
    case dataPlane
  }

  package var method: Method
  /// `/v1/keys/{key}`
  package var template: String
  package var guardedBy: Guard
  package var summary: String
  /// The section of the reference.
  package var tag: String
  package var query: [QueryParameter] = []
  /// Name of the schema of the request body; nil: the route takes none.
  package var input: String?
  /// False where an empty body stands for `{}`.
  package var inputRequired = true
  package var status: Int
  /// Name of the schema of the answer; nil: no body.
  package var output: String?
  /// Codes beyond those that follow from the rest of the declaration.
  package var refusals: [ProblemCode] = []
  /// Bytes; a longer body is refused with 413.
  package var bodyLimit = ConsoleRequest.bodyLimit
  package var handler: Handler?
  /// For requests that are signed instead of authenticated.
  package var signedHandler: SignedHandler?

  package var segments: [Substring] { template.dropFirst().split(separator: "/") }

  package var parameters: [String] {
    segments.filter { $0.hasPrefix("{") }.map { String($0.dropFirst().dropLast()) }
  }

  /// As it stands in the OpenAPI document.
  package var operationID: String {
    switch guardedBy {
    case .operation(let operation): operation.rawValue
    default:
      method.rawValue.lowercased()
        + template.split { !$0.isLetter }
        .map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
    }
  }
}

extension Route {
  /// The routes of one section.
  static func operation(
    _ method: Method, _ template: String, _ operation: Operation, _ summary: String,
    tag: String, query: [QueryParameter] = [], input: String? = nil, inputRequired: Bool = true,
    status: Int = 200, output: String? = nil, refusals: [ProblemCode] = [],
    bodyLimit: Int = ConsoleRequest.bodyLimit, _ handler: @escaping Handler
  ) -> Route {
    Route(
      method: method, template: template, guardedBy: .operation(operation), summary: summary,
      tag: tag, query: query, input: input, inputRequired: inputRequired, status: status,
      output: output, refusals: refusals, bodyLimit: bodyLimit, handler: handler)
  }
}
