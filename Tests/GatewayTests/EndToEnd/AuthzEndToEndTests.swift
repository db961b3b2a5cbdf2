// ANY /v1/authz/{project} over real sockets.
import Crypto
import KeyModel
import TestSupport
import Testing

struct AuthzEndToEndTests {
  private let world: GatewayWorld

  init() throws { world = try GatewayWorld() }

  private static let identity = [
    "x-latchkey-key", "x-latchkey-account", "x-latchkey-application", "x-latchkey-environment",
    "x-latchkey-access", "x-latchkey-kind", "x-latchkey-assertion",
  ]

  @Test(
    "allow is exactly 200, without a body, with every identity header",
    arguments: [
      "GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH",
    ])
  func allows(method: String) throws {
    let (token, key) = world.issue()
    let headers = ["Authorization: Bearer \(token)", "X-Forwarded-Uri: /v1/a?b"]
    let answer = try #require(world.authz(headers, method: method))
    #expect(answer.status == 200)
    #expect(answer.body.isEmpty)
    #expect(answer["content-length"] == "0")
    for name in Self.identity { #expect(answer[name]?.isEmpty == false) }
    #expect(answer["x-latchkey-key"] == key.id.description)
    #expect(answer["x-latchkey-environment"] == "production")
    #expect(answer["x-latchkey-access"] == "full")
    #expect(answer["x-latchkey-kind"] == "secret")
    #expect(answer["x-request-id"]?.hasPrefix("req_") == true)
    #expect(answer["cache-control"] == "no-store")
  }

  @Test("the assertion is signed with the project's key")
  func assertion() throws {
    let (token, _) = world.issue()
    let answer = try #require(world.authz(["Authorization: Bearer \(token)"]))
    let assertion = try #require(answer["x-latchkey-assertion"])
    let signed = assertion[..<(try #require(assertion.lastIndex(of: ".")))]
    let tag = HMACSHA256(key: world.project.assertionKey).authenticate(Array(signed.utf8))
    #expect(assertion == signed + "." + String(decoding: Base64URL.encode(tag), as: UTF8.self))
  }

  @Test("a refusal is the policy's, or 401 with a challenge")
  func refuses() throws {
    let missing = try #require(world.authz([]))
    #expect(missing.status == 401)
    #expect(missing["www-authenticate"] == "Bearer realm=\"demo\"")
    #expect(missing["content-type"] == "application/problem+json")
    let unknown = try #require(world.authz(["Authorization: Bearer \(world.newToken())"]))
    #expect(unknown.status == 401)
    #expect(unknown["www-authenticate"] == "Bearer realm=\"demo\", error=\"invalid_token\"")
    #expect(unknown["x-latchkey-key"] == nil)
    let (token, key) = world.issue()
    #expect(world.authz(["Authorization: Bearer \(token)"])?.status == 200)
    world.revoke(key)
    #expect(world.authz(["Authorization: Bearer \(token)"])?.status == 401)
    var policy = GatewayWorld.policy()
    policy.errors["missing"] = ErrorTemplate(
      status: 403, headers: [.init(name: "X-Why", value: "{code}")], body: ["status": "fail"])
    let vendor = try GatewayWorld(policy: policy)
    let answer = try #require(vendor.authz([]))
    #expect(answer.status == 403)
    #expect(answer["x-why"] == "missing")
    #expect(answer.text == #"{"status":"fail"}"#)
  }

  @Test("the original method, path and host decide")
  func original() throws {
    let (reading, _) = world.issue { $0.access = .readOnly }
    let read = "Authorization: Bearer \(reading)"
    #expect(world.authz([read, "X-Forwarded-Method: GET"], method: "POST")?.status == 200)
    #expect(world.authz([read, "X-Original-Method: DELETE"])?.status == 403)
    for name in ["X-HTTP-Method-Override", "x_http_method_override", "X.Method.Override"] {
      #expect(world.authz([read, "\(name): DELETE"])?.status == 403, "\(name)")
    }
    #expect(world.authz([read], method: "POST")?.status == 403)
    let (routed, _) = world.issue { $0.routes = [RoutePattern(method: "*", path: "/v1/*")] }
    let route = "Authorization: Bearer \(routed)"
    #expect(world.authz([route, "X-Original-URI: /v1/a?b"])?.status == 200)
    #expect(world.authz([route, "X-Original-URI: /v2/a"])?.status == 403)
    #expect(world.authz([route, "X-Original-URI: /v1/%2e%2e/v2"])?.status == 403)
    // A proxy that tells no path does not open a key that is limited to some.
    #expect(world.authz([route])?.status == 403)
    let (live, _) = world.issue()
    let host = ["Authorization: Bearer \(live)", "X-Forwarded-Host: sandbox.example:443"]
    #expect(world.authz(host)?.status == 401)
    #expect(world.authz([route], path: "/v1/authz/demo/v1/a?mode=nginx")?.status == 200)
    #expect(world.authz([route], path: "/v1/authz/demo/v2/a?mode=nginx")?.status == 403)
  }

  @Test(
    "what contradicts itself is refused",
    arguments: [
      ["X-Forwarded-Uri: /a", "X-Forwarded-Uri: /b"], ["X-Original-URI: /a", "x-original-uri: /a"],
      ["X-Forwarded-Uri: /a", "X-Original-URI: /b"], ["X-Forwarded-Method: GET, POST"],
      ["X-Forwarded-Uri: a"], ["X-Forwarded-Host: a, b"],
    ])
  func refusesAmbiguity(headers: [String]) {
    let (token, _) = world.issue()
    let answer = world.authz(["Authorization: Bearer \(token)"] + headers)
    #expect(answer?.status == 400)
  }

  @Test("underscored and dotted names are never taken for the proxy's")
  func ignoresAliases() {
    let (token, _) = world.issue { $0.access = .readOnly }
    let headers = [
      "Authorization: Bearer \(token)", "X-Forwarded-Method: POST", "X_Forwarded_Method: GET",
      "X.Original.Method: GET",
    ]
    #expect(world.authz(headers)?.status == 403)
  }

  @Test("nginx gets what it passes on")
  func nginxMode() throws {
    let path = "/v1/authz/demo?mode=nginx"
    var policy = GatewayWorld.policy()
    policy.errors["missing"] = ErrorTemplate(
      status: 429, headers: [.init(name: "Retry-After", value: "7")], body: "slow down")
    let world = try GatewayWorld(policy: policy)
    let limited = try #require(world.authz([], path: path))
    #expect(limited.status == 403)
    #expect(limited["x-latchkey-status"] == "429")
    #expect(limited["retry-after"] == "7")
    #expect(world.authz([])?.status == 429)
    #expect(world.authz(["Authorization: Bearer x"], path: path)?.status == 401)
    // nginx asks with GET whatever the call was: without its word the method is not known.
    let (reading, _) = world.issue { $0.access = .readOnly }
    #expect(world.authz(["Authorization: Bearer \(reading)"], path: path)?.status == 403)
    let told = ["Authorization: Bearer \(reading)", "X-Original-Method: GET"]
    #expect(world.authz(told, path: path)?.status == 200)
  }

  @Test("a mode that there is none of is refused, whatever the key", arguments: ["envoy", ""])
  func unknownMode(mode: String) throws {
    let (token, _) = world.issue()
    let answer = try #require(
      world.authz(["Authorization: Bearer \(token)"], path: "/v1/authz/demo?mode=\(mode)"))
    #expect(answer.status == 400)
    #expect(answer.json?["code"] == "validation_failed")
    #expect(answer.json?["errors"]?.array?.first?["parameter"] == "mode")
    #expect(answer.json?["detail"] == "The parameter mode must be nginx, once, or be left out.")
    #expect(answer["x-latchkey-key"] == nil)
    // With the call's own path behind the project, the query is the call's own too.
    let own = world.authz(
      ["Authorization: Bearer \(token)"], path: "/v1/authz/demo/v1/a?mode=\(mode)")
    #expect(own?.status == 200)
  }

  @Test("the host that a proxy tells may end in a dot")
  func trailingDot() {
    let (token, _) = world.issue(environment: 1)
    let host = "X-Forwarded-Host: sandbox.example.:443"
    #expect(world.authz(["Authorization: Bearer \(token)", host])?.status == 200)
    let (live, _) = world.issue()
    #expect(world.authz(["Authorization: Bearer \(live)", host])?.status == 401)
  }

  @Test("unknown projects and other paths are not found")
  func notFound() {
    #expect(world.authz([], path: "/v1/authz/none")?.status == 404)
    #expect(world.authz([], path: "/v1/authz/")?.status == 404)
    let nginx = world.authz([], path: "/v1/authz/none?mode=nginx")
    #expect(nginx?.status == 403)
    #expect(nginx?["x-latchkey-status"] == "404")
  }
}
