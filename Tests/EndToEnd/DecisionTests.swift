// Every verify code from end to end, and the same decisions at the three doors: verify call,
// forward-auth and gateway.
import Foundation
import Testing

@Suite("Decisions", .serialized)
struct DecisionTests {
  let world: World
  init() throws { world = try World() }

  @Test("valid: the answer names key, version, account, application, environment and more")
  func valid() throws {
    let key = try world.issue("sandbox", ["access": "read_only"])
    let answer = try world.verify(["key": key.secret])
    #expect(answer["valid"].bool == true)
    #expect(answer["code"].string == "valid")
    #expect(answer["key_id"].string == key.id)
    #expect(answer["version_id"].string?.hasPrefix("ver_") == true)
    #expect(answer["account_id"].string == world.account)
    #expect(answer["application_id"].string?.hasPrefix("app_") == true)
    #expect(answer["environment"].string == "sandbox")
    #expect(answer["kind"].string == "secret")
    #expect(answer["access"].string == "read_only")
    #expect(answer.names.isSuperset(of: ["brand", "quota"]))
  }

  @Test("missing: no credential, or headers without one")
  func missing() throws {
    #expect(try world.verify(["headers": [String: String]()])["code"].string == "missing")
    #expect(try world.verify(["headers": ["Accept": "*/*"]])["code"].string == "missing")
  }

  @Test("malformed: a wrong prefix, alphabet, length or checksum")
  func malformed() throws {
    let secret = try world.issue().secret
    let last = secret.last == "a" ? "b" : "a"
    for wrong in [
      "nonsense", "x" + secret, secret + "a", String(secret.dropLast()),
      secret.dropLast() + last, secret.replacingOccurrences(of: "dm_sk_", with: "dm_xx_"),
      secret.dropLast(3) + "é!",
    ] {
      #expect(try world.code(wrong) == "malformed", "\(wrong.count) characters")
    }
  }

  @Test("not_found: well-formed but unknown, a key of another installation")
  func notFound() throws {
    let stranger = try World()
    #expect(try world.code(stranger.issue().secret) == "not_found")
  }

  @Test("revoked: by the key's own revocation, at once")
  func revoked() throws {
    let key = try world.issue()
    #expect(try world.code(key.secret) == "valid")
    try world.revoke(key)
    let answer = try world.verify(["key": key.secret])
    #expect(answer["code"].string == "revoked")
    #expect(answer["valid"].bool == false)
    #expect(answer["key_id"].string == key.id)
  }

  @Test("expired: when the time given at creation has come")
  func expired() throws {
    let format = ISO8601DateFormatter()
    let end = format.string(from: Date(timeIntervalSinceNow: 3))
    let key = try world.issue("production", ["expires_at": end])
    #expect(try world.code(key.secret) == "valid")
    #expect(try poll(seconds: 6) { try world.code(key.secret) == "expired" })
    #expect(try world.call("/echo", key: key.secret).status == 401)
  }

  @Test("wrong_environment: a production key at the sandbox's host")
  func wrongEnvironment() throws {
    let key = try world.issue("production")
    let host = TwoEnvironments.sandboxHost
    let headers = ["Authorization": "Bearer \(key.secret)"]
    let answer = try world.verify(["headers": headers, "host": host])
    #expect(answer["code"].string == "wrong_environment")
    let refused = try world.call("/echo", key: key.secret, headers: ["Host: \(host)"])
    #expect(refused.status == 401)
    let sandbox = try world.issue("sandbox")
    #expect(try world.call("/echo", key: sandbox.secret, headers: ["Host: \(host)"]).status == 200)
  }

  @Test("read_only: refused for all but GET, HEAD and OPTIONS, however the method is disguised")
  func readOnly() throws {
    let key = try world.issue("production", ["access": "read_only"])
    for method in ["GET", "HEAD", "OPTIONS"] {
      #expect(try world.call("/echo", key: key.secret, method: method).status == 200, "\(method)")
    }
    for method in ["POST", "PUT", "PATCH", "DELETE"] {
      #expect(try world.call("/echo", key: key.secret, method: method).status == 403, "\(method)")
    }
    for target in ["/echo?_method=DELETE", "/echo?%5Fmethod=PUT", "/echo?a=1&_Method=post"] {
      #expect(try world.call(target, key: key.secret).status == 403, "\(target)")
    }
    let headers = ["X-HTTP-Method-Override: DELETE"]
    #expect(try world.call("/echo", key: key.secret, headers: headers).status == 403)
    let answer = try world.verify(["key": key.secret, "method": "POST", "path": "/echo"])
    #expect(answer["code"].string == "read_only")
  }

  @Test("route_not_allowed: outside a key's routes, and a publishable key outside the policy's")
  func routes() throws {
    let routes = [["method": "GET", "path": "/echo/reports*"]]
    let key = try world.issue("production", ["routes": routes])
    #expect(try world.call("/echo/reports/7", key: key.secret).status == 200)
    #expect(try world.call("/echo/orders", key: key.secret).status == 403)
    #expect(try world.call("/echo/reports/7", key: key.secret, method: "POST").status == 403)
    let publishable = try world.issue("production", ["kind": "publishable"])
    #expect(publishable.secret.hasPrefix("dm_pk_"))
    let widget = try world.call("/echo/widget/start", key: publishable.secret, method: "POST")
    #expect(widget.status == 200)
    #expect(try world.call("/echo/orders", key: publishable.secret).status == 403)
    let answer = try world.verify(["key": publishable.secret, "method": "GET", "path": "/x"])
    #expect(answer["code"].string == "route_not_allowed")
  }

  @Test("account_suspended: while the account is, and not after")
  func suspended() throws {
    let key = try world.issue()
    let path = "/v1/accounts/\(world.account)"
    try world.latchkey.expect(200, "PATCH", path, ["state": "suspended"])
    #expect(try world.code(key.secret) == "account_suspended")
    #expect(try world.call("/echo", key: key.secret).status == 403)
    try world.latchkey.expect(200, "PATCH", path, ["state": "active"])
    #expect(try world.code(key.secret) == "valid")
  }

  @Test("Forward-auth allows with an empty 200 and every identity header, and denies as the policy")
  func authz() throws {
    let key = try world.issue()
    let url = world.latchkey.api + "/v1/authz/demo"
    let original = [
      "X-Forwarded-Method: GET", "X-Forwarded-Uri: /echo", "X-Forwarded-Host: api.test",
    ]
    let allowed = try Curl.json("GET", url, token: key.secret, headers: original)
    #expect(allowed.status == 200)
    #expect(allowed.body.isEmpty)
    for name in ["Key", "Account", "Application", "Environment", "Access", "Kind", "Assertion"] {
      #expect(allowed.header("X-Latchkey-\(name)")?.isEmpty == false, "\(name)")
    }
    #expect(allowed.header("X-Latchkey-Key") == key.id)
    #expect(try Curl.json("GET", url, headers: original).status == 401)
    #expect(try Curl.json("GET", url, token: "dm_sk_nonsense", headers: original).status == 401)
    try world.revoke(key)
    #expect(try Curl.json("GET", url, token: key.secret, headers: original).status == 401)
  }

  @Test("The gateway strips the credential and forged identity headers, and sets its own")
  func identity() throws {
    let key = try world.issue()
    let forged = [
      "X-Latchkey-Account: acc_forged", "x-latchkey-account: acc_forged2",
      "X_Latchkey_Account: acc_forged3", "X-Latchkey-Admin: yes", "X-Brand: north",
      "Connection: X-Latchkey-Key",
    ]
    let answer = try world.call("/echo", key: key.secret, headers: forged)
    #expect(answer.status == 200)
    let headers = try #require(answer.json()["headers"].array)
    var seen: [String: [String]] = [:]
    for pair in headers {
      let name = try pair[0].text().lowercased().replacingOccurrences(of: "_", with: "-")
      seen[name, default: []].append(try pair[1].text())
    }
    #expect(seen["authorization"] == nil)
    #expect(seen["x-latchkey-account"] == [world.account])
    #expect(seen["x-latchkey-key"] == [key.id])
    #expect(seen["x-latchkey-admin"] == nil)
    #expect(!answer.text.contains("forged") && !answer.text.contains(key.secret))
  }

  /// Environments without hosts: a host belongs to one project.
  private static var otherPrefixes: [[String: Any]] {
    let environments = TwoEnvironments.policy["environments"] as? [[String: Any]] ?? []
    return environments.map { $0.merging(["hosts": [String]()]) { $1 } }
  }

  @Test("A verify says nothing of a key of another project")
  func otherProject() throws {
    let key = try world.issue()
    try world.latchkey.expect(
      201, "POST", "/v1/projects",
      ["slug": "other", "name": "Other", "policy": ["environments": Self.otherPrefixes]])
    let answer = try world.latchkey.expect(
      200, "POST", "/v1/verify", ["project": "other", "key": key.secret])
    #expect(answer["code"].string == "not_found")
    #expect(answer["account_id"].string == nil)
  }
}
