// The OpenAPI 3.1 document, made from the route table and the schemas. Nothing is written here that
// a route could say about itself.
package import KeyModel
package import Management

package enum OpenAPIDocument {
  package static func make(_ routes: [Route] = RouteTable.all) -> JSONValue {
    [
      "openapi": "3.1.0",
      "info": [
        "title": "Latchkey management API", "version": "1",
        "summary": "Keys, accounts and projects; verification of calls.",
        "license": ["name": "Apache-2.0", "identifier": "Apache-2.0"],
      ],
      "servers": [["url": "/"]],
      "security": [["operator_key": []]],
      "tags": .array(tags(routes).map { ["name": .string($0)] }),
      "paths": .object(paths(routes)),
      "components": [
        "schemas": .object(InputSchemas.all.merging(OutputSchemas.all)),
        "headers": .object(ResponseHeaders.all),
        "securitySchemes": [
          "operator_key": [
            "type": "http", "scheme": "bearer", "bearerFormat": "lk_op_…",
            "description": .string(
              "An operator key. Scopes: "
                + Scope.allCases.map(\.rawValue).joined(separator: ", ") + "."),
          ]
        ],
      ],
    ]
  }

  static func tags(_ routes: [Route]) -> [String] {
    var tags: [String] = []
    for route in routes where !tags.contains(route.tag) { tags.append(route.tag) }
    return tags
  }

  private static func paths(_ routes: [Route]) -> JSONObject {
    var paths = JSONObject()
    for route in routes {
      var path = paths[route.template]?.object ?? JSONObject()
      path[route.method.rawValue.lowercased()] = .object(operation(route))
      paths[route.template] = .object(path)
    }
    return paths
  }

  private static func operation(_ route: Route) -> JSONObject {
    var operation: JSONObject = [
      "operationId": .string(route.operationID), "summary": .string(route.summary),
      "tags": [.string(route.tag)],
    ]
    if case .operation(let guarded) = route.guardedBy {
      operation["description"] = .string("Needs the scope `\(guarded.scope.rawValue)`.")
    }
    if route.isOpen { operation["security"] = [] }
    let parameters = parameters(route)
    if !parameters.isEmpty { operation["parameters"] = .array(parameters) }
    if let input = route.input {
      operation["requestBody"] = [
        "required": .bool(route.inputRequired),
        "content": content(Schema.ref(input), example: RequestExamples.all[input]),
      ]
    }
    operation["responses"] = .object(responses(route))
    return operation
  }

  private static func parameters(_ route: Route) -> [JSONValue] {
    var parameters: [JSONValue] = route.parameters.map {
      [
        "name": .string($0), "in": "path", "required": true,
        "schema": PathParameters.schema($0),
      ]
    }
    for parameter in route.query {
      parameters.append([
        "name": .string(parameter.name), "in": "query", "required": false,
        "description": .string(parameter.about), "schema": parameter.schema,
      ])
    }
    if route.takesIdempotencyKey {
      parameters.append([
        "name": "Idempotency-Key", "in": "header", "required": false,
        "description": "The same key and body give the same answer for a day.",
        "schema": ["type": "string", "minLength": 1, "maxLength": 257],
      ])
    }
    return parameters
  }

  private static func responses(_ route: Route) -> JSONObject {
    var success: JSONObject = [
      "description": .string(route.summary),
      "headers": ResponseHeaders.references(of: route.status, route),
    ]
    if let output = route.output {
      success["content"] = answerContent(output)
    }
    var responses: JSONObject = [String(route.status): .object(success)]
    let codes = Dictionary(grouping: route.allRefusals, by: \.status)
    for (status, codes) in codes.sorted(by: { $0.key < $1.key }) {
      responses[String(status)] = refusal(status, codes, route)
    }
    if route.isForwardAuth {
      responses["default"] = [
        "description": "A denial: status, headers and body are those of the project's policy."
      ]
    }
    return responses
  }

  private static func answerContent(_ output: String) -> JSONValue {
    switch output {
    case "Page": content(Schema.ref(output), type: "text/html")
    case "EventStream": content(Schema.ref(output), type: "text/event-stream")
    case "RequestList":
      .object([
        "application/json": ["schema": Schema.ref(output)],
        "application/x-ndjson": ["schema": Schema.string],
        "text/csv": ["schema": Schema.string],
      ])
    default: content(Schema.ref(output))
    }
  }

  /// A problem with one of these codes.
  private static func refusal(
    _ status: Int, _ codes: [ProblemCode], _ route: Route
  ) -> JSONValue {
    let names = codes.map(\.rawValue)
    let narrowed: JSONValue = [
      "allOf": [
        Schema.ref("Problem"), ["properties": ["code": ["enum": Represent.strings(names)]]],
      ]
    ]
    return [
      "description": .string(names.map { "`\($0)`" }.joined(separator: ", ")),
      "headers": ResponseHeaders.references(of: status, route),
      "content": content(narrowed, type: "application/problem+json"),
    ]
  }

  private static func content(
    _ schema: JSONValue, type: String = "application/json", example: JSONValue? = nil
  ) -> JSONValue {
    var media: JSONObject = ["schema": schema]
    if let example { media["example"] = example }
    return [type: .object(media)]
  }
}

enum PathParameters {
  /// Ids by their prefix; slugs and names are plain text.
  static func schema(_ name: String) -> JSONValue {
    switch name {
    case "account": Schema.id("acc")
    case "application": Schema.id("app")
    case "key": Schema.id("key")
    case "member": Schema.id("mem")
    case "lease": Schema.id("lea")
    case "id": Schema.id("opk")
    default: Schema.text(63)
    }
  }
}

extension Route {
  var isOpen: Bool { guardedBy == .anyone || isForwardAuth }
  var isForwardAuth: Bool { template.hasPrefix("/v1/authz/") }

  /// The data plane keeps no markers: a verification has no effect that could be doubled.
  package var takesIdempotencyKey: Bool {
    if case .operation = guardedBy { return method == .post }
    return false
  }

  /// What follows from the declaration, and what the route adds.
  package var allRefusals: [ProblemCode] {
    var codes: [ProblemCode] = []
    if case .operation(let operation) = guardedBy {
      codes += [.malformedRequest, .keyInQuery, .unauthorized, .insufficientScope]
      codes.append(.insufficientPermission)
      if operation.accountRule != .nobody { codes.append(.accountSuspended) }
      if !query.isEmpty || input != nil { codes.append(.validationFailed) }
      if !parameters.isEmpty || [.listAudit, .listMails, .listLeaks].contains(operation) {
        codes.append(.notFound)
      }
      if method != .get { codes.append(.conflict) }
      codes += [.internalError, .unavailable]
    }
    if input != nil { codes += [.malformedJSON, .payloadTooLarge, .unsupportedMediaType] }
    if takesIdempotencyKey { codes += [.idempotencyInFlight, .idempotencyMismatch] }
    for code in refusals where !codes.contains(code) { codes.append(code) }
    return codes
  }
}
