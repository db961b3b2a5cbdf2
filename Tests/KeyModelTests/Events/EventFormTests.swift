// What subscribers are sent, and what may stand where.
import KeyModel
import Testing

@Suite("The forms of events")
struct EventFormTests {
  private static let event = Event(
    id: EventID(bits: 1), projectID: ProjectID(bits: 2), accountID: AccountID(bits: 3),
    environment: "production", type: "order-created",
    createdAt: Timestamp(seconds: 1_795_255_200), data: ["id": 7, "webhook_id": "forged"])
  private static let webhook = Webhook(
    id: WebhookID(bits: 4), projectID: ProjectID(bits: 2), accountID: AccountID(bits: 3),
    name: "", url: "https://a.example/in", environment: "production", events: ["*"],
    sealedSecrets: [], createdAt: Timestamp(seconds: 0))

  private static func text(_ template: JSONValue?, _ webhook: Webhook? = nil) -> String {
    String(decoding: EventBody.bytes(of: event, template, for: webhook), as: UTF8.self)
  }

  @Test("Without a template: the members of the contract, in their order")
  func house() {
    #expect(
      Self.text(nil)
        == #"{"id":"\#(Self.event.id)","type":"order-created","created_at":"2026-11-21T10:00:00Z","#
        + #""account_id":"\#(Self.event.accountID)","environment":"production","#
        + #""data":{"id":7,"webhook_id":"forged"}}"#)
  }

  @Test("What the template names wins over what the data spreads")
  func spread() {
    #expect(
      Self.text(["webhook_id": "{id}", "kind": "on {type}!", "...": "{data}"])
        == #"{"webhook_id":"\#(Self.event.id)","kind":"on order-created!","id":7}"#)
  }

  @Test("A template that names the webhook makes bodies of its own")
  func own() {
    let template: JSONValue = ["hook": ["id": "{webhook_id}", "target": "{webhook_url}"]]
    #expect(EventBody.isOwn(template) && !EventBody.isOwn(["a": "{id}"]) && !EventBody.isOwn(nil))
    #expect(
      Self.text(template, Self.webhook)
        == #"{"hook":{"id":"\#(Self.webhook.id)","target":"https://a.example/in"}}"#)
  }

  @Test("A webhook hears of its types in its environment, while it is enabled")
  func hears() {
    var webhook = Self.webhook
    #expect(webhook.hears("a", in: "production") && webhook.hears("a", in: nil))
    #expect(!webhook.hears("a", in: "sandbox"))
    webhook.events = ["b"]
    #expect(!webhook.hears("a", in: "production") && webhook.hears("b", in: "production"))
    webhook.disabledReason = .failing
    #expect(!webhook.hears("b", in: "production"))
  }

  @Test("The operator publishes the project's types and never the server's")
  func catalogue() {
    var rules = WebhookRules()
    #expect(rules.mayPublish("order.created") && rules.knows("order.created"))
    #expect(!rules.mayPublish("key.created") && rules.knows("key.created") && rules.knows("*"))
    for bad in ["", ".a", "a b", "ä", "a/b", String(repeating: "a", count: 129)] {
      #expect(!rules.mayPublish(bad) && !rules.knows(bad))
    }
    rules.eventTypes = [.init(type: "order-created", title: "")]
    #expect(rules.mayPublish("order-created") && !rules.mayPublish("order.created"))
  }

  @Test("Base 64 with padding, as RFC 4648 has it")
  func base64() {
    let vectors = [
      ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="),
      ("fooba", "Zm9vYmE="), ("foobar", "Zm9vYmFy"),
    ]
    for (plain, text) in vectors { #expect(Base64.encode(Array(plain.utf8)) == text) }
    let all = (0...255).map { UInt8($0) }
    #expect(AnyBase64.decode(Base64.encode(all)) == all)
  }

  @Test("The representation that Python prints of what it read")
  func python() throws {
    let texts = [
      (
        #"{"id":123456789,"created":"2021-10-20 15:27:26"}"#,
        "{'id': 123456789, 'created': '2021-10-20 15:27:26'}"
      ),
      (
        #"[null,true,false,[],{},-1,9007199254740993]"#,
        "[None, True, False, [], {}, -1, 9007199254740993]"
      ),
      (
        #"["it's","say \"x\"","it's \"x\"","back\\slash","a\nb\tc\r","\u0001\u001b\u007f\u0085"]"#,
        #"["it's", 'say "x"', 'it\'s "x"', 'back\\slash', 'a\nb\tc\r', '\x01\x1b\x7f\x85']"#
      ),
      (
        #"["é ✓ 漢 😀","\u00ad\u200b\u2028\ue000\u00a0"]"#,
        #"['é ✓ 漢 😀', '\xad\u200b\u2028\ue000\xa0']"#
      ),
      (
        #"[1.0,1.5,-0.0,1e16,1.5e16,123456789012345.6,1e-5,0.0001,1e100,1.25e-7,5e-324]"#,
        "[1.0, 1.5, -0.0, 1e+16, 1.5e+16, 123456789012345.6, 1e-05, 0.0001, 1e+100, "
          + "1.25e-07, 5e-324]"
      ),
    ]
    for (json, repr) in texts {
      try #expect(PythonRepr.text(of: JSONReader.read(json)) == repr)
    }
  }
}
