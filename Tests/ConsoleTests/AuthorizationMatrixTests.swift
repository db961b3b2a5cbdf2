// Every operation of the route table against every kind of credential. The rows come from the
// table itself, so a route cannot be added without being tried.
import Console
import KeyModel
import Management
import Testing

@Suite("The authorization matrix")
struct AuthorizationMatrixTests {
  /// A world with an object for every path parameter, in the project `mine`.
  private struct Objects {
    var site: Site
    var values: [String: String]
    var revoked: String
    var foreign: String

    init() async throws {
      site = try await Site()
      try await site.project("mine")
      try await site.project("other")
      let account = try await site.account("mine")
      values = try await site.parameters("mine", account, member: "admin")
      foreign = try await site.operatorKey(["*"], project: "other")
      let doomed = await site.ask("POST", "/v1/operator-keys", #"{"scopes":["*"]}"#)
      revoked = try doomed.text("operator_key")
      _ = await site.ask("DELETE", "/v1/operator-keys/\(try doomed.text("id"))")
    }

    func path(_ route: Route) -> String {
      "/"
        + route.segments.map { segment in
          segment.hasPrefix("{")
            ? values[String(segment.dropFirst().dropLast())] ?? "" : String(segment)
        }.joined(separator: "/")
    }

    /// Something that every route refuses as a body, so that nothing is changed by the rows.
    func status(_ route: Route, _ token: String) async -> Int {
      let body = route.input == nil ? nil : #"{"no_such_field":1}"#
      return await site.ask(route.method.rawValue, path(route), body, token: token).status
    }
  }

  private static var guarded: [(Route, Operation)] {
    RouteTable.all.compactMap { route in
      if case .operation(let operation) = route.guardedBy { (route, operation) } else { nil }
    }
  }

  @Test("Each operation has exactly one route")
  func complete() {
    #expect(Set(Self.guarded.map(\.1)) == Set(Operation.allCases))
    #expect(Self.guarded.count == Operation.allCases.count)
  }

  @Test("Without a key, with a malformed, unknown or revoked one: 401 everywhere")
  func unauthenticated() async throws {
    let objects = try await Objects()
    for (route, _) in Self.guarded {
      for token in ["", "lk_op_nonsense", objects.revoked] {
        #expect(await objects.status(route, token) == 401, "\(route.operationID)")
      }
    }
  }

  @Test("With every scope but the one it needs: 403 everywhere")
  func wrongScope() async throws {
    let objects = try await Objects()
    for (route, operation) in Self.guarded {
      let others = Scope.allCases.filter { !$0.includes(operation.scope) }.map(\.rawValue)
      let token = try await objects.site.operatorKey(others)
      #expect(await objects.status(route, token) == 403, "\(route.operationID)")
    }
  }

  @Test("With a key of another project: 404 for what is in a project, nothing of it in lists")
  func otherProject() async throws {
    let objects = try await Objects()
    let site = objects.site
    for (route, operation) in Self.guarded {
      let body = route.input == nil ? nil : Self.goodBody(route)
      let path = objects.path(route)
      let reply = await site.ask(route.method.rawValue, path, body, token: objects.foreign)
      switch operation {
      case .createProject: #expect(reply.status == 403 && reply.code == "project_bound")
      case .createOperatorKey: #expect(reply.body["project"] == "other")
      case .listProfiles, .getProfile, .listOutgoingAddresses: #expect(reply.status == 200)
      case .reportLeak: #expect(reply.status == 400)
      case .listProjects, .listOperatorKeys, .listAudit, .listMails, .listLeaks:
        #expect(reply.status == 200)
        #expect(!"\(reply.body)".contains("mine"))
      default: #expect(reply.status == 404, "\(route.operationID)")
      }
    }
    #expect(await site.ask("GET", "/v1/audit?project=mine", token: objects.foreign).status == 404)
  }

  @Test("With just the right scope, bound to the project: neither 401 nor 403 nor 404")
  func right() async throws {
    let objects = try await Objects()
    for (route, operation) in Self.guarded {
      let token = try await objects.site.operatorKey(
        [operation.scope.rawValue], project: operation.isServerWide ? nil : "mine")
      if route.method != .delete {
        let status = await objects.status(route, token)
        #expect(status == (route.input == nil ? 200 : 400), "\(route.operationID)")
      }
    }
    // Last, from the inside out, because they take the objects away.
    for template in [
      "keys/{key}", "webhooks/{webhook}", "applications/{application}", "members/{member}",
      "accounts/{account}",
      "operator-keys/{id}", "projects/{slug}",
    ] {
      let route = try #require(
        RouteTable.all.first { $0.method == .delete && $0.template == "/v1/" + template })
      #expect(await objects.status(route, objects.site.token) == 204, "\(template)")
    }
  }

  private static func goodBody(_ route: Route) -> String {
    switch route.input {
    case "NewProject": #"{"slug":"third","name":"T"}"#
    case "NewAccount", "NewApplication": #"{"name":"N"}"#
    case "NewMember": #"{"email":"n@example.com","role":"viewer"}"#
    case "NewCycling":
      #"{"endpoint":"https://a.example/","every_days":1,"starts_on":"2099-01-01"}"#
    case "NewKey": #"{"environment":"production"}"#
    case "KeyImport": #"{"keys":[]}"#
    case "NewWebhook", "NewEvent", "WebhookReplay": Site.goodBodies[route.input ?? ""] ?? ""
    case "NewOperatorKey": #"{"scopes":["keys:read"]}"#
    default: "{}"
    }
  }
}
