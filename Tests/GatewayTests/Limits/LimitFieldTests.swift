// The RateLimit fields over real sockets, read by a parser of their syntax.
import HTTPServer
import KeyModel
import TestSupport
import Testing

struct LimitFieldTests {
  private let world: GatewayWorld
  private let upstream = TinyUpstream()

  init() throws {
    var policy = GatewayWorld.policy()
    policy.rates = [
      Rate(calls: 3, seconds: 60, scope: .key, route: nil, countRefused: false),
      Rate(calls: 100, seconds: 60, scope: .account, route: nil, countRefused: false),
      Rate(calls: 50, seconds: 60, scope: .account, route: nil, countRefused: false),
      Rate(
        calls: 9, seconds: 1, scope: .account,
        route: RoutePattern(method: "POST", path: "/documents"), countRefused: false),
    ]
    policy.concurrency = Concurrency(max: 5, scope: .application)
    world = try GatewayWorld(policy: policy, upstream: upstream.url)
  }

  private func call(_ token: String, _ path: String = "/x", method: String = "GET") -> Answer? {
    world.call(path, method: method, with: token)
  }

  private func items(_ answer: Answer?, _ name: String) throws -> [StructuredItem] {
    let values = try #require(answer?.headers[name])
    try #require(values.count == 1)
    return try #require(StructuredField.list(values[0]), "\(values[0])")
  }

  @Test("an admitted call is told every limit that was asked, and what is left of it")
  func admitted() throws {
    defer { upstream.stop() }
    let token = world.issue().token
    _ = call(token)
    let answer = call(token)
    let policies = try items(answer, "ratelimit-policy")
    #expect(policies.map(\.name) == ["key-60s", "account-60s", "account-60s-2", "in-flight"])
    #expect(policies.map { $0.integer("q") } == [3, 100, 50, 5])
    #expect(policies.map { $0.integer("w") } == [60, 60, 60, nil])
    #expect(policies[3].parameters["qu"] == .string("concurrent-requests"))
    let left = try items(answer, "ratelimit")
    #expect(left.map(\.name) == policies.map(\.name))
    #expect(left.map { $0.integer("r") } == [1, 98, 48, 4])
    #expect(left[0].integer("t").map { (39...40).contains($0) } == true)
    #expect(left[3].integer("t") == nil)
  }

  @Test("a rule with a route is told to its calls only")
  func routes() throws {
    defer { upstream.stop() }
    let answer = call(world.issue().token, "/documents", method: "POST")
    let names = try items(answer, "ratelimit").map(\.name)
    #expect(names.contains("account-1s"))
    #expect(try items(answer, "ratelimit-policy").map(\.name) == names)
  }

  @Test("a refused call is told the limit that refused it, no later than Retry-After")
  func refused() throws {
    defer { upstream.stop() }
    let token = world.issue().token
    for _ in 0..<3 { _ = call(token) }
    let answer = try #require(call(token))
    #expect(answer.status == 429)
    let left = try items(answer, "ratelimit")
    #expect(left.map(\.name) == ["key-60s"])
    #expect(left[0].integer("r") == 0)
    #expect(left[0].integer("t").map(String.init) == answer["retry-after"])
    #expect(try items(answer, "ratelimit-policy").contains { $0.name == "key-60s" })
  }

  @Test("partition keys tell callers apart and hold nothing of their ids")
  func partitions() throws {
    defer { upstream.stop() }
    let (one, two) = (world.issue(), world.issue())
    let first = try items(call(one.token), "ratelimit")
    let again = try items(call(one.token), "ratelimit")
    let other = try items(call(two.token), "ratelimit")
    #expect(first.map { $0.parameters["pk"] } == again.map { $0.parameters["pk"] })
    #expect(first[0].parameters["pk"] != other[0].parameters["pk"])
    #expect(first[1].parameters["pk"] == other[1].parameters["pk"])
    for item in first {
      guard case .bytes(let text) = item.parameters["pk"] else {
        Issue.record("no partition key")
        continue
      }
      #expect(text.count == 8)
    }
  }

  @Test("who is not let in for another reason is told no limits; nor is a policy without any")
  func silent() throws {
    defer { upstream.stop() }
    #expect(call("nonsense")?["ratelimit"] == nil)
    var project = world.project
    (project.policy.rates, project.policy.concurrency) = ([], nil)
    world.apply(.project(project))
    let answer = try #require(call(world.issue().token))
    #expect(answer.status == 200 && answer["ratelimit-policy"] == nil)
  }

  @Test("authz tells them to the proxy, on both answers")
  func authz() throws {
    defer { upstream.stop() }
    let headers = ["Authorization: Bearer \(world.issue().token)", "X-Forwarded-Uri: /x"]
    let left = try items(world.authz(headers), "ratelimit")
    #expect(left.first?.integer("r") == 2)
    for _ in 0..<2 { _ = world.authz(headers) }
    #expect(try items(world.authz(headers), "ratelimit").map { $0.integer("r") } == [0])
  }

  @Test("an answer to HEAD and one that fails at the upstream have them too")
  func otherAnswers() throws {
    defer { upstream.stop() }
    let token = world.issue().token
    #expect(try items(call(token, "/size/5", method: "HEAD"), "ratelimit").count == 4)
    let broken = call(token, "/garbage")
    #expect(broken?.status == 502)
    #expect(try items(broken, "ratelimit")[0].integer("r") == 1)
  }
}
