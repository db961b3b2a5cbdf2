// POST /v1/verify over real sockets.
import HTTPServer
import KeyModel
import TestSupport
import Testing

struct VerifyEndToEndTests {
  private let world: GatewayWorld
  private let operatorToken: String

  init() throws {
    world = try GatewayWorld()
    operatorToken = world.operatorKey()
  }

  private func verify(_ body: String) -> Answer? { world.verify(body, operator: operatorToken) }

  @Test("a valid key is named in full; after its revocation it is refused")
  func validThenRevoked() throws {
    let (token, key) = world.issue()
    let answer = try #require(verify("{\"project\":\"demo\",\"key\":\"\(token)\"}"))
    #expect(answer.status == 200)
    #expect(answer["content-type"] == "application/json")
    #expect(answer["cache-control"] == "no-store")
    #expect(answer["x-content-type-options"] == "nosniff")
    #expect(answer["x-request-id"]?.hasPrefix("req_") == true)
    #expect(answer.json?["valid"]?.bool == true)
    #expect(answer.json?["code"]?.string == "valid")
    #expect(answer.json?["key_id"]?.string == key.id.description)
    #expect(answer.json?["version_id"]?.string == key.versions[0].id.description)
    #expect(answer.json?["account_id"]?.string == world.account.id.description)
    #expect(answer.json?["environment"]?.string == "production")
    #expect(answer.json?["quota"] == .null)
    world.revoke(key)
    let after = try #require(verify("{\"project\":\"demo\",\"key\":\"\(token)\"}"))
    #expect(after.status == 200)
    #expect(after.json?["valid"]?.bool == false)
    #expect(after.json?["code"]?.string == "revoked")
    #expect(after.json?["key_id"]?.string == key.id.description)
  }

  @Test("headers stand for the call's own, and a brand of the account is told")
  func byHeaders() throws {
    let (token, _) = world.issue(environment: 1)
    let call = """
      {"project":"demo","headers":{"authorization":"Bearer \(token)","x-brand":"north"},\
      "method":"GET","path":"/v1/a"
      """
    #expect(verify(call + "}")?.json?["brand"]?.string == "north")
    #expect(verify(call + ",\"brand\":\"south\"}")?.json?["brand"] == .null)
    #expect(verify(call + ",\"host\":\"SANDBOX.example:1\"}")?.json?["code"]?.string == "valid")
    let (live, _) = world.issue()
    let wrong = """
      {"project":"demo","key":"\(live)","host":"sandbox.example"}
      """
    #expect(verify(wrong)?.json?["code"]?.string == "wrong_environment")
    let nothing = verify("{\"project\":\"demo\",\"headers\":{}}")
    #expect(nothing?.json?["code"]?.string == "missing")
  }

  @Test("codes tell why a key is refused")
  func codes() throws {
    func code(_ token: String, _ more: String = "") -> String? {
      verify("{\"project\":\"demo\",\"key\":\"\(token)\"\(more)}")?.json?["code"]?.string
    }
    #expect(code("garbage") == "malformed")
    #expect(code(String(world.newToken().dropLast()) + "!") == "malformed")
    #expect(code(world.newToken()) == "not_found")
    let (reading, _) = world.issue { $0.access = .readOnly }
    #expect(code(reading, ",\"method\":\"GET\"") == "valid")
    #expect(code(reading, ",\"method\":\"POST\"") == "read_only")
    #expect(code(reading, ",\"method\":\"GET\",\"path\":\"/a?_method=DELETE\"") == "read_only")
    let (routed, _) = world.issue { $0.routes = [RoutePattern(method: "GET", path: "/v1/*")] }
    #expect(code(routed, ",\"method\":\"GET\",\"path\":\"/v1/a\"") == "valid")
    #expect(code(routed, ",\"method\":\"GET\",\"path\":\"/v2/a\"") == "route_not_allowed")
    let (expired, _) = world.issue { $0.expiresAt = Timestamp(seconds: 1) }
    #expect(code(expired) == "expired")
  }

  @Test("an answer about a bare key says what of the call it leaves open")
  func unchecked() throws {
    func ask(_ token: String, _ more: String = "") -> String? {
      let body = verify("{\"project\":\"demo\",\"key\":\"\(token)\"\(more)}")?.json
      let open = body?["unchecked"]?.array?.compactMap(\.string).joined(separator: ",")
      return open.map { "\(body?["code"]?.string ?? "") \($0)" }
    }
    let host = ",\"host\":\"api.example\""
    let whole = host + ",\"method\":\"GET\",\"path\":\"/v1/a\""
    let (plain, _) = world.issue()
    #expect(ask(plain) == "valid host")
    #expect(ask(plain, host) == "valid ")
    let (reading, _) = world.issue { $0.access = .readOnly }
    #expect(ask(reading, host) == "valid method")
    #expect(ask(reading, whole) == "valid ")
    let (routed, _) = world.issue { $0.routes = [RoutePattern(method: "GET", path: "/v1/*")] }
    #expect(ask(routed) == "valid method,path,host")
    #expect(ask(routed, host + ",\"path\":\"/v1/a\"") == "valid method")
    #expect(ask(routed, host + ",\"path\":\"/v2/a\"") == "route_not_allowed ")
    #expect(ask(routed, whole) == "valid ")
    let (widget, _) = world.issue(kind: .publishable)
    #expect(ask(widget, host) == "valid method,path")
    #expect(ask(widget, whole) == "route_not_allowed ")
    #expect(ask(world.newToken()) == "not_found ")
  }

  @Test("what is wrong with a body is one sentence, with its place beside it")
  func sentences() throws {
    let bodies = [
      ("{}", "/project is required.", "/project"),
      ("[]", "The body must be an object.", ""),
      ("{\"project\":\"demo\",\"kay\":1}", "/kay is not a field of this request.", "/kay"),
      ("{", "The body is not JSON: a member's name is expected at byte 1.", ""),
    ]
    for (body, detail, pointer) in bodies {
      let answer = try #require(verify(body)?.json)
      #expect(answer["detail"]?.string == detail)
      #expect(answer["errors"]?.array?.first?["pointer"]?.string == pointer)
    }
  }

  @Test("who asks must be an operator that may")
  func operators() throws {
    let (token, _) = world.issue()
    let body = "{\"project\":\"demo\",\"key\":\"\(token)\"}"
    let nobody = try #require(world.verify(body, operator: nil))
    #expect(nobody.status == 401)
    #expect(nobody["www-authenticate"] == "Bearer realm=\"latchkey\"")
    #expect(nobody["content-type"] == "application/problem+json")
    #expect(nobody.json?["code"]?.string == "unauthorized")
    let unknown = world.verify(body, operator: String(operatorToken.dropLast()) + "x")
    #expect(unknown?.status == 401)
    #expect(unknown?["www-authenticate"]?.contains("invalid_token") == true)
    let forbidden = world.verify(body, operator: world.operatorKey(mayVerify: false))
    #expect(forbidden?.status == 403)
    #expect(forbidden?.json?["code"]?.string == "insufficient_scope")
    let bound = world.operatorKey(bound: world.project.id)
    #expect(world.verify(body, operator: bound)?.status == 200)
    let elsewhere = world.operatorKey(bound: ProjectID(bits: 77))
    let hidden = world.verify(body, operator: elsewhere)
    let missing = verify("{\"project\":\"none\",\"key\":\"\(token)\"}")
    #expect(hidden?.status == 404)
    #expect(missing?.status == 404)
    #expect(hidden?.json?["detail"] == missing?.json?["detail"])
  }

  @Test("other methods, types and sizes are refused, and the connection stays usable")
  func refusals() throws {
    let client = RawClient(port: world.api)
    client.send("GET /v1/verify HTTP/1.1\r\nHost: a\r\n\r\n")
    let method = try #require(client.receiveAnswer())
    #expect(method.status == 405)
    #expect(method["allow"] == "POST")
    let start = "POST /v1/verify HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \(operatorToken)\r\n"
    client.send(start + "Content-Type: text/plain\r\nContent-Length: 2\r\n\r\n{}")
    #expect(client.receiveAnswer()?.status == 415)
    client.send(start + "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}")
    let invalid = try #require(client.receiveAnswer())
    #expect(invalid.status == 400)
    #expect(invalid.json?["errors"]?.array?.first?["pointer"]?.string == "/project")
    let large = "Content-Type: application/json\r\nContent-Length: 65537\r\n\r\n"
    client.send(start + large)
    #expect(client.receiveAnswer()?.status == 413)
  }

  @Test("a chunked body above the limit is refused while it comes")
  func chunkedTooLarge() {
    let client = RawClient(port: world.api)
    client.send(
      """
      POST /v1/verify HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \(operatorToken)\r\n\
      Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n
      """)
    let chunk = "4000\r\n" + String(repeating: " ", count: 0x4000) + "\r\n"
    for _ in 0..<5 { client.send(chunk) }
    #expect(client.receiveAnswer()?.status == 413)
  }

  @Test("pipelined verifies are answered in order, an Idempotency-Key notwithstanding")
  func pipelined() throws {
    let (token, key) = world.issue()
    let bodies = [
      "{\"project\":\"demo\",\"key\":\"\(token)\"}", "{\"project\":\"demo\",\"key\":\"x\"}",
    ]
    let client = RawClient(port: world.api)
    var requests = ""
    for index in 0..<20 {
      let body = bodies[index % 2]
      requests += """
        POST /v1/verify HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \(operatorToken)\r\n\
        Content-Type: application/json\r\nIdempotency-Key: "same"\r\n\
        Content-Length: \(body.utf8.count)\r\n\r\n\(body)
        """
    }
    client.send(requests)
    for index in 0..<20 {
      let answer = try #require(client.receiveAnswer())
      #expect(answer.json?["valid"]?.bool == (index % 2 == 0))
      if index % 2 == 0 { #expect(answer.json?["key_id"]?.string == key.id.description) }
    }
  }
}
