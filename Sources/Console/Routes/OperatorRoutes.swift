// Routes of operator keys, usage and the audit chain.
internal import KeyModel
internal import Management

extension RouteTable {
  static let operatorKeys: [Route] = [
    .operation(
      .post, "/v1/operator-keys", .createOperatorKey, "Create an operator key",
      tag: "Operator keys", input: "NewOperatorKey", status: 201,
      output: "OperatorKeyWithToken", refusals: [.notFound]
    ) { management, call throws(Problem) in
      try await management.createOperatorKey(
        try call.input(NewOperatorKey.init), by: call.caller)
    },
    .operation(
      .get, "/v1/operator-keys", .listOperatorKeys, "List operator keys",
      tag: "Operator keys", query: pageParameters, output: "OperatorKeyList"
    ) { management, call throws(Problem) in
      try await management.listOperatorKeys(try call.query.page(), by: call.principal)
    },
    .operation(
      .get, "/v1/operator-keys/{id}", .getOperatorKey, "Show an operator key",
      tag: "Operator keys", output: "OperatorKey"
    ) { management, call throws(Problem) in
      try await management.operatorKey(try call.id("id"), by: call.principal)
    },
    .operation(
      .delete, "/v1/operator-keys/{id}", .revokeOperatorKey, "Revoke an operator key",
      tag: "Operator keys", status: 204
    ) { management, call throws(Problem) in
      try await management.revokeOperatorKey(try call.id("id"), by: call.caller)
    },
  ]

  static let usage: [Route] = [
    .operation(
      .get, "/v1/accounts/{account}/usage", .getUsage,
      "Show an account's quota, its keys' calls of today, and its calls of past days",
      tag: "Usage",
      query: [
        dayParameter("from", "First day of `days`; else 30 days are shown, up to today."),
        dayParameter("to", "Last day of `days`. Days are kept for 400 days."),
        QueryParameter(
          name: "key_id", about: "Only this key's calls in `days`.", schema: Schema.id("key")),
      ], output: "Usage"
    ) { management, call throws(Problem) in
      var findings: [Problem.Finding] = []
      var query = UsageQuery()
      query.from = call.query.day("from", &findings)
      query.to = call.query.day("to", &findings)
      query.keyID = call.query.id("key_id", KeyTag.self, &findings)
      guard findings.isEmpty else { throw .invalid(findings) }
      return try await management.usage(of: try call.id("account"), query, by: call.principal)
    }
  ]

  static let audit: [Route] = [
    .operation(
      .get, "/v1/audit", .listAudit, "List audit entries, newest first", tag: "Audit",
      query: pageParameters + ownerParameters + [
        timeParameter("from", "From this time on."),
        timeParameter("to", "Before this time."),
      ], output: "AuditList"
    ) { management, call throws(Problem) in
      var findings: [Problem.Finding] = []
      var query = AuditQuery()
      query.project = call.query.text("project")
      query.account = call.query.id("account", AccountTag.self, &findings)
      query.from = call.query.time("from", &findings)
      query.to = call.query.time("to", &findings)
      let page = call.query.page(&findings)
      guard findings.isEmpty else { throw .invalid(findings) }
      return try await management.listAudit(query, page, by: call.principal)
    }
  ]
}
