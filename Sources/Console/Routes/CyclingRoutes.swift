// Routes of auto cycling.
internal import KeyModel
internal import Management

extension RouteTable {
  static let cycling: [Route] = [
    .operation(
      .get, "/v1/accounts/{account}/auto-cycling", .getAutoCycling,
      "Show how an account's keys cycle by themselves", tag: "Auto cycling",
      query: [cyclingEnvironment], output: "AutoCycling"
    ) { management, call throws(Problem) in
      try await management.autoCycling(
        of: try call.id("account"), environment: call.query.text("environment"),
        by: call.principal)
    },
    .operation(
      .put, "/v1/accounts/{account}/auto-cycling", .setAutoCycling,
      "Turn auto cycling on, or change all of it; a new endpoint is tested first",
      tag: "Auto cycling", input: "NewCycling", output: "AutoCycling",
      refusals: [.endpointTestFailed, .planRequired, .rotationModeDisabled]
    ) { management, call throws(Problem) in
      try await management.setAutoCycling(
        of: try call.id("account"), try call.input(NewCycling.init), by: call.caller)
    },
    .operation(
      .patch, "/v1/accounts/{account}/auto-cycling", .updateAutoCycling,
      "Change auto cycling; a new endpoint is tested first", tag: "Auto cycling",
      input: "CyclingPatch", output: "AutoCycling",
      refusals: [.endpointTestFailed, .autoCyclingOff, .planRequired, .rotationModeDisabled]
    ) { management, call throws(Problem) in
      try await management.updateAutoCycling(
        of: try call.id("account"), try call.input(CyclingPatch.init), by: call.caller)
    },
    .operation(
      .delete, "/v1/accounts/{account}/auto-cycling", .stopAutoCycling,
      "Turn auto cycling off; the keys stay as they are", tag: "Auto cycling",
      query: [cyclingEnvironment], output: "AutoCycling"
    ) { management, call throws(Problem) in
      try await management.stopAutoCycling(
        of: try call.id("account"), environment: call.query.text("environment"),
        by: call.caller)
    },
    .operation(
      .post, "/v1/accounts/{account}/auto-cycling/test", .testAutoCycling,
      "Ask an endpoint whether it would acknowledge, with a secret that opens nothing",
      tag: "Auto cycling", input: "CyclingTest", inputRequired: false, output: "EndpointTest",
      refusals: [.planRequired, .rotationModeDisabled]
    ) { management, call throws(Problem) in
      try await management.testEndpoint(
        of: try call.id("account"), try call.input(CyclingTest.init), by: call.caller)
    },
    .operation(
      .post, "/v1/accounts/{account}/auto-cycling/run", .runAutoCycling,
      "Cycle now, outside the grid", tag: "Auto cycling", input: "CyclingRun",
      inputRequired: false, status: 202, output: "CycleStarted",
      refusals: [
        .cycleOpen, .autoCyclingOff, .noKeyToCycle, .planRequired, .rotationModeDisabled,
      ]
    ) { management, call throws(Problem) in
      try await management.runCycle(
        of: try call.id("account"), try call.input(CyclingRun.init), by: call.caller)
    },
    .operation(
      .get, "/v1/accounts/{account}/auto-cycling/history", .listCycles,
      "List the cycles of an account's keys, newest first", tag: "Auto cycling",
      query: pageParameters + [cyclingEnvironment], output: "CycleList"
    ) { management, call throws(Problem) in
      try await management.cycleHistory(
        of: try call.id("account"), environment: call.query.text("environment"),
        try call.query.page(), by: call.principal)
    },
    .operation(
      .post, "/v1/cycles/{cycle}/acknowledge", .acknowledgeCycle,
      "Say that the new secret has arrived; the new secret itself is a credential for this",
      tag: "Auto cycling", input: "CycleAcknowledgement", inputRequired: false,
      output: "Cycle", refusals: [.cycleOver]
    ) { management, call throws(Problem) in
      try await management.acknowledgeCycle(
        try call.id("cycle"), try call.input(CycleAcknowledgement.init), by: call.caller)
    },
  ]

  private static let cyclingEnvironment = QueryParameter(
    name: "environment", about: "Where the account cycles in several.",
    schema: ["type": "string"])
}
