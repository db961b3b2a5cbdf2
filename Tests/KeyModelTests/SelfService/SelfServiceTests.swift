// The self-service API's paths and templates, without a gateway.
import KeyModel
import Testing

@Suite("Self-service API")
struct SelfServiceTests {
  private static let mount = "/api/v8/partner/client-keys"

  private func policy(_ edit: (inout Policy) -> Void = { _ in }) -> Policy {
    var policy = Policy()
    var service = SelfService(path: Self.mount)
    service.reset = SelfService.Answer(status: 201)
    policy.selfService = service
    edit(&policy)
    return policy
  }

  private func place(_ path: String, _ policy: Policy) throws -> SelfServiceMount.Place {
    let mount = try #require(SelfServiceMount(policy))
    return Array(path.utf8).withUnsafeBytes { mount.place(of: $0) }
  }

  @Test(
    "a path below the mount has its place",
    arguments: [
      ("", SelfServiceMount.Place.root), ("/", .root), ("/reset", .reset), ("/reset/", .reset),
      ("/12", .key("12")), ("/12/", .key("12")), ("/PFK%20a", .key("PFK a")),
      ("/12/more", .unknown), ("/reset/x", .unknown), ("/%ff", .unknown),
    ])
  func places(rest: String, expected: SelfServiceMount.Place) throws {
    #expect(try place(Self.mount + rest, policy()) == expected)
  }

  @Test(
    "what is beside the mount is not its own",
    arguments: [
      "/", "/api/v8/partner/client-keys2", "/api/v8/partner/documents", "/api/v8/partner",
      "/api/v8/partner/client-key%20s", "/x/../api/v8/partner/documents", "/a//b", "/a;b/c%2Fd",
    ])
  func elsewhere(path: String) throws { #expect(try place(path, policy()) == .elsewhere) }

  @Test(
    "a path that somebody could read as the mount is ambiguous",
    arguments: [
      "/api/v8/partner/client%2Dkeys", "/api/v8/partner/client%252Dkeys",
      "/api/v8/partner/./client-keys", "/api/v8/partner/x/../client-keys/12",
      "//api/v8/partner/client-keys", "/api//v8/partner/client-keys",
      "/api/v8/partner%2Fclient-keys", "/api/v8/partner/client-keys;v=1",
      "/api/v8/partner/client-keys/../documents", "/api/v8/partner/client-keys/%2e%2e/documents",
      "/api/v8/partner\\client-keys", "/%2e/api/v8/partner/client-keys",
      "/api/v8;a/partner/client-keys",
      "/api/v8/partner/client-keys%3Fx", "/api/v8/partner/client-keys%23x",
      "/documents/..%2fapi/v8/partner/client-keys", "/a%25252525252525252525252525252525",
    ])
  func ambiguous(path: String) throws { #expect(try place(path, policy()) == .ambiguous) }

  @Test("it is mounted below the path of each environment too")
  func environments() throws {
    let policy = policy { policy in
      var sandbox = Environment(name: "sandbox", title: "Sandbox")
      sandbox.pathPrefix = "/sandbox"
      policy.environments.append(sandbox)
    }
    #expect(try place("/sandbox" + Self.mount + "/7", policy) == .key("7"))
    #expect(try place(Self.mount, policy) == .root)
  }

  @Test("without a reset, `reset` is an id like others")
  func noReset() throws {
    let policy = policy { $0.selfService?.reset = nil }
    #expect(try place(Self.mount + "/reset", policy) == .key("reset"))
  }

  @Test("a text that is one placeholder becomes the value, inside a longer text it is written out")
  func shapes() throws {
    var policy = policy()
    policy.publicID = .integer(before: "", after: "")
    let answer = SelfService.Answer(
      status: 200, body: ["keys": "{keys}", "n": "{count}", "all": "{count} keys"],
      item: ["id": "{id}", "text": "key {id} {name}", "secret": "{secret}", "x": ["{hint}"]])
    let key: JSONObject = [
      "id": "key_1", "public_id": "12", "name": "a{id}", "hint": "abcd",
    ]
    let body = try #require(SelfServiceShape(policy).body(answer, keys: [key]))
    #expect(
      JSONWriter.compactText(body)
        == #"{"keys":[{"id":12,"text":"key 12 a{id}","secret":null,"x":["abcd"]}],"n":1,"#
        + #""all":"1 keys"}"#)
    let plain = try #require(SelfServiceShape(Policy()).body(answer, keys: [key]))
    #expect(plain["keys"]?.array?.first?["id"]?.string == "12")
  }

  @Test(
    "a mistake is pointed at",
    arguments: [
      (#"{"path":"/k","list":{"status":200,"body":"{id}"}}"#, "/self_service/list/body"),
      (#"{"path":"/k","create":{"status":201,"item":{}}}"#, "/self_service/create/item"),
      (
        #"{"path":"/k","create":{"status":201,"accepts":["routes"]}}"#,
        "/self_service/create/accepts/0"
      ),
      (#"{"path":"/k","delete":{"status":204,"body":{}}}"#, "/self_service/delete/body"),
      (#"{"path":"/k","error_body":{"e":"{nope}"}}"#, "/self_service/error_body"),
      (#"{"path":"/k/../x"}"#, "/self_service/path"),
    ])
  func mistakes(service: String, pointer: String) throws {
    let document = try JSONReader.read(#"{"self_service":\#(service)}"#)
    let error = #expect(throws: PolicyInvalid.self) { try PolicyReader.read(document) }
    #expect(error?.problems.map(\.pointer.description) == [pointer])
  }
}
