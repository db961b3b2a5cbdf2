// Answers to refused calls: the policy's own, and problem+json where it says nothing.
import KeyModel
import Testing

@testable import Gateway

struct DenialPlanTests {
  private struct Answer {
    var status: Int
    var head: String
    var body: String
    var json: JSONValue? { try? JSONReader.read(body) }
  }

  private func answer(
    _ code: DecisionCode, _ policy: Policy = Policy(), mode: DenialMode = .plain,
    retryAfter: Int64? = nil
  ) -> Answer {
    let head = OutputBuffer()
    let body = OutputBuffer()
    var facts = DenialFacts(requestID: sampleRequestID())
    facts.retryAfterSeconds = retryAfter
    let status = DenialPlan(policy: policy, realm: "demo").write(
      code, facts: facts, mode: mode, head: head, body: body)
    return Answer(status: status, head: head.text, body: body.text)
  }

  @Test(
    "without a policy the answer is a problem document",
    arguments: [
      (DecisionCode.missing, 401, "missing"), (.malformed, 401, "invalid"),
      (.notFound, 401, "invalid"), (.revoked, 401, "invalid"), (.expired, 401, "expired"),
      (.wrongEnvironment, 401, "wrong_environment"), (.readOnly, 403, "read_only"),
      (.routeNotAllowed, 403, "route_not_allowed"), (.quotaExceeded, 429, "quota_exceeded"),
      (.rateLimited, 429, "rate_limited"), (.concurrencyExceeded, 429, "concurrency_exceeded"),
      (.accountSuspended, 403, "account_suspended"),
    ])
  func defaults(code: DecisionCode, status: Int, name: String) {
    let answer = answer(code)
    #expect(answer.status == status)
    #expect(answer.head.contains("Content-Type: application/problem+json\r\n"))
    #expect(answer.head.contains("X-Request-Id: \(sampleRequestID())\r\n"))
    #expect(answer.head.contains("Cache-Control: no-store\r\n"))
    #expect(
      answer.head.contains("WWW-Authenticate: Bearer realm=\"demo\"")
        == (status == 401
          || code == .readOnly || code == .routeNotAllowed))
    #expect(answer.head.contains("Retry-After: 1\r\n") == (status == 429))
    #expect(answer.json?["status"]?.integer == Int64(status))
    #expect(answer.json?["code"]?.string == name)
    #expect(answer.json?["request_id"]?.string == sampleRequestID().description)
    #expect(answer.json?["instance"]?.string == "urn:latchkey:request:\(sampleRequestID())")
    for field in ["type", "title", "detail"] {
      #expect(answer.json?[field]?.string?.isEmpty == false)
    }
  }

  @Test("unknown, malformed and revoked keys get the very same bytes")
  func tellsNothing() {
    let unknown = answer(.notFound)
    for code in [DecisionCode.malformed, .revoked] {
      #expect(answer(code).body == unknown.body)
      #expect(answer(code).head == unknown.head)
    }
  }

  @Test(
    "the challenge follows the scheme and RFC 6750",
    arguments: [
      (CredentialScheme.bearer, DecisionCode.missing, "Bearer realm=\"demo\"\r\n"),
      (.bearer, .revoked, "Bearer realm=\"demo\", error=\"invalid_token\"\r\n"),
      (.bearer, .readOnly, "Bearer realm=\"demo\", error=\"insufficient_scope\"\r\n"),
      (.basic, .missing, "Basic realm=\"demo\", charset=\"UTF-8\"\r\n"),
      (.header("X-Key"), .missing, "APIKey realm=\"demo\"\r\n"),
      (.authorizationPair(idHeader: "C", scheme: "apikey"), .notFound, "apikey realm=\"demo\"\r\n"),
    ])
  func challenges(scheme: CredentialScheme, code: DecisionCode, value: String) {
    var policy = Policy()
    policy.credential = scheme
    #expect(answer(code, policy).head.contains("WWW-Authenticate: \(value)"))
    #expect(!answer(.quotaExceeded, policy).head.contains("WWW-Authenticate"))
  }

  @Test("the policy's own answer is sent with its placeholders filled in")
  func templates() {
    var policy = Policy()
    policy.errors["invalid"] = ErrorTemplate(
      status: 401, headers: [.init(name: "X-Vendor-Error", value: "{code} {request_id}")],
      body: ["error": ["message": "{message}", "id": "{request_id}", "odd": "{nothing} {"]])
    let answer = answer(.notFound, policy)
    #expect(answer.head.contains("X-Vendor-Error: invalid \(sampleRequestID())\r\n"))
    #expect(answer.head.contains("Content-Type: application/json\r\n"))
    #expect(answer.json?["error"]?["message"]?.string == "The API key is not valid.")
    #expect(answer.json?["error"]?["id"]?.string == sampleRequestID().description)
    #expect(answer.json?["error"]?["odd"]?.string == "{nothing} {")
  }

  @Test("a finer entry wins over invalid, which covers what it covers and no more")
  func precedence() {
    var policy = Policy()
    policy.errors["invalid"] = ErrorTemplate(status: 400, body: "invalid")
    policy.errors["revoked"] = ErrorTemplate(status: 410, body: "revoked")
    #expect(answer(.revoked, policy).status == 410)
    policy.errors["revoked"]?.headers = [.init(name: "X-Code", value: "{code}")]
    policy.errors["invalid"]?.headers = [.init(name: "X-Code", value: "{code}")]
    #expect(answer(.revoked, policy).head.contains("X-Code: revoked\r\n"))
    #expect(answer(.notFound, policy).head.contains("X-Code: invalid\r\n"))
    for code in [DecisionCode.malformed, .notFound, .expired, .wrongEnvironment] {
      #expect(answer(code, policy).status == 400)
    }
    for code in [DecisionCode.missing, .readOnly, .routeNotAllowed, .rateLimited] {
      #expect(answer(code, policy).status != 400)
    }
  }

  @Test("a template may have its own headers and no body, and framing is never its to set")
  func templateHeaders() {
    var policy = Policy()
    policy.errors["quota_exceeded"] = ErrorTemplate(
      status: 402,
      headers: [
        .init(name: "X-Vendor-ErrorCode", value: "CallCountExpended"),
        .init(name: "Content-Length", value: "99"),
        .init(name: "Retry-After", value: "{retry_after}"),
        .init(name: "Bad", value: "a\r\nInjected: b"), .init(name: "B d", value: "c"),
      ])
    let answer = answer(.quotaExceeded, policy, retryAfter: 7)
    #expect(answer.status == 402)
    #expect(answer.body == "")
    #expect(answer.head.contains("X-Vendor-ErrorCode: CallCountExpended\r\nRetry-After: 7\r\n"))
    #expect(!answer.head.contains("Content-Length"))
    #expect(!answer.head.contains("Injected"))
    #expect(!answer.head.contains("B d"))
    #expect(!answer.head.contains("\nContent-Type:"))
  }

  @Test(
    "nginx gets 401 and 403 as they are and the rest as 403 with the true status",
    arguments: [
      (DecisionCode.missing, 401, nil), (.readOnly, 403, nil), (.rateLimited, 403, "429"),
    ] as [(DecisionCode, Int, String?)])
  func nginx(code: DecisionCode, status: Int, told: String?) {
    let answer = answer(code, mode: .nginx, retryAfter: 7)
    #expect(answer.status == status)
    #expect(answer.head.contains("X-Latchkey-Status: ") == (told != nil))
    if let told {
      #expect(answer.head.contains("X-Latchkey-Status: \(told)\r\n"))
      #expect(answer.head.contains("Retry-After: 7\r\n"))
    }
  }

  @Test("problems without a policy carry code, pointer and request id")
  func problems() {
    let head = OutputBuffer()
    let body = OutputBuffer()
    let problem = GatewayProblem(.validationFailed, pointer: "/a", "is \"odd\"")
    #expect(
      problem.write(requestID: sampleRequestID(), mode: .plain, head: head, body: body) == 400)
    let json = try? JSONReader.read(body.bytes)
    #expect(json?["code"]?.string == "validation_failed")
    #expect(json?["detail"]?.string == "/a is \"odd\".")
    #expect(json?["errors"]?.array?.first?["pointer"]?.string == "/a")
    #expect(head.text.contains("X-Request-Id: \(sampleRequestID())\r\n"))
    let missing = GatewayProblem.noProject
    #expect(
      missing.write(requestID: sampleRequestID(), mode: .nginx, head: head, body: body) == 403)
    #expect(head.text.contains("X-Latchkey-Status: 404\r\n"))
  }
}
