// Routes of keys. What a key is, is in Management; nothing is decided here.
internal import KeyModel
internal import Management

extension RouteTable {
  static let keys: [Route] = [
    .operation(
      .post, "/v1/accounts/{account}/keys", .createKey, "Create a key", tag: "Keys",
      input: "NewKey", inputRequired: false, status: 201, output: "KeyWithSecret",
      refusals: [.keyLimitReached]
    ) { management, call throws(Problem) in
      try await management.createKey(
        of: try call.id("account"), try call.input(NewKey.init), by: call.caller)
    },
    .operation(
      .get, "/v1/accounts/{account}/keys", .listKeys, "List the keys of an account",
      tag: "Keys", query: pageParameters + keyFilters, output: "KeyList"
    ) { management, call throws(Problem) in
      var findings: [Problem.Finding] = []
      let query = KeyQuery(
        environment: call.query.text("environment"),
        kind: call.query.choice("kind", KeyKind.allCases.map { ($0.name, $0) }, &findings),
        state: call.query.choice(
          "state", KeyQuery.State.allCases.map { ($0.rawValue, $0) }, &findings))
      let page = call.query.page(&findings)
      guard findings.isEmpty else { throw .invalid(findings) }
      return try await management.listKeys(
        of: try call.id("account"), query, page, by: call.principal)
    },
    .operation(
      .post, "/v1/projects/{slug}/keys/import", .importKeys,
      "Import up to 1000 keys from elsewhere, by hash or by secret", tag: "Keys",
      input: "KeyImport", output: "ImportReport", bodyLimit: 1 << 20
    ) { management, call throws(Problem) in
      try await management.importKeys(
        into: call.text("slug"), try call.input(KeyImport.init), by: call.caller)
    },
    .operation(
      .post, "/v1/accounts/{account}/keys/reset", .resetAllKeys,
      "Give every key of an account a new secret; all old ones die at once", tag: "Keys",
      query: [forceParameter], input: "Empty", inputRequired: false, status: 201,
      output: "ResetKeys",
      refusals: [.rotationModeDisabled, .keyInUse]
    ) { management, call throws(Problem) in
      let account: AccountID = try call.id("account")
      _ = try call.input(NoFields.init)
      return try await management.resetAllKeys(
        of: account, force: try call.force(), by: call.caller)
    },
    .operation(
      .get, "/v1/keys/{key}", .getKey, "Show a key", tag: "Keys", output: "Key"
    ) { management, call throws(Problem) in
      try await management.key(try call.id("key"), by: call.principal)
    },
    .operation(
      .patch, "/v1/keys/{key}", .updateKey, "Change a key", tag: "Keys", input: "KeyPatch",
      output: "Key", refusals: [.keyRevoked, .keyLimitReached, .accessFixed]
    ) { management, call throws(Problem) in
      try await management.updateKey(
        try call.id("key"), try call.input(KeyPatch.init), by: call.caller)
    },
    .operation(
      .delete, "/v1/keys/{key}", .revokeKey, "Revoke a key, at once and for good",
      tag: "Keys",
      query: [forceParameter], status: 204, refusals: [.lastKey, .keyInUse]
    ) { management, call throws(Problem) in
      try await management.revokeKey(
        try call.id("key"), force: try call.force(), by: call.caller)
    },
    .operation(
      .get, "/v1/keys/{key}/readiness", .getReadiness,
      "Who still presents which version, and whether the oldest can end", tag: "Keys",
      output: "Readiness"
    ) { management, call throws(Problem) in
      try await management.readiness(of: try call.id("key"), by: call.principal)
    },
    .operation(
      .post, "/v1/keys/{key}/rotate", .rotateKey,
      "Add a new secret; the old one is accepted for the overlap", tag: "Keys",
      query: [forceParameter], input: "KeyRotation", inputRequired: false, status: 201,
      output: "KeyWithSecret",
      refusals: [.keyRevoked, .keyExpired, .rotationModeDisabled, .keyInUse]
    ) { management, call throws(Problem) in
      try await management.rotateKey(
        try call.id("key"), try call.input(KeyRotation.init), force: try call.force(),
        by: call.caller)
    },
    .operation(
      .post, "/v1/keys/{key}/reset", .resetKey,
      "Replace the secret; the old one dies at once", tag: "Keys", query: [forceParameter],
      input: "Empty", inputRequired: false, status: 201, output: "KeyWithSecret",
      refusals: [.keyRevoked, .keyExpired, .rotationModeDisabled, .keyInUse]
    ) { management, call throws(Problem) in
      let key: KeyID = try call.id("key")
      _ = try call.input(NoFields.init)
      return try await management.resetKey(key, force: try call.force(), by: call.caller)
    },
    .operation(
      .post, "/v1/keys/{key}/reveal", .revealKey, "Show the secret again", tag: "Keys",
      input: "Empty", inputRequired: false, output: "RevealedSecret",
      refusals: [.secretNotRecoverable, .keyRevoked]
    ) { management, call throws(Problem) in
      let key: KeyID = try call.id("key")
      _ = try call.input(NoFields.init)
      return try await management.revealKey(key, by: call.caller)
    },
  ]

  private static let keyFilters = [
    QueryParameter(
      name: "environment", about: "Only keys of this environment.", schema: ["type": "string"]),
    QueryParameter(
      name: "state", about: "Only keys in this state.",
      schema: ["type": "string", "enum": ["active", "revoked", "expired"]]),
    QueryParameter(
      name: "kind", about: "Only keys of this kind.",
      schema: ["type": "string", "enum": ["secret", "publishable"]]),
  ]
}
