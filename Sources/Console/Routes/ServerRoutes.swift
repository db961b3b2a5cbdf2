// Routes about the server itself, and those that the data plane answers on this listener.
internal import KeyModel
internal import Management

extension RouteTable {
  static let dataPlane: [Route] =
    [
      Route(
        method: .post, template: "/v1/verify", guardedBy: .dataPlane,
        summary: "Decide on a call; needs an operator key with the scope verify",
        tag: "Verify", input: "VerifyRequest", status: 200, output: "VerifyAnswer",
        refusals: [
          .unauthorized, .insufficientScope, .notFound, .validationFailed, .malformedRequest,
          .unavailable,
        ]),
      Route(
        method: .post, template: "/v1/leases/{lease}/renew", guardedBy: .dataPlane,
        summary: "A call goes on: its slot is held for so many more seconds", tag: "Verify",
        input: "LeaseRenewal", inputRequired: false, status: 200, output: "Lease",
        refusals: [
          .unauthorized, .insufficientScope, .notFound, .validationFailed, .malformedRequest,
        ]),
      Route(
        method: .delete, template: "/v1/leases/{lease}", guardedBy: .dataPlane,
        summary: "A call is over: its slot is free", tag: "Verify", status: 204,
        refusals: [.unauthorized, .insufficientScope, .notFound]),
    ]
    + Method.allCases.map { method in
      Route(
        method: method, template: "/v1/authz/{project}", guardedBy: .dataPlane,
        summary: "Forward-auth: an empty 200, or the denial of the project's policy",
        tag: "Verify",
        query: [
          QueryParameter(
            name: "mode", about: "`nginx` maps 429 to 403 with X-Latchkey-Status.",
            schema: ["type": "string", "enum": ["nginx"]]),
          QueryParameter(
            name: "lease_seconds",
            about: "Holds a slot for so long: its lease is in X-Latchkey-Lease.",
            schema: ["type": "integer", "minimum": 1, "maximum": 3600]),
        ], status: 200, refusals: [.malformedRequest, .notFound])
    }

  /// `/docs`, `/openapi.json` and a `/readyz` that is not ready are answered before dispatch.
  static let server: [Route] = [
    anyone("/livez", "Is the process alive?", output: "Liveness") { _, _ throws(Problem) in
      Answer(200, ["status": "ok"])
    },
    anyone("/readyz", "Can the server take calls?", output: "Liveness", [.unavailable]) {
      _, _ throws(Problem) in
      Answer(200, ["status": "ready"])
    },
    anyone("/openapi.json", "This document", output: "OpenAPI") { _, _ throws(Problem) in
      throw .notFound()
    },
    anyone("/docs", "The reference page", output: "Page") { _, _ throws(Problem) in
      throw .notFound()
    },
  ]

  private static func anyone(
    _ template: String, _ summary: String, output: String, _ refusals: [ProblemCode] = [],
    _ handler: @escaping Route.Handler
  ) -> Route {
    Route(
      method: .get, template: template, guardedBy: .anyone, summary: summary, tag: "Server",
      status: 200, output: output, refusals: refusals, handler: handler)
  }
}
