// What a policy may say, and how its faults are told.
import KeyModel
import TestSupport
import Testing

@Suite("Policy reader")
struct PolicyReaderTests {
  static func problems(_ text: String) throws -> [PolicyProblem] {
    let document = try JSONReader.read(text, comments: true)
    do throws(PolicyInvalid) {
      _ = try PolicyReader.read(document)
      return []
    } catch {
      return error.problems
    }
  }

  @Test("an empty policy is the default of every knob")
  func empty() throws {
    #expect(try PolicyReader.read([:]) == Policy())
    #expect(Policy().environments.map(\.name) == ["production"])
  }

  @Test("all problems are told at once, each with its pointer")
  func allAtOnce() throws {
    let problems = try Self.problems(
      """
      {"secret": {"bytes": 8, "alphabet": "rot13", "checksum": "yes", "salt": 1},
       "environments": [{"name": "Prod"}, {"title": "x"}], "quota": {"calls": 0},
       "errors": {"misisng": {"status": 401}, "invalid": {"status": 200}}, "rotatoin": {}}
      """)
    #expect(
      problems.map(\.pointer.description) == [
        "/environments/0/name", "/environments/1/name", "/secret/bytes", "/secret/alphabet",
        "/secret/checksum", "/secret/salt", "/quota/calls", "/errors/misisng",
        "/errors/invalid/status", "/rotatoin",
      ])
    #expect(problems[7].message == "is an unknown code; did you mean `missing`?")
    #expect(problems[9].message == "is an unknown knob; did you mean `rotation`?")
    #expect(problems[3].message == "must be one of `base62`, `base64url`, `hex`")
    #expect(problems[2].message == "must be an integer from 16 to 64")
  }

  static let refused: [(String, String)] = [
    ("[]", ""), ("null", ""), (#"{"credential":null}"#, "/credential"),
    (#"{"credential":{}}"#, "/credential/scheme"),
    (#"{"credential":{"scheme":"cookie"}}"#, "/credential/scheme"),
    (#"{"credential":{"scheme":"header"}}"#, "/credential/header"),
    (#"{"credential":{"scheme":"header","header":"a b"}}"#, "/credential/header"),
    (#"{"credential":{"scheme":"header","header":"Host"}}"#, "/credential/header"),
    (
      #"{"credential":{"scheme":"header_pair","id_header":"A","secret_header":"a"}}"#,
      "/credential/secret_header"
    ),
    (
      #"{"credential":{"scheme":"authorization_pair","id_header":"Authorization","#
        + #""authorization_scheme":"k"}}"#, "/credential/id_header"
    ),
    (#"{"environments":[]}"#, "/environments"),
    (#"{"environments":[{"name":"a b"}]}"#, "/environments/0/name"),
    (#"{"environments":[{"name":"a","secret_prefix":"a/"}]}"#, "/environments/0/secret_prefix"),
    (#"{"environments":[{"name":"a","hosts":["A.com"]}]}"#, "/environments/0/hosts/0"),
    (#"{"environments":[{"name":"a","hosts":["a.com:80"]}]}"#, "/environments/0/hosts/0"),
    (#"{"environments":[{"name":"a","hosts":["a..com"]}]}"#, "/environments/0/hosts/0"),
    (#"{"environments":[{"name":"a","hosts":["a.com","a.com"]}]}"#, "/environments/0/hosts/1"),
    (#"{"environments":[{"name":"a","path_prefix":"/a/"}]}"#, "/environments/0/path_prefix"),
    (#"{"environments":[{"name":"a","path_prefix":"a"}]}"#, "/environments/0/path_prefix"),
    (#"{"environments":[{"name":"a","path_prefix":"/../a"}]}"#, "/environments/0/path_prefix"),
    (#"{"environments":[{"name":"a","reveal":"never"}]}"#, "/environments/0/reveal"),
    (#"{"environments":[{"name":"a","tittle":"x"}]}"#, "/environments/0/tittle"),
    (
      #"{"environments":[{"name":"a"},{"name":"a","secret_prefix":"sk_b_"}]}"#,
      "/environments/1/name"
    ),
    (#"{"environments":[{"name":"a"},{"name":"b"}]}"#, "/environments/1"),
    (
      #"{"environments":[{"name":"a","path_prefix":"/x"},"#
        + #"{"name":"b","path_prefix":"/x","secret_prefix":"sk_b_"}]}"#,
      "/environments/1/path_prefix"
    ),
    (
      #"{"environments":[{"name":"a","secret_prefix":"k_"},{"name":"b","secret_prefix":"k_x"}]}"#,
      "/environments/1/secret_prefix"
    ),
    (#"{"kinds":["publishable"]}"#, "/kinds"), (#"{"kinds":["secret","secret"]}"#, "/kinds"),
    (
      #"{"kinds":["secret","publishable"],"environments":[{"name":"a","secret_prefix":"k_","#
        + #""publishable_prefix":"k_"}]}"#, "/environments/0/publishable_prefix"
    ),
    (#"{"access_fixed":"yes"}"#, "/access_fixed"),
    (#"{"answer_headers":{"Retry-After":"1"}}"#, "/answer_headers/Retry-After"),
    (#"{"answer_headers":{"X-Latchkey-Key":"1"}}"#, "/answer_headers/X-Latchkey-Key"),
    (#"{"answer_headers":{"X-A":"{code}"}}"#, "/answer_headers/X-A"),
    (#"{"access":[]}"#, "/access"), (#"{"access":["write"]}"#, "/access/0"),
    (#"{"secret":{"bytes":65}}"#, "/secret/bytes"),
    (#"{"secret":{"bytes":20.5}}"#, "/secret/bytes"),
    (#"{"secret":{"accept_from_bytes":40}}"#, "/secret/accept_from_bytes"),
    (#"{"public_id":"x"}"#, "/public_id"), (#"{"public_id":"{uuid}{uuid}"}"#, "/public_id"),
    (#"{"public_id":"a b{integer}"}"#, "/public_id"),
    (#"{"limits":{"keys":{"max":0}}}"#, "/limits/keys/max"),
    (#"{"limits":{"keys":{"max":1,"min":2}}}"#, "/limits/keys/min"),
    (#"{"limits":{"keys":{"per":"planet"}}}"#, "/limits/keys/per"),
    (#"{"applications":{"max":"3"}}"#, "/applications/max"),
    (#"{"publishable":{"allow":[{"path":"x"}]}}"#, "/publishable/allow/0/path"),
    (#"{"publishable":{"allow":[{"path":"/a*b"}]}}"#, "/publishable/allow/0/path"),
    (#"{"publishable":{"allow":[{"path":"/a/%2e%2e/b"}]}}"#, "/publishable/allow/0/path"),
    (#"{"publishable":{"allow":[{"path":"/a","method":"get"}]}}"#, "/publishable/allow/0/method"),
    (#"{"publishable":{"allow":[{"method":"GET"}]}}"#, "/publishable/allow/0/path"),
    (#"{"rotation":{"overlap_max_seconds":-1}}"#, "/rotation/overlap_max_seconds"),
    (#"{"auto_cycling":{"at":"24:00"}}"#, "/auto_cycling/at"),
    (#"{"auto_cycling":{"at":"0:00"}}"#, "/auto_cycling/at"),
    (#"{"auto_cycling":{"overlap":"some"}}"#, "/auto_cycling/overlap"),
    (#"{"quota":{}}"#, "/quota/calls"),
    (#"{"quota":{"calls":1,"scope":"address"}}"#, "/quota/scope"),
    (#"{"concurrency":{"scope":"key"}}"#, "/concurrency/max"),
    (#"{"rate":[{"calls":1}]}"#, "/rate/0/seconds"), (#"{"rate":{}}"#, "/rate"),
    (#"{"safe_delete_seconds":-1}"#, "/safe_delete_seconds"),
    (#"{"brand_header":"a:b"}"#, "/brand_header"),
    (#"{"errors":{"valid":{"status":403}}}"#, "/errors/valid"),
    (#"{"errors":{"missing":{"status":302}}}"#, "/errors/missing/status"),
    (#"{"errors":{"missing":{}}}"#, "/errors/missing/status"),
    (
      #"{"errors":{"missing":{"status":401,"headers":{"X-A":"a\r\nB: c"}}}}"#,
      "/errors/missing/headers/X-A"
    ),
    (
      #"{"errors":{"missing":{"status":401,"headers":{"Content-Length":"3"}}}}"#,
      "/errors/missing/headers/Content-Length"
    ),
    (
      #"{"errors":{"missing":{"status":401,"body":{"a":["{mesage}"]}}}}"#, "/errors/missing/body"
    ),
    (#"{"self_service":{}}"#, "/self_service/path"),
    (#"{"self_service":{"path":"/k","create":{"status":400}}}"#, "/self_service/create/status"),
    (
      #"{"self_service":{"path":"/k","errors":{"nope":{"status":400}}}}"#,
      "/self_service/errors/nope"
    ),
    (#"{"webhooks":{"retry":[]}}"#, "/webhooks/retry"),
    (#"{"webhooks":{"timeout_seconds":0}}"#, "/webhooks/timeout_seconds"),
    (#"{"webhooks":{"signatures":[{"standard":false}]}}"#, "/webhooks/signatures/0/standard"),
    (
      #"{"webhooks":{"signatures":[{"header":"X","value":"plain"}]}}"#,
      "/webhooks/signatures/0/value"
    ),
    (
      #"{"webhooks":{"signatures":[{"header":"X","value":"{hex}","key":"api_secret"}]}}"#,
      "/webhooks/signatures/0/key"
    ),
    (
      #"{"webhooks":{"event_types":[{"type":"a"},{"type":"a"}]}}"#,
      "/webhooks/event_types/1/type"
    ),
    (#"{"webhooks":{"event_types":[{"type":"a","schema":[]}]}}"#, "/webhooks/event_types/0/schema"),
    (#"{"members":{"roles":{}}}"#, "/members/roles"),
    (#"{"members":{"roles":{"a":["fly"]}}}"#, "/members/roles/a/0"),
    (#"{"notify":{"key_expiring_days":[0]}}"#, "/notify/key_expiring_days/0"),
    (#"{"notify":{"quota_percent":[80,80]}}"#, "/notify/quota_percent"),
    (#"{"retention":{"requests_days":0}}"#, "/retention/requests_days"),
  ]

  @Test("a fault is refused where it stands", arguments: refused)
  func refuses(text: String, pointer: String) throws {
    let problems = try Self.problems(text)
    #expect(problems.map(\.pointer.description) == [pointer])
  }

  static let accepted = [
    #"{"environments":[{"name":"a"},{"name":"b","hosts":["b.example"]}]}"#,
    #"{"environments":[{"name":"a"},{"name":"b","path_prefix":"/b"}]}"#,
    #"{"environments":[{"name":"a","secret_prefix":"k_"},{"name":"b","secret_prefix":"k_t_"}]}"#,
    #"{"credential":{"scheme":"bearer","header":"x-left-by-a-profile"}}"#,
    #"{"quota":null,"concurrency":null,"auto_cycling":null,"public_id":null}"#,
    #"{"public_id":"K{integer}x"}"#, #"{"limits":{"keys":{"max":null,"min":1}}}"#,
    #"{"errors":{"missing":{"status":401,"body":{"a":"{not a placeholder}"}}}}"#,
    #"{"rate":[{"calls":1,"seconds":1,"route":{"path":"/a/*"},"except":[{"path":"/a/b"}]}]}"#,
  ]

  @Test("what is odd but meant is taken", arguments: accepted)
  func accepts(text: String) throws {
    #expect(try Self.problems(text) == [])
  }

  @Test("a patch over a profile changes, adds and removes knobs")
  func merged() throws {
    let profile: JSONValue = ["quota": ["calls": 10], "secret": ["bytes": 20]]
    let patch: JSONValue = ["quota": nil, "secret": ["alphabet": "hex"]]
    let policy = try Policy.merged(profile: profile, patch: patch)
    #expect(policy.quota == nil)
    #expect(policy.secret.bytes == 20 && policy.secret.alphabet == .hex)
    #expect(try Policy.merged(profile: profile, patch: .null).quota?.calls == 10)
    #expect(throws: PolicyInvalid.self) { try Policy.merged(profile: profile, patch: [1]) }
  }

  @Test("an entry of its own wins over the group's")
  func errorTemplates() throws {
    let policy = try PolicyReader.read(
      try JSONReader.read(#"{"errors":{"invalid":{"status":401},"revoked":{"status":410}}}"#))
    #expect(policy.errorTemplate(for: .revoked)?.status == 410)
    #expect(policy.errorTemplate(for: .wrongEnvironment)?.status == 401)
    #expect(policy.errorTemplate(for: .missing) == nil)
  }

  @Test("random documents never crash the reader")
  func random() throws {
    var random = SeededGenerator(seed: 41)
    let names = ProfileTests.names
    for round in 0..<1500 {
      var document = try ProfileTests.document(names[round % names.count])
      for _ in 0...random.below(3) { document = Self.damage(document, &random) }
      _ = try? PolicyReader.read(document)
    }
  }

  private static func damage(_ value: JSONValue, _ random: inout SeededGenerator) -> JSONValue {
    switch value {
    case .object(var object) where !object.members.isEmpty && random.below(12) > 0:
      let member = object.members[random.below(object.members.count)]
      object[member.name] = damage(member.value, &random)
      return .object(object)
    case .array(var elements) where !elements.isEmpty && random.below(12) > 0:
      let index = random.below(elements.count)
      elements[index] = damage(elements[index], &random)
      return .array(elements)
    default:
      let others: [JSONValue] = [
        nil, true, -1, .integer(.max), .decimal(1.5), "", "x{y}", "\r\n", [], [[]], [:], ["a": 1],
      ]
      return others[random.below(others.count)]
    }
  }
}
