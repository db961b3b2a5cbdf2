// Every operation of the route table against those who belong to an account: members of each role,
// with and without a permission of their own to manage keys, and keys. What is expected is worked
// out from what the operations declare.
import Console
import KeyModel
import Management
import Testing

@Suite("The authorization matrix of members and keys")
struct AccountMatrixTests {
  private static let roles = ["admin", "developer", "viewer"]
  private static let guarded: [(Route, Operation)] = RouteTable.all.compactMap { route in
    if case .operation(let operation) = route.guardedBy { (route, operation) } else { nil }
  }

  /// Where the one who asks belongs, seen from the objects of the paths.
  private enum Home: CaseIterable { case own, suspended, neighbour, otherProject }

  private struct World {
    var site: Site
    var values: [String: String] = [:]
    var account: String

    init(separateKeys: Bool, suspended: Bool) async throws {
      site = try await Site()
      let policy = #"{"members":{"api_keys_permission":\#(separateKeys)}}"#
      try await site.project("mine", policy: policy)
      try await site.project("other", policy: policy)
      account = try await site.account("mine")
      values = try await site.parameters("mine", account, member: "viewer")
      if suspended {
        _ = await site.ask("PATCH", "/v1/accounts/\(account)", #"{"state":"suspended"}"#)
      }
    }

    func home(_ home: Home) async throws -> String {
      switch home {
      case .own, .suspended: account
      case .neighbour: try await site.account("mine")
      case .otherProject: try await site.account("other")
      }
    }

    func ask(_ route: Route, _ body: String?, _ session: Principal) async -> Reply {
      let path = route.segments.map { segment in
        segment.hasPrefix("{")
          ? values[String(segment.dropFirst().dropLast())] ?? "" : String(segment)
      }
      return await site.ask(
        route.method.rawValue, "/" + path.joined(separator: "/"), body, token: "",
        session: session)
    }
  }

  /// Something every route takes, or something every route refuses once it gets to read it.
  private static func body(_ route: Route, good: Bool) -> String? {
    guard route.input != nil else { return nil }
    guard good else { return #"{"no_such_field":1}"# }
    return switch route.input {
    case "NewApplication": #"{"name":"N"}"#
    case "NewMember": #"{"email":"n@example.com","role":"viewer"}"#
    case "NewCycling":
      #"{"endpoint":"https://a.example/","every_days":1,"starts_on":"2099-01-01"}"#
    case "NewKey": #"{"environment":"production"}"#
    case "NewWebhook", "NewEvent", "WebhookReplay": Site.goodBodies[route.input ?? ""]
    default: "{}"
    }
  }

  private static func expected(
    _ route: Route, _ mayDo: Bool, _ home: Home
  ) -> Int {
    if !mayDo || home == .suspended { return 403 }
    if route.template == "/v1/outgoing-addresses" { return 200 }
    // What concerns a whole project is every member's of it.
    let isOwn = home == .own || home == .neighbour && route.template.contains("{slug}")
    if !isOwn { return 404 }
    return route.input == nil ? route.status : 400
  }

  private func mayDo(_ operation: Operation, _ held: Set<MemberPermission>) -> Bool {
    switch operation.accountRule {
    case .nobody: false
    case .everyMember: true
    case .holder(let permission): held.contains(permission)
    }
  }

  @Test(
    "Every role, with and without keys given, at home and elsewhere",
    arguments: [false, true], Home.allCases)
  private func members(separateKeys: Bool, home: Home) async throws {
    var rules = MemberRules()
    rules.apiKeysPermission = separateKeys
    for role in Self.roles {
      for given in [[], [MemberPermission.keys]] {
        let named = try #require(rules.role(named: role))
        guard given.allSatisfy({ rules.mayGive($0, to: named) }) else { continue }
        let held = rules.effective(role: role, given: Set(given))
        var world = try await World(separateKeys: separateKeys, suspended: home == .suspended)
        var session = try await Self.session(world, home, role, given)
        for (route, operation) in Self.guarded {
          let status = Self.expected(route, mayDo(operation, held), home)
          let body = Self.body(route, good: status == 404)
          let reply = await world.ask(route, body, session)
          #expect(reply.status == status, "\(operation) \(role) \(given) \(home)")
          if reply.status == 204 {
            world = try await World(separateKeys: separateKeys, suspended: false)
            session = try await Self.session(world, home, role, given)
          }
        }
      }
    }
  }

  private static func session(
    _ world: World, _ home: Home, _ role: String, _ given: [MemberPermission]
  ) async throws -> Principal {
    let member = try await world.site.member(
      try await world.home(home), role, given.map(\.rawValue))
    return try await world.site.session(member)
  }

  @Test("A key manages the keys of its own account and nothing else", arguments: Home.allCases)
  private func keys(home: Home) async throws {
    let world = try await World(separateKeys: false, suspended: home == .suspended)
    let account = try #require(AccountID(try await world.home(home)))
    let answer = try await world.site.management.account(account, by: .local)
    let project = answer.body?["project_id"]?.string.flatMap { ProjectID($0) }
    let key = Principal.key(
      id: KeyID(bits: 1),
      home: .init(
        projectID: try #require(project), accountID: account, isSuspended: home == .suspended))
    for (route, operation) in Self.guarded {
      let status = Self.expected(route, operation.isSelfService, home)
      let reply = await world.ask(route, Self.body(route, good: status == 404), key)
      #expect(reply.status == status, "\(operation) \(home)")
    }
  }

  @Test("What each role of the default profile may do, by name")
  func named() {
    func operations(_ held: Set<MemberPermission>) -> Set<Operation> {
      Set(Operation.allCases.filter { mayDo($0, held) })
    }
    let viewer: Set<Operation> = [
      .getAccount, .listApplications, .getApplication, .getUsage, .listRequests, .streamRequests,
      .listEventTypes, .listOutgoingAddresses,
    ]
    #expect(viewer.isSubset(of: operations([.logs])))
    #expect(operations([]).isDisjoint(with: [.listKeys, .getKey, .createKey, .revealKey]))
    let never: Set<Operation> = [
      .createProject, .updateProject, .deleteProject, .createAccount, .updateAccount,
      .deleteAccount, .listAccounts, .createOperatorKey, .listOperatorKeys, .listAudit,
      .revealAssertionKey, .listProjectRequests, .listMails, .listLeaks,
    ]
    #expect(operations(Set(MemberPermission.allCases)).isDisjoint(with: never))
    #expect(
      operations([.members]).subtracting(operations([])) == [
        .listMembers, .createMember, .getMember, .updateMember, .deleteMember,
      ])
  }
}
