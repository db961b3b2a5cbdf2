// The route on which leaked secrets are reported: by operators, and by a scanner that signs.
internal import KeyModel
internal import Management

extension RouteTable {
  static let leaks: [Route] = [report]

  private static let report: Route = {
    var route = Route.operation(
      .post, "/v1/leaks", .reportLeak,
      "Report a leaked secret; a scanner that signs sends a list and needs no operator key",
      tag: "Leaks", input: "LeakReport", output: "LeakVerdict", refusals: [.notFound],
      bodyLimit: 1 << 20
    ) { management, call throws(Problem) in
      try await management.reportLeak(try call.input(LeakReport.init), by: call.caller)
    }
    route.signedHandler = { management, body, signature throws(Problem) in
      try await management.reportLeaks(body, signature)
    }
    return route
  }()
}
