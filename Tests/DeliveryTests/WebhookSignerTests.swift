// Signatures against the standard's own vectors and against what policies add.
import Crypto
import Delivery
import KeyModel
import Testing

@Suite("Signatures of webhooks")
struct WebhookSignerTests {
  private static let time = Timestamp(seconds: 1_614_265_330)
  private static let id = "msg_p5jXN8AQM9LWM0D4loKWxJek"
  private static let body = Array(#"{"test": 2432232314}"#.utf8)

  /// The standard's key is 24 bytes, ours are 32: the golden text is checked with the same steps.
  @Test("The standard's v1 vector")
  func vector() throws {
    let key = try #require(AnyBase64.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"))
    let content = Array("\(Self.id).1614265330.".utf8) + Self.body
    #expect(
      "v1," + Base64.encode(HMACSHA256(key: key).authenticate(content))
        == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
  }

  @Test("The standard's v1a vector")
  func asymmetric() throws {
    let seed = try #require(AnyBase64.decode("VEVTVFNJR05JTkdLRVlET05PVFVTRVRISVNGT1JBTlk="))
    let key = seed.withUnsafeBytes { Ed25519Key(seed: $0) }
    let content = Array("\(Self.id).1614265330.".utf8) + Self.body
    let signature = key.sign(content)
    #expect(
      Base64.encode(signature)
        == "tQ9V2XOqn7jL/DQenEFpqIugdBVtiMmER5mhSkXBNwM0mkATuDe6"
        + "KYYUuxqtaiHeYGb7KaaBRdM5WqyeFiL8Ag=="
    )
    #expect(Base64.encode(key.publicKey) == "ZlN4eg7dSSqi0moX9hQUk3orrOouK3QVQSlJa248c/g=")
    #expect(Ed25519Key.isValid(signature, of: content, publicKey: key.publicKey))
    #expect(!Ed25519Key.isValid(signature, of: content + [0], publicKey: key.publicKey))
  }

  @Test("HMAC takes keys of any length: RFC 4231, cases 1, 2 and 6")
  func keys() throws {
    func mac(_ key: [UInt8], _ text: String) -> String {
      Hex.encode(HMACSHA256(key: key).authenticate(Array(text.utf8)))
    }
    #expect(
      mac([UInt8](repeating: 0x0B, count: 20), "Hi There")
        == "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7")
    #expect(
      mac(Array("Jefe".utf8), "what do ya want for nothing?")
        == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
    #expect(
      mac(
        [UInt8](repeating: 0xAA, count: 131),
        "Test Using Larger Than Block-Size Key - Hash Key First")
        == "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54")
  }

  private static func headers(
    _ signatures: [WebhookRules.Signature], _ material: SigningMaterial, data: String = "{}"
  ) -> [String: String] {
    let all = WebhookSigner(signatures, material).headers(
      id: id, body: body, data: data, now: time)
    return Dictionary(all.map { ($0.name, $0.value) }, uniquingKeysWith: { $1 })
  }

  @Test("Old and new secret sign together; a header with room for one keeps the old")
  func rotation() throws {
    let entropy = SeededEntropy(seed: 1)
    let (old, new) = (WebhookSecrets(entropy: entropy), WebhookSecrets(entropy: entropy))
    let token = WebhookRules.Signature.header(
      name: "X-Token", value: "{token}", key: .token, content: .body)
    let before = Self.headers([.standard, token], SigningMaterial(current: old))
    let during = Self.headers([.standard, token], SigningMaterial(current: new, previous: old))
    let after = Self.headers([.standard, token], SigningMaterial(current: new))
    let signatures = during["webhook-signature"]?.split(separator: " ") ?? []
    #expect(signatures.count == 4)
    for part in before["webhook-signature"]?.split(separator: " ") ?? [] {
      #expect(signatures.contains(part))
    }
    for part in after["webhook-signature"]?.split(separator: " ") ?? [] {
      #expect(signatures.contains(part))
    }
    #expect(during["X-Token"] == before["X-Token"] && during["X-Token"] != after["X-Token"])
    #expect(before["X-Token"]?.utf8.count == 86)
  }

  @Test("A policy's headers: prefix, hex, base 64, key and content as it says")
  func policy() {
    var material = SigningMaterial(current: WebhookSecrets(entropy: SeededEntropy(seed: 2)))
    let hex = WebhookRules.Signature.header(
      name: "X-Hex", value: "v1={hex}", key: .apiSecret, content: .body)
    let repr = WebhookRules.Signature.header(
      name: "X-Repr", value: "{base64}", key: .clientSecret, content: .dataRepr)
    #expect(Self.headers([hex], material)["X-Hex"] == nil)
    material.apiSecret = Secret("Jefe")
    material.clientSecret = Secret("client")
    let headers = Self.headers([hex, repr], material, data: #"{"id":1,"ok":true}"#)
    #expect(
      headers["X-Hex"]
        == "v1=" + Hex.encode(HMACSHA256(key: Array("Jefe".utf8)).authenticate(Self.body)))
    let signed = Array("{'id': 1, 'ok': True}".utf8)
    #expect(
      headers["X-Repr"]
        == Base64.encode(HMACSHA256(key: Array("client".utf8)).authenticate(signed)))
    #expect(headers["webhook-id"] == Self.id && headers["webhook-timestamp"] == "1614265330")
    #expect(headers["webhook-signature"] == nil)
  }

  @Test("Secrets survive sealing, and nothing else opens as secrets")
  func sealing() throws {
    let secrets = WebhookSecrets(entropy: SeededEntropy(seed: 3))
    let again = try #require(WebhookSecrets(secrets.sealable))
    #expect(again.secret == secrets.secret && again.token == secrets.token)
    #expect(again.publicKey == secrets.publicKey)
    #expect(secrets.secret.revealText().hasPrefix("whsec_"))
    #expect(AnyBase64.decode(String(secrets.secret.revealText().dropFirst(6)))?.count == 32)
    #expect(WebhookSecrets(Secret([1, 2, 3])) == nil)
  }
}
