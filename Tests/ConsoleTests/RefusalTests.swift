// Every way to be refused: the status, the code, the pointer, and the headers that go with it.
import Console
import KeyModel
import Testing

@Suite("Refusals")
struct RefusalTests {
  @Test("A problem has every member of RFC 9457 and the code; every answer has its headers")
  func shape() async throws {
    let site = try await Site()
    let refused = await site.ask("GET", "/v1/projects/none")
    #expect(refused.status == 404)
    #expect(refused.headers["Content-Type"] == "application/problem+json")
    let members = refused.body.object?.members.map(\.name) ?? []
    for name in ["type", "title", "status", "detail", "instance", "code"] {
      #expect(members.contains(name))
    }
    #expect(refused.body["status"] == 404 && refused.code == "not_found")
    for reply in [refused, await site.ask("GET", "/livez"), await site.ask("GET", "/docs")] {
      #expect(RequestID(reply.headers["X-Request-Id"] ?? "") != nil)
      #expect(reply.headers["Cache-Control"] == "no-store")
      #expect(reply.headers["X-Content-Type-Options"] == "nosniff")
    }
  }

  @Test("What is wrong with a request is one sentence; all of it is listed with its places")
  func sentences() async throws {
    let site = try await Site()
    let requests = [
      (#"{"slug":"x","name":""}"#, "/name must not be empty.", ["/name"]),
      (#"{"slug":"x","name":" \u00a0"}"#, "/name must not be blank.", ["/name"]),
      ("{}", "/slug is required (and 1 more fault).", ["/slug", "/name"]),
      (#"{"slug":"x","name":"x","nome":1}"#, "/nome is not a field of this request.", ["/nome"]),
      (
        #"{"slug":"x","name":"x","policy":{"rotatoin":{}}}"#,
        "/policy/rotatoin is an unknown knob; did you mean `rotation`?", ["/policy/rotatoin"]
      ),
    ]
    for (body, detail, pointers) in requests {
      let reply = await site.ask("POST", "/v1/projects", body)
      #expect(reply.status == 400 && reply.code == "validation_failed")
      #expect(reply.body["detail"]?.string == detail)
      #expect(reply.body["errors"]?.array?.map { $0["pointer"]?.string } == pointers)
    }
    let query = await site.ask("GET", "/v1/projects?limit=0")
    #expect(query.body["detail"]?.string?.hasPrefix("The parameter limit must be ") == true)
  }

  @Test("An environment without a prefix for publishable keys makes none, and needs none")
  func publishablePrefix() async throws {
    let site = try await Site()
    let policy = """
      {"environments":[{"name":"live","path_prefix":"/live"},\
      {"name":"trial","path_prefix":"/trial","publishable_prefix":"pk_"}]}
      """
    let made = await site.ask(
      "POST", "/v1/projects", "{\"slug\":\"demo\",\"name\":\"Demo\",\"policy\":\(policy)}")
    #expect(made.status == 201, "\(made)")
    let keys = "/v1/accounts/\(try await site.account("demo"))/keys"
    let refused = await site.ask(
      "POST", keys, #"{"environment":"live","kind":"publishable"}"#)
    #expect(refused.status == 400 && refused.pointers == ["/kind"])
    #expect(await site.ask("POST", keys, #"{"environment":"live"}"#).status == 201)
    let key = await site.ask("POST", keys, #"{"environment":"trial","kind":"publishable"}"#)
    #expect(try key.text("secret").hasPrefix("pk_"))
  }

  @Test(
    "A route that no call can have is no route of a key",
    arguments: ["/a/../b", "/%61", "/a//b", "/a;b", "/a*b", "a", "/a?b"])
  func routes(path: String) async throws {
    let site = try await Site()
    try await site.project("demo")
    let reply = await site.ask(
      "POST", "/v1/accounts/\(try await site.account("demo"))/keys",
      "{\"environment\":\"production\",\"routes\":[{\"method\":\"GET\",\"path\":\"\(path)\"}]}")
    #expect(reply.status == 400 && reply.pointers == ["/routes/0/path"])
  }

  @Test("401 has an error attribute only where a credential was presented")
  func unauthorized() async throws {
    let site = try await Site()
    let none = await site.ask("GET", "/v1/projects", token: "")
    #expect(none.status == 401)
    #expect(none.headers["WWW-Authenticate"] == "Bearer realm=\"latchkey\"")
    for token in ["nonsense", "lk_op_short", String(site.token.dropLast()) + "0"] {
      let wrong = await site.ask("GET", "/v1/projects", token: token)
      #expect(wrong.status == 401)
      #expect(
        wrong.headers["WWW-Authenticate"] == "Bearer realm=\"latchkey\", error=\"invalid_token\"")
    }
    let basic = await site.send(
      ConsoleRequest(
        method: "GET", path: "/v1/projects", fields: [.init("authorization", "Basic eDp5")]))
    #expect(basic.status == 401)
    #expect(basic.headers["WWW-Authenticate"] == "Bearer realm=\"latchkey\"")
    let two = await site.send(
      ConsoleRequest(
        method: "GET", path: "/v1/projects",
        fields: Array(repeating: .init("authorization", "Bearer " + site.token), count: 2)))
    #expect(two.status == 400)
  }

  @Test("403 names the scope that lacks")
  func forbidden() async throws {
    let site = try await Site()
    let reader = try await site.operatorKey(["keys:read"])
    let reply = await site.ask("POST", "/v1/projects", "{}", token: reader)
    #expect(reply.status == 403 && reply.code == "insufficient_scope")
    #expect(reply.headers["WWW-Authenticate"]?.contains("scope=\"projects:write\"") == true)
  }

  @Test(
    "An unknown path is 404, a known one with another method 405 with Allow",
    arguments: [
      ("GET", "/", 404), ("GET", "/v1/nothing", 404), ("GET", "/v1/projects/", 404),
      ("PUT", "/v1/projects", 405), ("POST", "/v1/keys/x", 405), ("OPTIONS", "/livez", 405),
    ])
  func paths(method: String, path: String, status: Int) async throws {
    let site = try await Site()
    let reply = await site.ask(method, path)
    #expect(reply.status == status)
    #expect((reply.headers["Allow"] != nil) == (status == 405))
    if path == "/v1/projects" { #expect(reply.headers["Allow"] == "GET, HEAD, POST") }
  }

  @Test("An id of the wrong kind, or of nothing, is 404")
  func ids() async throws {
    let site = try await Site()
    try await site.project("demo")
    let account = try await site.account("demo")
    for path in [
      "/v1/keys/\(account)", "/v1/accounts/demo", "/v1/keys/key_00000000000000000000000000",
      "/v1/accounts/%ff", "/v1/projects/DEMO", "/v1/applications/app_x",
    ] {
      #expect(await site.ask("GET", path).status == 404, "\(path)")
    }
  }

  @Test(
    "What is not a JSON object is 400, with the place",
    arguments: [
      (#"{"slug":"a""#, ""), (#"["a"]"#, ""), ("7", ""), (#"{"name":"a","name":"b"}"#, "/name"),
      ("{\"name\":\"\u{1}\"}", "/name"),
    ])
  func malformed(body: String, pointer: String) async throws {
    let site = try await Site()
    let reply = await site.ask("POST", "/v1/projects", body)
    #expect(reply.status == 400 && reply.code == "malformed_json")
    #expect(reply.pointers == [pointer])
  }

  @Test("Bad UTF-8, deep nesting and an empty body are 400; 64 KiB and a byte is 413")
  func hostile() async throws {
    let site = try await Site()
    let fields: [ConsoleRequest.Field] = [
      .init("authorization", "Bearer " + site.token), .init("content-type", "application/json"),
    ]
    func send(_ body: [UInt8]) async -> Int {
      await site.send(
        ConsoleRequest(method: "POST", path: "/v1/projects", fields: fields, body: body)
      ).status
    }
    #expect(await send(Array("{\"name\":\"".utf8) + [0xFF, 0x22, 0x7D]) == 400)
    let deep = String(repeating: "[", count: 40) + String(repeating: "]", count: 40)
    #expect(await send(Array("{\"policy\":\(deep)}".utf8)) == 400)
    #expect(await send([]) == 400)
    #expect(await send([UInt8](repeating: 0x20, count: 65_537)) == 413)
  }

  @Test("A body of another type, or of none, is 415")
  func mediaType() async throws {
    let site = try await Site()
    let body = #"{"slug":"a","name":"b"}"#
    for type in ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=x"] {
      #expect(await site.ask("POST", "/v1/projects", body, type: type).status == 415)
    }
    #expect(await site.ask("POST", "/v1/projects", body, type: nil).status == 415)
    let good = await site.ask(
      "POST", "/v1/projects", body, type: "Application/JSON; charset=UTF-8")
    #expect(good.status == 201)
  }

  @Test("Validation gathers everything that is wrong, each with its pointer")
  func validation() async throws {
    let site = try await Site()
    let reply = await site.ask(
      "POST", "/v1/projects",
      #"{"slug":"Bad_","hosts":["ok.example","a b"],"upstream":"ftp://x","what":1,"name":7}"#)
    #expect(reply.status == 400 && reply.code == "validation_failed")
    #expect(Set(reply.pointers) == ["/slug", "/hosts/1", "/upstream", "/what", "/name"])
    let empty = await site.ask("POST", "/v1/projects", "{}")
    #expect(empty.pointers == ["/slug", "/name"])
    let policy = await site.ask(
      "POST", "/v1/projects",
      #"{"slug":"a","name":"b","policy":{"limits":{"keys":{"max":-1}},"nonsense":true}}"#)
    #expect(policy.status == 400)
    #expect(policy.pointers.contains("/policy/nonsense"))
    #expect(policy.pointers.allSatisfy { $0.hasPrefix("/policy/") })
    let profile = await site.ask(
      "POST", "/v1/projects", #"{"slug":"a","name":"b","profile":"none"}"#)
    #expect(profile.status == 400 && profile.pointers == ["/profile"])
  }

  @Test("What the policy does not have is 400 with its pointer")
  func policyValues() async throws {
    let site = try await Site()
    try await site.project("demo")
    let account = try await site.account("demo")
    let keys = "/v1/accounts/\(account)/keys"
    let reply = await site.ask(
      "POST", keys, #"{"environment":"mars","expires_at":"2020-01-01T00:00:00Z"}"#)
    #expect(reply.status == 400 && reply.pointers == ["/environment", "/expires_at"])
    #expect(await site.ask("POST", keys, "{}").pointers == ["/environment"])
    let types = await site.ask(
      "POST", keys,
      """
      {"environment":1,"kind":"x","access":"y","application_id":"z","expires_at":"soon",
      "routes":[{"method":"get","path":"x","more":1}]}
      """)
    #expect(
      Set(types.pointers) == [
        "/environment", "/kind", "/access", "/application_id", "/expires_at",
        "/routes/0/method", "/routes/0/path", "/routes/0/more",
      ])
    try await site.project("single", profile: "truecontext")
    let other = try await site.account("single")
    let kind = await site.ask("POST", "/v1/accounts/\(other)/keys", #"{"kind":"publishable"}"#)
    #expect(kind.pointers.contains("/kind"))
  }

  @Test(
    "A bad query is 400 and names the parameter",
    arguments: [
      ("limit=0", "limit"), ("limit=201", "limit"), ("limit=x", "limit"), ("limit=", "limit"),
      ("cursor=!", "cursor"), ("what=1", "what"), ("limit=1&limit=2", "limit"),
    ])
  func query(query: String, parameter: String) async throws {
    let site = try await Site()
    let reply = await site.ask("GET", "/v1/projects?" + query)
    #expect(reply.status == 400)
    #expect(reply.parameters == [parameter])
  }

  @Test("A credential in the URL is 400, whatever else is right")
  func keyInQuery() async throws {
    let site = try await Site()
    for query in ["access_token=x", "key=x", "q=\(site.token)", "api_key"] {
      let reply = await site.ask("GET", "/v1/projects?" + query)
      #expect(reply.status == 400 && reply.code == "key_in_query")
    }
  }

  @Test("Slugs and hosts are unique")
  func conflicts() async throws {
    let site = try await Site()
    let first = #"{"slug":"a","name":"A","hosts":["h.example"]}"#
    #expect(await site.ask("POST", "/v1/projects", first).status == 201)
    let slug = await site.ask("POST", "/v1/projects", #"{"slug":"a","name":"B"}"#)
    #expect(slug.status == 409 && slug.code == "slug_taken")
    let host = await site.ask(
      "POST", "/v1/projects", #"{"slug":"b","name":"B","hosts":["H.example"]}"#)
    #expect(host.status == 409 && host.code == "host_taken")
  }

  private static func firstHost(_ profile: JSONValue) -> String? {
    profile["policy"]?["environments"]?.array?.first?["hosts"]?.array?.first?.string
  }

  @Test("Projects of one profile share its hosts; a host that is claimed is one project's alone")
  func profileHosts() async throws {
    let site = try await Site()
    func create(_ slug: String, _ more: String) async -> Reply {
      await site.ask("POST", "/v1/projects", #"{"slug":"\#(slug)","name":"P"\#(more)}"#)
    }
    let listed = await site.ask("GET", "/v1/profiles").body
    let profile = try #require(listed["data"]?.array?.first { Self.firstHost($0) != nil })
    let (name, shared) = (profile["name"]?.string ?? "", Self.firstHost(profile) ?? "")
    for slug in ["a", "b"] {
      let made = await create(slug, #","profile":"\#(name)","hosts":["\#(slug).test"]"#)
      #expect(made.status == 201)
    }
    #expect(await create("c", #","hosts":["\#(shared)"]"#).code == "host_taken")
    let environment = #"{"name":"production","hosts":["a.test"]}"#
    let claim = #","policy":{"kinds":["secret"],"environments":[\#(environment)]}"#
    #expect(await create("d", claim).code == "host_taken")
    let renamed = await site.ask("PATCH", "/v1/projects/a", #"{"name":"Q"}"#)
    #expect(renamed.status == 200)
    let taken = await site.ask("PATCH", "/v1/projects/a", #"{"hosts":["a.test","b.test"]}"#)
    #expect(taken.code == "host_taken")
    // Also one that came with its own profile, and so with the others' of the same.
    for slug in ["a", "b"] {
      let mine = #"{"hosts":["\#(slug).test","\#(shared)"]}"#
      #expect(await site.ask("PATCH", "/v1/projects/\(slug)", mine).code == "host_taken")
    }
  }

  @Test("The idempotency key is read quoted or bare; replay, mismatch and bad keys")
  func idempotency() async throws {
    let site = try await Site()
    let body = #"{"slug":"a","name":"A"}"#
    let first = await site.ask("POST", "/v1/projects", body, idempotency: "\"k-1\"")
    let second = await site.ask("POST", "/v1/projects", " " + body, idempotency: "k-1")
    #expect(first.status == 201 && second.status == 201 && first.body == second.body)
    #expect(second.headers["Idempotency-Replayed"] == "true")
    #expect(first.headers["Idempotency-Replayed"] == nil)
    let other = await site.ask(
      "POST", "/v1/projects", #"{"slug":"b","name":"A"}"#, idempotency: "k-1")
    #expect(other.status == 422 && other.code == "idempotency_mismatch")
    for bad in ["", "\"\"", "\"open", String(repeating: "k", count: 256), "a b"] {
      let reply = await site.ask("POST", "/v1/projects", body, idempotency: bad)
      #expect(reply.status == 400, "\(bad)")
    }
    let longest = String(repeating: "k", count: 255)
    let good = await site.ask(
      "POST", "/v1/projects", #"{"slug":"c","name":"A"}"#, idempotency: longest)
    #expect(good.status == 201)
  }
}
