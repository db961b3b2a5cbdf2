// The profile `truework` held to the vendor's own statements, by their numbers. Must not test what
// other suites test on the default profile.
import Foundation
import Testing

@Suite("Profile truework", .serialized)
struct TrueworkTests {
  static let hosts = ["production": "api.truework.com", "sandbox": "api.truework-sandbox.com"]
  let world: World
  init() throws { world = try World(profile: "truework", policy: [:]) }

  private func call(
    _ secret: String?, host: String = "api.truework.com", path: String = "/echo"
  ) throws -> Answer {
    try world.call(path, key: secret, headers: ["Host: \(host)"])
  }

  private func message(of answer: Answer) throws -> String {
    let json = try answer.json()
    #expect(json.names == ["error"])
    #expect(json["error"].names == ["message"])
    return try json["error"]["message"].text()
  }

  @Test(
    "TW-1 TW-2 TW-3 Secret and publishable keys have the vendor's prefixes and ≥ 32 random bytes",
    arguments: ["production", "sandbox"], ["secret", "publishable"])
  func forms(environment: String, kind: String) throws {
    let secret = try world.issue(environment, ["kind": kind]).secret
    let prefix =
      (kind == "secret" ? "tw_sk_" : "tw_pk_") + (environment == "sandbox" ? "test_" : "")
    #expect(secret.hasPrefix(prefix))
    let body = secret.dropFirst(prefix.count)
    #expect(body.count >= 43)
    #expect(body.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_".contains($0)) })
    if environment == "production" { #expect(!secret.hasPrefix(prefix + "test_")) }
  }

  @Test("TW-5 A key has an optional description; an environment takes any number of keys")
  func description() throws {
    let described = try world.issue("sandbox", ["description": "for the nightly import"])
    let key = try world.latchkey.expect(200, "GET", "/v1/keys/\(described.id)")
    #expect(key["description"].string == "for the nightly import")
    for _ in 0..<25 { _ = try world.issue("sandbox") }
  }

  @Test("TW-6 A key can be read again later")
  func reveal() throws {
    let key = try world.issue()
    let revealed = try world.latchkey.expect(200, "POST", "/v1/keys/\(key.id)/reveal", [:])
    #expect(revealed["secret"].string == key.secret)
  }

  @Test("TW-7 Revoking is immediate and cannot be undone")
  func revoke() throws {
    let key = try world.issue()
    #expect(try call(key.secret).status == 200)
    try world.revoke(key)
    #expect(try call(key.secret).status == 401)
    let patched = try world.latchkey.call("PATCH", "/v1/keys/\(key.id)", ["state": "active"])
    #expect((400...499).contains(patched.status))
    #expect(try call(key.secret).status == 401)
  }

  @Test("TW-8 There is no reset in place; rotation is to create a new key and revoke the old")
  func rotation() throws {
    let old = try world.issue()
    let reset = try world.latchkey.call("POST", "/v1/keys/\(old.id)/reset", [:])
    #expect(reset.status == 409)
    #expect(try reset.json()["code"].string == "rotation_mode_disabled")
    let new = try world.issue()
    try world.revoke(old)
    #expect(try call(new.secret).status == 200)
    #expect(try call(old.secret).status == 401)
    #expect(try world.latchkey.expect(200, "GET", "/v1/keys/\(new.id)")["expires_at"].string == nil)
  }

  @Test("TW-9 Sandbox and production each have keys of their own")
  func environments() throws {
    _ = (try world.issue("sandbox"), try world.issue("production"))
    for name in ["sandbox", "production"] {
      let keys = try world.latchkey.expect(
        200, "GET", "/v1/accounts/\(world.account)/keys?environment=\(name)")
      #expect(keys["data"].array?.map { $0["environment"].string } == [name])
    }
  }

  @Test("TW-10 The credential is a bearer token, in any case of the scheme's name")
  func bearer() throws {
    let key = try world.issue()
    #expect(try call(key.secret).status == 200)
    let host = "Host: api.truework.com"
    #expect(
      try world.call("/echo", headers: [host, "Authorization: bearer \(key.secret)"]).status == 200)
    for wrong in ["Basic \(key.secret)", "Token \(key.secret)", key.secret] {
      #expect(try world.call("/echo", headers: [host, "Authorization: \(wrong)"]).status == 401)
    }
    #expect(try world.call("/echo", headers: [host, "X-Api-Key: \(key.secret)"]).status == 401)
  }

  @Test("TW-11 TW-12 A key works on its environment's host only; elsewhere it is 401")
  func hosts() throws {
    for (environment, host) in Self.hosts {
      let key = try world.issue(environment)
      #expect(try call(key.secret, host: host).status == 200)
      let other = try #require(Self.hosts.first { $0.key != environment }).value
      let refused = try call(key.secret, host: other)
      #expect(refused.status == 401)
      _ = try message(of: refused)
    }
  }

  @Test("TW-13 Missing, invalid and revoked credentials are 401 with the message in its envelope")
  func unauthorized() throws {
    let gone = try world.issue()
    try world.revoke(gone)
    for secret in [nil, "nonsense", "tw_sk_" + String(repeating: "a", count: 43), gone.secret] {
      let answer = try call(secret)
      #expect(answer.status == 401)
      #expect(answer.header("Content-Type")?.hasPrefix("application/json") == true)
      let text = try message(of: answer)
      if secret != nil { #expect(text == "Invalid token.") }
    }
  }

  @Test("TW-14 Errors of an upstream that is down have the gateway's status and leak no credential")
  func upstreamDown() throws {
    let key = try world.issue()
    let nobody = "http://127.0.0.1:\(try freePort())"
    try world.latchkey.expect(200, "PATCH", "/v1/projects/demo", ["upstream": nobody])
    let answer = try call(key.secret)
    #expect(answer.status == 502)
    #expect(!answer.text.contains(key.secret))
  }

  @Test("TW-15 TW-16 A publishable key presented as a bearer on the API is refused with 403")
  func publishable() throws {
    let key = try world.issue("production", ["kind": "publishable"])
    let refused = try call(key.secret, path: "/echo/verification-requests")
    #expect(refused.status == 403)
    _ = try message(of: refused)
  }

  @Test("TW-30 Ten calls a second per account, all keys together; more are 429 in the envelope")
  func accountRate() throws {
    let keys = try (0..<2).map { _ in try world.issue() }
    let started = Date()
    let answers = try (0..<4).flatMap { round in
      try world.burst(
        10, ["Host: api.truework.com", "Authorization: Bearer \(keys[round % 2].secret)"])
    }
    // What the second gives back while the calls are made.
    let regained = Int(Date().timeIntervalSince(started) * 10) + 1
    let passed = answers.count { $0.status == 200 }
    #expect(passed >= 10 && passed <= 10 + regained)
    let refused = try #require(answers.first { $0.status == 429 })
    _ = try message(of: refused)
  }

  @Test("TW-30 Ten calls a second per source address, of all accounts together")
  func addressRate() throws {
    let other = try world.latchkey.expect(
      201, "POST", "/v1/projects/demo/accounts", ["name": "Other"])
    let key = try world.issue()
    let second = try world.latchkey.expect(
      201, "POST", "/v1/accounts/\(other["id"].text())/keys", ["environment": "production"])
    let started = Date()
    let codes = try (0..<2).flatMap { round in
      let secret = round == 0 ? key.secret : try second["secret"].text()
      return try (0..<9).map { _ in
        try world.verify(["key": secret, "address": "192.0.2.7"])["code"].text()
      }
    }
    let regained = Int(Date().timeIntervalSince(started) * 10) + 1
    let passed = codes.count { $0 == "valid" }
    #expect(passed <= 10 + regained)
    // Another address has its own ten.
    let elsewhere = ["key": try second["secret"].text(), "address": "192.0.2.8"]
    if passed < 18 { #expect(codes.contains("rate_limited")) }
    #expect(try ["valid", "rate_limited"].contains(world.verify(elsewhere)["code"].text()))
  }

  @Test("TW-31 A 429 says when to come back, and then a call passes")
  func retryAfter() throws {
    let key = try world.issue()
    let headers = ["Host: api.truework.com", "Authorization: Bearer \(key.secret)"]
    let answers = try world.burst(40, headers)
    let refused = try #require(answers.last { $0.status == 429 })
    #expect(refused.header("Retry-After") == "1")
    Thread.sleep(forTimeInterval: 1)
    #expect(try call(key.secret).status == 200)
  }
}
