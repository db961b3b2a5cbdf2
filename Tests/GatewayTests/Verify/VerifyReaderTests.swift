// The body of POST /v1/verify: what is read, and that nothing else is.
import HTTPServer
import Testing
import Verification

@testable import Gateway

struct VerifyReaderTests {
  private func read(_ body: String) throws -> (VerifyRequest, FieldList) {
    let list = FieldList()
    return (try VerifyReader.read(mutableBytes(body), fields: list), list)
  }

  @Test("a body with a key and every other field is read")
  func readsEverything() throws {
    let (request, _) = try read(
      """
      {"project":"demo","key":"k_1","method":"POST","path":"/v1/a?b=c","host":"api.example:8080",
       "address":"192.0.2.7","user_agent":"curl/8","brand":"north","status":201,"dry_run":true}
      """)
    #expect(text(request.project) == "demo")
    #expect(text(request.key) == "k_1")
    #expect(text(request.method) == "POST")
    #expect(text(request.path) == "/v1/a?b=c")
    #expect(text(request.host) == "api.example:8080")
    #expect(request.address == IPAddress("192.0.2.7"))
    #expect(text(request.userAgent) == "curl/8")
    #expect(text(request.brand) == "north")
    #expect(request.status == 201)
    #expect(request.dryRun)
    let call = VerifyRules.call(request, FieldList(), now: noon)
    #expect(text(call.path) == "/v1/a")
    #expect(text(call.query) == "b=c")
    #expect(text(call.host) == "api.example")
  }

  @Test("headers are read as strings and as arrays of strings")
  func readsHeaders() throws {
    let (request, list) = try read(
      #"{"headers":{"Authorization":" Bearer x ","X-Two":["a","b"]},"project":"p"}"#)
    #expect(request.hasHeaders)
    #expect(request.key == nil)
    #expect(list.count == 3)
    #expect(text(list.only("authorization")) == "Bearer x")
    #expect(list.occurrences(Array("x-two".utf8)) == 2)
  }

  @Test(
    "escapes become what they mean",
    arguments: [
      (#"a\"b\\c\/d"#, #"a"b\c/d"#), (#"\u0041\u00e9\u20ac"#, "Aé€"), (#"\ud83d\ude00!"#, "😀!"),
      (#"\b\f\n\r\t"#, "\u{8}\u{C}\n\r\t"), ("ä€😀", "ä€😀"), (#"\u00E9"#, "é"), ("", ""),
    ])
  func unescapes(escaped: String, meaning: String) throws {
    let (request, _) = try read(#"{"project":"p","key":""# + escaped + #""}"#)
    #expect(text(request.key) == meaning)
  }

  @Test("null says the same as leaving a field out")
  func nullIsAbsent() throws {
    let (request, _) = try read(
      #"{"project":"p","key":"k","headers":null,"method":null,"status":null,"dry_run":null}"#)
    #expect(!request.hasHeaders)
    #expect(request.method == nil)
    #expect(request.status == nil)
    #expect(!request.dryRun)
  }

  @Test(
    "what is not JSON is refused as such",
    arguments: [
      "", " ", "{", "}", "{]", "{\"project\"}", "{\"project\":}", "{\"project\":\"p\"",
      "{\"project\":\"p\",}", "{,\"project\":\"p\"}", "{\"project\" \"p\"}", "{project:\"p\"}",
      "{'project':'p'}", "{\"project\":\"p\"} x", "{\"project\":\"p\"}{}", "{\"project\":\"p",
      "{\"project\":\"p\\\"}", "{\"project\":\"\\x\"}", "{\"project\":\"\\u12\"}",
      "{\"project\":\"\\u12G4\"}", "{\"project\":\"\\ud800\"}", "{\"project\":\"\\udc00\"}",
      "{\"project\":\"\\ud800\\u0041\"}", "{\"project\":\"\\u0000\"}", "{\"project\":\"a\nb\"}",
      "{\"project\":\"a\u{0}b\"}", "{\"status\":01}", "{\"status\":-}", "{\"status\":1.}",
      "{\"status\":1e}", "{\"status\":.5}", "{\"status\":+1}", "{\"dry_run\":True}",
      "{\"dry_run\":tru}", "{\"project\":\"p\" \"key\":\"k\"}", "\u{FEFF}{\"project\":\"p\"}",
      "{\"headers\":{\"a\":[\"b\",]}}", "{\"headers\":{\"a\":[\"b\" \"c\"]}}",
      "{\"headers\":{\"a\"}}",
      "{\"project\":\"p\",\"key\":\"k\"}//", "{/**/\"project\":\"p\"}", "{\"project\":undefined}",
      "{\"project\":NaN}",
    ])
  func refusesMalformed(body: String) {
    let error = #expect(throws: BodyRefusal.self) { try read(body) }
    #expect(error?.code == .malformedJSON)
  }

  @Test(
    "invalid UTF-8 is refused wherever it stands",
    arguments: [
      [0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xE2, 0x82], [0xF4, 0x90, 0x80, 0x80], [0x80],
    ])
  func refusesInvalidUTF8(sequence: [UInt8]) {
    let body = Array(#"{"project":"p","key":""#.utf8) + sequence + Array("\"}".utf8)
    let error = #expect(throws: BodyRefusal.self) {
      try VerifyReader.read(mutableBytes(body), fields: FieldList())
    }
    #expect(error?.code == .malformedJSON)
  }

  @Test(
    "what is JSON but not this call is refused with a pointer",
    arguments: [
      ("[]", ""), ("\"p\"", ""), ("1", ""), ("null", ""), ("{}", "/project"),
      (#"{"project":"p"}"#, "/key"), (#"{"project":"","key":"k"}"#, "/project"),
      (#"{"project":1,"key":"k"}"#, "/project"), (#"{"project":null,"key":"k"}"#, "/project"),
      (#"{"project":true,"key":"k"}"#, "/project"), (#"{"project":["p"],"key":"k"}"#, "/project"),
      (#"{"project":"p","project":"p","key":"k"}"#, "/project"),
      (#"{"project":"p","key":"k","key":"k"}"#, "/key"),
      (#"{"project":"p","\u006bey":"k","key":"k"}"#, "/key"),
      (#"{"project":"p","key":{}}"#, "/key"), (#"{"project":"p","key":1}"#, "/key"),
      (#"{"project":"p","key":"k","headers":{}}"#, "/headers"),
      (#"{"project":"p","headers":[]}"#, "/headers"),
      (#"{"project":"p","headers":"x"}"#, "/headers"),
      (#"{"project":"p","headers":{"a":1}}"#, "/headers/a"),
      (#"{"project":"p","headers":{"a":{}}}"#, "/headers/a"),
      (#"{"project":"p","headers":{"a":[1]}}"#, "/headers/a"),
      (#"{"project":"p","headers":{"a":"b","a":"c"}}"#, "/headers/a"),
      (#"{"project":"p","headers":{"a b":"c"}}"#, "/headers/a b"),
      (#"{"project":"p","headers":{"":"c"}}"#, "/headers/"),
      (#"{"project":"p","headers":{"a/b~c":"d"}}"#, "/headers/a~1b~0c"),
      (#"{"project":"p","headers":{"a":"b\r\nc: d"}}"#, "/headers/a"),
      (#"{"project":"p","key":"k","extra":1}"#, "/extra"),
      (#"{"project":"p","key":"k","Method":"GET"}"#, "/Method"),
      (#"{"project":"p","key":"k","method":"GE T"}"#, "/method"),
      (#"{"project":"p","key":"k","method":""}"#, "/method"),
      (#"{"project":"p","key":"k","path":"v1"}"#, "/path"),
      (#"{"project":"p","key":"k","path":"/a b"}"#, "/path"),
      (#"{"project":"p","key":"k","host":""}"#, "/host"),
      (#"{"project":"p","key":"k","address":"300.1.1.1"}"#, "/address"),
      (#"{"project":"p","key":"k","status":99}"#, "/status"),
      (#"{"project":"p","key":"k","status":200.0}"#, "/status"),
      (#"{"project":"p","key":"k","status":99999999999999999999}"#, "/status"),
      (#"{"project":"p","key":"k","status":"200"}"#, "/status"),
      (#"{"project":"p","key":"k","dry_run":1}"#, "/dry_run"),
      (#"{"project":"p","key":"k","dry_run":"true"}"#, "/dry_run"),
    ])
  func refusesInvalid(body: String, pointer: String) {
    let error = #expect(throws: BodyRefusal.self) { try read(body) }
    #expect(error?.code == .validationFailed)
    #expect(error?.pointer == pointer)
  }

  @Test("deep nesting is refused without being descended into")
  func refusesDepth() {
    let deep = String(repeating: "[", count: 60_000)
    #expect(throws: BodyRefusal.self) { try read("{\"project\":" + deep) }
    #expect(throws: BodyRefusal.self) { try read(deep) }
  }

  @Test("more headers than any server takes are refused")
  func refusesManyHeaders() {
    let many = (0...VerifyReader.maximumHeaders).map { "\"h\($0)\":\"v\"" }.joined(separator: ",")
    let error = #expect(throws: BodyRefusal.self) {
      try read("{\"project\":\"p\",\"headers\":{\(many)}}")
    }
    #expect(error?.pointer == "/headers")
  }

  @Test("no error repeats the body")
  func keepsSecretsOut() {
    let error = #expect(throws: BodyRefusal.self) {
      try read(#"{"project":"p","key":"s3cret-value" "#)
    }
    #expect(error?.detail.contains("s3cret") == false)
  }
}
