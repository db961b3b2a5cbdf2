// The routes on which leaked secrets are reported, by operators and by a scanner that signs, and
// listed.
internal import KeyModel
internal import Management

extension RouteTable {
  static let leaks: [Route] = [
    report,
    .operation(
      .get, "/v1/leaks", .listLeaks, "List leaks that were reported, newest first", tag: "Leaks",
      query: pageParameters + ownerParameters, output: "LeakList"
    ) { management, call throws(Problem) in
      let (query, page) = try call.ownerPage()
      return try await management.listLeaks(query, page, by: call.principal)
    },
  ]

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
