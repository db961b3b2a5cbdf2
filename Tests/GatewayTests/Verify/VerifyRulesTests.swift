// What the verify call refuses before it reads a body, and what its answer looks like.
import KeyModel
import Testing

@testable import Gateway
@testable import Verification

struct VerifyRulesTests {
  @Test(
    "only an operator key in one Bearer field counts",
    arguments: [
      ([("Authorization", "Bearer lk_op_abc")], "lk_op_abc"),
      ([("authorization", "bearer  lk_op_abc")], "lk_op_abc"),
      ([("Authorization", "Bearer tw_sk_abc")], nil), ([("Authorization", "Basic lk_op_abc")], nil),
      ([("Authorization", "Bearer lk_op_")], nil), ([("Authorization", "Bearer")], nil), ([], nil),
      ([("Authorization", "Bearer lk_op_a"), ("Authorization", "Bearer lk_op_a")], nil),
      ([("X_Authorization", "Bearer lk_op_a")], nil),
    ] as [([(String, String)], String?)])
  func readsOperatorToken(pairs: [(String, String)], token: String?) {
    #expect(text(OperatorToken.read(fields(pairs))) == token)
  }

  @Test(
    "the content type must be JSON",
    arguments: [
      ("application/json", true), ("Application/JSON; charset=utf-8", true),
      ("application/json ;x=y", true), ("text/json", false), ("application/jsonp", false),
      ("application/x-www-form-urlencoded", false), ("", false), ("application/json, a/b", false),
    ])
  func wantsJSON(type: String, isJSON: Bool) {
    let problem = VerifyRules.refusal(fields([("Content-Type", type)]), length: 2)
    #expect((problem == nil) == isJSON)
    if let problem { #expect(problem.code.status == 415) }
  }

  @Test("a missing content type, a coding and a large body are refused")
  func refusesEarly() {
    #expect(VerifyRules.refusal(fields([]), length: 0)?.code.status == 415)
    let gzip = fields([("Content-Type", "application/json"), ("Content-Encoding", "gzip")])
    #expect(VerifyRules.refusal(gzip, length: 2)?.code.status == 415)
    let json = fields([("Content-Type", "application/json")])
    #expect(VerifyRules.refusal(json, length: VerifyHandler.maximumBody) == nil)
    #expect(VerifyRules.refusal(json, length: VerifyHandler.maximumBody + 1)?.code.status == 413)
    #expect(VerifyRules.refusal(json, length: nil) == nil)
  }

  @Test("the answer has every field, also where nothing is known")
  func writesUnknown() {
    let out = OutputBuffer()
    VerifyAnswer.write(
      Decision(.notFound), environment: bytes(""), brand: bytes("north"), quota: nil, lease: nil,
      to: out)
    #expect(
      out.text == """
        {"valid":false,"code":"not_found","key_id":null,"version_id":null,"account_id":null,\
        "application_id":null,"environment":null,"kind":null,"access":null,"brand":null,\
        "quota":null,"lease":null,"unchecked":[]}
        """)
  }

  @Test("the answer names the key, valid or not", arguments: [DecisionCode.valid, .revoked])
  func writesIdentity(code: DecisionCode) throws {
    let out = OutputBuffer()
    let identity = sampleIdentity(kind: .publishable, access: .readOnly)
    VerifyAnswer.write(
      Decision(code, identity), environment: bytes("sand\"box"), brand: bytes("no\nrth"),
      quota: nil, lease: nil, to: out)
    let value = try JSONReader.read(out.bytes)
    #expect(value["valid"]?.bool == (code == .valid))
    #expect(value["code"]?.string == code.name)
    #expect(value["key_id"]?.string == identity.keyID.description)
    #expect(value["version_id"]?.string == identity.versionID.description)
    #expect(value["account_id"]?.string == identity.accountID.description)
    #expect(value["application_id"]?.string == identity.applicationID.description)
    #expect(value["environment"]?.string == "sand\"box")
    #expect(value["kind"]?.string == "publishable")
    #expect(value["access"]?.string == "read_only")
    #expect(value["brand"]?.string == "no\nrth")
    #expect(value["quota"] == .null)
  }
}
