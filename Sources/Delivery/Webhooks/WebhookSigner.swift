// The headers by which a receiver knows that an event came from here: Standard Webhooks 1.0 (`v1`,
// `v1a`), and what the policy adds. Pure; a signature is over the bytes that are sent.
package import Crypto
package import KeyModel

/// The secrets that the signatures of one webhook may need.
package struct SigningMaterial: Sendable {
  package var current: WebhookSecrets
  /// Those before a rotation, as long as both sign.
  package var previous: WebhookSecrets?
  /// Of the oldest active secret key of the environment; nil: there is none that can be read.
  package var apiSecret: Secret?
  package var clientSecret: Secret?

  package init(
    current: WebhookSecrets, previous: WebhookSecrets? = nil, apiSecret: Secret? = nil,
    clientSecret: Secret? = nil
  ) {
    self.current = current
    self.previous = previous
    self.apiSecret = apiSecret
    self.clientSecret = clientSecret
  }

  /// Texts that must not come back in what is kept of an answer.
  var texts: [String] {
    let all = [current.secret, current.token, previous?.secret, previous?.token, apiSecret]
    return (all + [clientSecret]).compactMap { $0?.revealText() }.filter { !$0.isEmpty }
  }
}

package struct WebhookSigner: Sendable {
  private let signatures: [WebhookRules.Signature]
  private let material: SigningMaterial

  package init(_ signatures: [WebhookRules.Signature], _ material: SigningMaterial) {
    self.signatures = signatures
    self.material = material
  }

  /// - Parameters:
  ///   - id: the event's; the same for every attempt.
  ///   - data: JSON text of the event's `data`.
  ///   - now: of the attempt.
  package func headers(
    id: String, body: [UInt8], data: String, now: Timestamp
  ) -> [(name: String, value: String)] {
    let time = String(now.seconds)
    var headers = [(name: "webhook-id", value: id), (name: "webhook-timestamp", value: time)]
    for signature in signatures {
      switch signature {
      case .standard:
        headers.append(("webhook-signature", standard(Array("\(id).\(time).".utf8) + body)))
      case .header(let name, let value, let key, let content):
        let signed: () -> [UInt8] = {
          content == .body ? body : Array(Self.repr(data).utf8)
        }
        if let text = text(value, key, signed) { headers.append((name, text)) }
      }
    }
    return headers
  }

  /// New first; an older secret signs too as long as receivers may still have it.
  private func standard(_ content: [UInt8]) -> String {
    let all = [material.current] + (material.previous.map { [$0] } ?? [])
    let symmetric = all.map { "v1," + Base64.encode(Self.mac(content, $0.key)) }
    let asymmetric = all.map { "v1a," + Base64.encode($0.signer.sign(content)) }
    return (symmetric + asymmetric).joined(separator: " ")
  }

  /// Nil where the secret is not there: the header is left out. A header has room for one secret
  /// only, so the older one stays in it until its time is over.
  private func text(
    _ value: String, _ key: WebhookRules.SignatureKey, _ content: () -> [UInt8]
  ) -> String? {
    let secrets = material.previous ?? material.current
    let secret: Secret? =
      switch key {
      case .webhookSecret: secrets.secret
      case .token: secrets.token
      case .apiSecret: material.apiSecret
      case .clientSecret: material.clientSecret
      }
    guard let secret else { return nil }
    return PlaceholderText.parts(of: value).map { part in
      switch part {
      case .text(let text): text
      case .placeholder("hex"): Hex.encode(Self.mac(content(), secret))
      case .placeholder("base64"): Base64.encode(Self.mac(content(), secret))
      case .placeholder: secrets.token.revealText()
      }
    }.joined()
  }

  private static func mac(_ content: [UInt8], _ key: Secret) -> [UInt8] {
    key.withBytes { HMACSHA256(key: $0) }.authenticate(content)
  }

  private static func repr(_ data: String) -> String {
    (try? JSONReader.read(data, maximumDepth: 256)).map(PythonRepr.text) ?? ""
  }
}
