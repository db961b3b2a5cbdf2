// Routes of accounts and applications.
internal import KeyModel
internal import Management

extension RouteTable {
  static let accounts: [Route] = [
    .operation(
      .post, "/v1/projects/{slug}/accounts", .createAccount, "Create an account",
      tag: "Accounts", input: "NewAccount", status: 201, output: "Account",
      refusals: [.externalIDTaken, .clientIDTaken]
    ) { management, call throws(Problem) in
      try await management.createAccount(
        in: call.text("slug"), try call.input(NewAccount.init), by: call.caller)
    },
    .operation(
      .get, "/v1/projects/{slug}/accounts", .listAccounts, "List the accounts of a project",
      tag: "Accounts",
      query: pageParameters + [
        QueryParameter(
          name: "external_id", about: "Only the account with this external id.",
          schema: ["type": "string"])
      ], output: "AccountList"
    ) { management, call throws(Problem) in
      try await management.listAccounts(
        in: call.text("slug"), externalID: call.query.text("external_id"),
        try call.query.page(), by: call.principal)
    },
    .operation(
      .get, "/v1/accounts/{account}", .getAccount, "Show an account", tag: "Accounts",
      output: "Account"
    ) { management, call throws(Problem) in
      try await management.account(try call.id("account"), by: call.principal)
    },
    .operation(
      .patch, "/v1/accounts/{account}", .updateAccount, "Change or suspend an account",
      tag: "Accounts", input: "AccountPatch", output: "Account", refusals: [.externalIDTaken]
    ) { management, call throws(Problem) in
      try await management.updateAccount(
        try call.id("account"), try call.input(AccountPatch.init), by: call.caller)
    },
    .operation(
      .delete, "/v1/accounts/{account}", .deleteAccount,
      "Delete an account with its applications and keys", tag: "Accounts", status: 204
    ) { management, call throws(Problem) in
      try await management.deleteAccount(try call.id("account"), by: call.caller)
    },
    .operation(
      .post, "/v1/accounts/{account}/client-secret/reveal", .revealClientSecret,
      "Show the account's client secret", tag: "Accounts", input: "Empty",
      inputRequired: false, output: "RevealedClientSecret"
    ) { management, call throws(Problem) in
      let account: AccountID = try call.id("account")
      _ = try call.input(NoFields.init)
      return try await management.revealClientSecret(of: account, by: call.caller)
    },
  ]

  static let applications: [Route] = [
    .operation(
      .post, "/v1/accounts/{account}/applications", .createApplication,
      "Create an application", tag: "Applications", input: "NewApplication", status: 201,
      output: "CreatedApplication", refusals: [.applicationLimitReached, .keyLimitReached]
    ) { management, call throws(Problem) in
      try await management.createApplication(
        of: try call.id("account"), try call.input(NewApplication.init), by: call.caller)
    },
    .operation(
      .get, "/v1/accounts/{account}/applications", .listApplications,
      "List the applications of an account", tag: "Applications", query: pageParameters,
      output: "ApplicationList"
    ) { management, call throws(Problem) in
      try await management.listApplications(
        of: try call.id("account"), try call.query.page(), by: call.principal)
    },
    .operation(
      .get, "/v1/applications/{application}", .getApplication, "Show an application",
      tag: "Applications", output: "Application"
    ) { management, call throws(Problem) in
      try await management.application(try call.id("application"), by: call.principal)
    },
    .operation(
      .patch, "/v1/applications/{application}", .updateApplication, "Change an application",
      tag: "Applications", input: "ApplicationPatch", output: "Application",
      refusals: [.accessFixed]
    ) { management, call throws(Problem) in
      try await management.updateApplication(
        try call.id("application"), try call.input(ApplicationPatch.init), by: call.caller)
    },
    .operation(
      .delete, "/v1/applications/{application}", .deleteApplication,
      "Delete an application and revoke its keys", tag: "Applications",
      query: [forceParameter], status: 204, refusals: [.lastKey, .keyInUse]
    ) { management, call throws(Problem) in
      try await management.deleteApplication(
        try call.id("application"), force: try call.force(), by: call.caller)
    },
  ]
}
