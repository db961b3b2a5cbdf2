// What the asking proxy says about the original call, and that nobody else can say it.
import Testing

@testable import Gateway

struct OriginalCallTests {
  private func read(
    _ pairs: [(String, String)], isNginx: Bool = false
  ) throws(OriginalCall.Refusal) -> OriginalCall {
    try OriginalCall.read(fields(pairs), ownMethod: bytes("GET"), methodIsProxys: isNginx)
  }

  @Test(
    "both families of fields are read",
    arguments: [
      ("X-Forwarded-Method", "X-Forwarded-Uri"), ("X-Original-Method", "X-Original-URI"),
      ("x-forwarded-method", "x-original-uri"),
    ])
  func readsBoth(method: String, uri: String) throws {
    let call = try read([(method, "DELETE"), (uri, "/v1/a%2Fb?c=/d?e")])
    #expect(text(call.method) == "DELETE")
    #expect(text(call.path) == "/v1/a%2Fb")
    #expect(text(call.query) == "c=/d?e")
    #expect(text(call.host) == "")
  }

  @Test(
    "the original host is read without its port",
    arguments: [
      ("api.example", "api.example"), ("api.example:8443", "api.example"),
      ("[2001:db8::1]:80", "[2001:db8::1]"),
    ])
  func readsHost(told: String, host: String) throws {
    #expect(text(try read([("X-Forwarded-Host", told)]).host) == host)
  }

  @Test("agreeing families are one answer; contradicting ones are refused")
  func comparesFamilies() throws {
    let agreed = [("X-Forwarded-Uri", "/a"), ("X-Original-URI", "/a")]
    #expect(text(try read(agreed).path) == "/a")
    for contradiction in [
      [("X-Forwarded-Uri", "/public"), ("X-Original-URI", "/admin")],
      [("X-Forwarded-Method", "GET"), ("X-Original-Method", "DELETE")],
    ] {
      #expect(throws: OriginalCall.Refusal.self) { try read(contradiction) }
    }
  }

  @Test(
    "what stands there twice is refused",
    arguments: [
      "X-Forwarded-Method", "X-Forwarded-Uri", "X-Forwarded-Host", "X-Original-Method",
      "X-Original-URI",
    ])
  func refusesDuplicates(name: String) {
    let value = name.hasSuffix("Method") ? "GET" : "/a"
    #expect(throws: OriginalCall.Refusal.self) {
      try read([(name, value), (name.lowercased(), value)])
    }
  }

  @Test(
    "other spellings are not the proxy's fields",
    arguments: [
      "X_Forwarded_Uri", "X.Forwarded.Uri", "X-Forwarded_Uri", "X-Forwarded-Uri2", "X-Forwarded-Ur",
      "Forwarded-Uri", "X_Original_URI", "X-Original.URI",
    ])
  func ignoresAliases(name: String) throws {
    let call = try read([(name, "/forged"), ("X-Forwarded-Uri", "/real")])
    #expect(text(call.path) == "/real")
    #expect(text(try read([(name, "/forged")]).path) == "\0")
  }

  @Test(
    "what is no method or no path is refused",
    arguments: [
      ("X-Forwarded-Method", "GET,POST"), ("X-Forwarded-Method", ""), ("X-Forwarded-Method", "G T"),
      ("X-Forwarded-Uri", ""), ("X-Forwarded-Uri", "a"), ("X-Original-URI", "http://x/a"),
      ("X-Forwarded-Uri", "/a b"), ("X-Forwarded-Uri", "/a\u{7F}"), ("X-Forwarded-Host", "a, b"),
    ])
  func refusesMalformed(name: String, value: String) {
    #expect(throws: OriginalCall.Refusal.self) { try read([(name, value)]) }
  }

  @Test("without a told method the caller's own counts, but never the one nginx asks with")
  func fallsBack() throws {
    #expect(text(try read([]).method) == "GET")
    #expect(text(try read([], isNginx: true).method) == "-")
  }

  @Test(
    "the path names the project and perhaps the original path",
    arguments: [
      ("/v1/authz/demo", "demo", nil), ("/v1/authz/demo/", "demo", "/"),
      ("/v1/authz/demo/v1/a", "demo", "/v1/a"),
    ] as [(String, String, String?)])
  func takesPath(path: String, slug: String, original: String?) throws {
    let taken = try #require(AuthzPath(bytes(path)))
    #expect(text(taken.slug) == slug)
    #expect(text(taken.original) == original)
  }

  @Test(
    "other paths are not ours",
    arguments: [
      "", "/", "/v1/authz", "/v1/authz/", "/v1/authz//a", "/v1/authzx/demo", "/v2/authz/demo",
      "/V1/authz/demo",
    ])
  func leavesPath(path: String) { #expect(AuthzPath(bytes(path)) == nil) }

  @Test(
    "the mode is nginx, asked for in exactly one way, or none",
    arguments: [
      ("mode=nginx", .nginx), ("a=b&mode=nginx", .nginx), ("mode=nginx&a", .nginx),
      ("&&mode=nginx", .nginx), ("", .plain), ("xmode=nginx", .plain), ("a", .plain),
      ("mode=Nginx", nil), ("mode=nginx2", nil), ("mode=", nil), ("mode", nil),
      ("mode=nginx&mode=nginx", nil), ("mode=nginx&mode=envoy", nil),
    ] as [(String, DenialMode?)])
  func readsMode(query: String, mode: DenialMode?) {
    #expect(AuthzPath.mode(bytes(query)) == mode)
    #expect(AuthzPath.mode(nil) == .plain)
  }
}
