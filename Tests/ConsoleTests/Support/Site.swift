// The management API in front of a store in memory, asked with values instead of sockets.
import Console
import Crypto
import HTTPServer
import KeyModel
import Management
import Storage
import Verification

struct FixedClock: WallClock {
  func now() -> Timestamp { Timestamp(seconds: 1_795_255_200) }
}

/// One answer, with its body read.
struct Reply {
  var status: Int
  var headers: [String: String]
  var body: JSONValue

  init(_ response: Response) {
    status = response.status
    headers = Dictionary(
      response.headers.map { ($0.name, $0.value) }, uniquingKeysWith: { "\($0), \($1)" })
    body = (try? JSONReader.read(response.body)) ?? .null
  }

  var code: String? { body["code"]?.string }
  var pointers: [String] { body["errors"]?.array?.compactMap { $0["pointer"]?.string } ?? [] }
  var parameters: [String] {
    body["errors"]?.array?.compactMap { $0["parameter"]?.string } ?? []
  }
  func text(_ name: String) throws -> String {
    guard let text = body[name]?.string else { throw Lacks(name: name, reply: self) }
    return text
  }
}

struct Lacks: Error {
  var name: String
  var reply: Reply
}

final class Site: Sendable {
  let store: Store
  let api: ConsoleAPI
  let management: UseCases
  /// Holds every scope.
  let token: String

  init(requests: any RequestLog = NoRequestLog()) async throws {
    let entropy = SeededEntropy(seed: 11)
    store = try Store.open(.sqliteMemory)
    let keys = MasterKeys(oldestFirst: MasterKey(entropy: entropy))
    let now = FixedClock().now()
    _ = try await Vault.found(store, masterKeys: keys, now: now, entropy: entropy)
    let vault = try await Vault.open(store, masterKeys: keys)
    let policies = try PolicyLibrary(profiles: EmbeddedProfiles.texts())
    let table = RecordTable(peppers: vault.keyring.peppers)
    let feed = RecordFeed(store: store, vault: vault, policies: policies, table: table)
    management = UseCases(
      store: store, vault: vault, feed: feed, policies: policies, clock: FixedClock(),
      entropy: entropy, requests: requests, report: { _ in })
    api = ConsoleAPI(management: management, complaint: { nil })
    let answer = try await management.createOperatorKey(
      NewOperatorKey(scopes: [.all]), by: Caller(.local))
    token = answer.body?["operator_key"]?.string ?? ""
  }

  /// - Parameter token: empty sends none; nil sends the one with every scope.
  func ask(
    _ method: String, _ target: String, _ body: String? = nil, token: String? = nil,
    type: String? = "application/json", idempotency: String? = nil, isLocal: Bool = false,
    session: Principal? = nil
  ) async -> Reply {
    let halves = target.split(separator: "?", maxSplits: 1).map(String.init)
    var fields: [ConsoleRequest.Field] = []
    let token = token ?? self.token
    if !token.isEmpty { fields.append(.init("authorization", "Bearer " + token)) }
    if body != nil, let type { fields.append(.init("content-type", type)) }
    if let idempotency { fields.append(.init("idempotency-key", idempotency)) }
    return await send(
      ConsoleRequest(
        method: method, path: halves[0], query: halves.count > 1 ? halves[1] : nil,
        fields: fields, body: Array((body ?? "").utf8), isLocal: isLocal),
      session: session)
  }

  func send(_ request: ConsoleRequest, session: Principal? = nil) async -> Reply {
    Reply(await api.respond(to: request, session: session))
  }

  func project(_ slug: String, profile: String = "default", policy: String = "{}") async throws {
    let reply = await ask(
      "POST", "/v1/projects",
      #"{"slug":"\#(slug)","name":"P","profile":"\#(profile)","policy":\#(policy)}"#)
    guard reply.status == 201 else { throw Lacks(name: "project", reply: reply) }
  }

  func account(_ slug: String) async throws -> String {
    try await ask("POST", "/v1/projects/\(slug)/accounts", #"{"name":"Acme"}"#).text("id")
  }

  func key(_ account: String) async throws -> String {
    try await ask(
      "POST", "/v1/accounts/\(account)/keys", #"{"environment":"production"}"#
    ).text("id")
  }

  func member(_ account: String, _ role: String, _ permissions: [String] = []) async throws
    -> String
  {
    let list = permissions.map { "\"\($0)\"" }.joined(separator: ",")
    let email = "m\(await count(account))@example.com"
    return try await ask(
      "POST", "/v1/accounts/\(account)/members",
      "{\"email\":\"\(email)\",\"role\":\"\(role)\",\"permissions\":[\(list)]}"
    ).text("id")
  }

  /// What the parameters of routes stand for, by their names: things of `account` in `slug`.
  func parameters(_ slug: String, _ account: String, member role: String) async throws
    -> [String: String]
  {
    let applications = await ask("GET", "/v1/accounts/\(account)/applications")
    let made = await ask(
      "POST", "/v1/operator-keys", #"{"scopes":["*"],"project":"\#(slug)"}"#)
    let webhook = try await ask(
      "POST", "/v1/accounts/\(account)/webhooks", Self.goodBodies["NewWebhook"]
    ).text("id")
    let key = try await key(account)
    return [
      "webhook": webhook,
      "delivery": try await ask("POST", "/v1/webhooks/\(webhook)/test").text("id"),
      "slug": slug, "account": account, "key": key, "cycle": try await cycle(of: key),
      "application": applications.body["data"]?.array?.first?["id"]?.string ?? "",
      "id": try made.text("id"), "name": "default",
      "member": try await member(account, role),
    ]
  }

  /// An open cycle of the key, made without an endpoint.
  private func cycle(of key: String) async throws -> String {
    try await store.write { tx in
      guard let id = KeyID(key), let key = try tx.keys.find(id), let first = key.versions.first
      else { throw Problem(.notFound, "not the id of a key") }
      let now = FixedClock().now()
      let cycle = Cycle(
        id: CycleID(bits: id.bits), projectID: key.projectID, accountID: key.accountID,
        keyID: id, environment: key.environment, cause: .manual, slotAt: nil, requestID: "r",
        generation: 2, oldVersion: first.id, newVersion: first.id,
        endpoint: "https://keys.example/in", endpointRevision: 1, startedAt: now,
        deadline: now.adding(seconds: 60))
      try tx.cycles.insert(cycle)
      return cycle.id.description
    }
  }

  /// By the names of their schemas.
  static let goodBodies = [
    "NewWebhook":
      #"{"name":"N","url":"https://a.example","environment":"production","events":["*"]}"#,
    "NewEvent": #"{"type":"a.b","environment":"production","data":{}}"#,
    "WebhookReplay": #"{"since":"2026-01-01T00:00:00Z"}"#,
  ]

  private func count(_ account: String) async -> Int {
    await ask("GET", "/v1/accounts/\(account)/members?limit=200").body["data"]?.array?.count ?? 0
  }

  /// The member as one who asks.
  func session(_ member: String) async throws -> Principal {
    guard let id = MemberID(member) else {
      throw Problem(.notFound, "not the id of a member: \(member)")
    }
    return try await management.principal(of: id)
  }

  func operatorKey(_ scopes: [String], project: String? = nil) async throws -> String {
    let list = scopes.map { "\"\($0)\"" }.joined(separator: ",")
    let bound = project.map { ",\"project\":\"\($0)\"" } ?? ""
    return try await ask("POST", "/v1/operator-keys", "{\"scopes\":[\(list)]\(bound)}")
      .text("operator_key")
  }
}
