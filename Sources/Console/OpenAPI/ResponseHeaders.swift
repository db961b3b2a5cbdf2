// The headers of answers as the OpenAPI document describes them. Answering sends them.
internal import KeyModel
internal import Management

enum ResponseHeaders {
  static let all: JSONObject = [
    "X-Request-Id": header(
      "The id of this request, as it stands in logs.", Schema.id("req"), required: true),
    "Cache-Control": header("Answers are not kept.", ["const": "no-store"], required: true),
    "X-Content-Type-Options": header(
      "The body is of its Content-Type.", ["const": "nosniff"], required: true),
    "WWW-Authenticate": header("RFC 6750: what is missing.", Schema.string, required: false),
    "Retry-After": header(
      "Seconds after which it is worth another try.", ["type": "integer", "minimum": 0],
      required: false),
    "Idempotency-Replayed": header(
      "This is the answer to an earlier request with the same Idempotency-Key.",
      ["const": "true"], required: false),
  ]

  /// Forward-auth answers in the words of the policy.
  static func references(of status: Int, _ route: Route) -> JSONValue {
    var names = route.guardedBy == .dataPlane ? [] : common
    if status == 401 || status == 403 { names.append("WWW-Authenticate") }
    if status == 503 || status == 429 { names.append("Retry-After") }
    if status < 300, route.takesIdempotencyKey { names.append("Idempotency-Replayed") }
    var headers = JSONObject()
    for name in names { headers[name] = ["$ref": .string("#/components/headers/\(name)")] }
    return .object(headers)
  }

  private static let common = ["X-Request-Id", "Cache-Control", "X-Content-Type-Options"]

  private static func header(
    _ about: String, _ schema: JSONValue, required: Bool
  ) -> JSONValue {
    ["description": .string(about), "required": .bool(required), "schema": schema]
  }
}
