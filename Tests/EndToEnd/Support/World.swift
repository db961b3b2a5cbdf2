// What most tests stand on: a server with one project, one account and an upstream behind it.
import Foundation

struct IssuedKey: Sendable {
  var id: String
  var secret: String
}

final class World: Sendable {
  let latchkey: Latchkey
  let upstream: String
  let project: String
  let account: String
  /// Nil where the clock is the machine's.
  let clock: ShiftedClock?
  private let echo: EchoServer?

  /// - Parameters:
  ///   - upstream: nil: an echo server.
  ///   - clock: makes the server's clock movable, in the folder it is given.
  init(
    _ store: Store = .sqlite, profile: String = "default", upstream: String? = nil,
    policy: [String: Any] = TwoEnvironments.policy, hosts: [String] = [], arguments: [String] = [],
    clock makeClock: ((Folder) throws -> ShiftedClock)? = nil
  ) throws {
    echo = upstream == nil ? try EchoServer() : nil
    self.upstream = upstream ?? echo!.url
    let installation = try Installation(store)
    clock = try makeClock?(installation.folder)
    latchkey = try Latchkey(
      installation, arguments: arguments, environment: clock?.environment ?? [:])
    project = "demo"
    account = try World.populate(
      latchkey, profile: profile, upstream: self.upstream, policy: policy, hosts: hosts)
  }

  private static func populate(
    _ latchkey: Latchkey, profile: String, upstream: String, policy: [String: Any], hosts: [String]
  ) throws -> String {
    var body: [String: Any] = [
      "slug": "demo", "name": "Demo", "profile": profile, "upstream": upstream,
    ]
    if !policy.isEmpty { body["policy"] = policy }
    if !hosts.isEmpty { body["hosts"] = hosts }
    try latchkey.expect(201, "POST", "/v1/projects", body)
    let made = try latchkey.expect(
      201, "POST", "/v1/projects/demo/accounts", ["name": "Acme", "brands": ["north"]])
    return try made["id"].text()
  }

  func issue(_ environment: String = "production", _ more: [String: Any] = [:]) throws -> IssuedKey
  {
    let body = more.merging(["environment": environment]) { $1 }
    let made = try latchkey.expect(201, "POST", "/v1/accounts/\(account)/keys", body)
    return IssuedKey(id: try made["id"].text(), secret: try made["secret"].text())
  }

  func revoke(_ key: IssuedKey) throws {
    try latchkey.expect(204, "DELETE", "/v1/keys/\(key.id)")
  }

  /// Of the clients of every call on record, once there is one.
  func addresses() throws -> [String?] {
    var found: [String?] = []
    let path = "/v1/accounts/\(account)/requests"
    _ = try poll(seconds: 10) {
      let rows = try latchkey.expect(200, "GET", path)["data"].array ?? []
      found = rows.map { $0["address"].string }
      return !found.isEmpty
    }
    return found
  }

  /// `POST /v1/verify`, whole answer.
  func verify(_ body: [String: Any]) throws -> JSON {
    try latchkey.expect(200, "POST", "/v1/verify", body.merging(["project": project]) { $1 })
  }

  func code(_ secret: String) throws -> String { try verify(["key": secret])["code"].text() }

  /// A call through the gateway.
  func call(
    _ path: String, key: String? = nil, method: String = "GET", headers: [String] = [],
    arguments: [String] = []
  ) throws -> Answer {
    var options = ["--request", method] + arguments
    if method == "HEAD" { options = ["--head"] + arguments }
    if let key { options += ["--header", "Authorization: Bearer \(key)"] }
    for header in headers { options += ["--header", header] }
    return try Curl.call(latchkey.gateway + path, options)
  }
}
