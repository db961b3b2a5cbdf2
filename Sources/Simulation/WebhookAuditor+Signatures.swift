// Verifies what webhooks are signed with as a receiver does: from the secret's text, the headers
// and the bytes, by the published construction.
import Crypto
import KeyModel
import Storage

extension WebhookAuditor {
  /// Every secret that has held for a while must have signed where there is room for all; else one.
  func isSigned(_ letter: Letter, _ id: String, _ book: Book, _ now: Int64) -> Bool {
    let stamp = header("webhook-timestamp", letter)
    guard let seconds = Int64(stamp), abs(seconds - now / 1_000_000) <= 60 else { return false }
    let usable = book.secrets.filter { $0.from <= now && now <= $0.until + Self.notice }
    let settled = book.secrets.filter {
      $0.from + Self.notice < now && now < $0.until - Self.notice
    }
    let standard = header("webhook-signature", letter)
    if !standard.isEmpty {
      let content = Array("\(id).\(stamp).".utf8) + letter.body
      let given = standard.split(separator: " ").map(String.init)
      let passes = { (secret: (text: String, from: Int64, until: Int64)) -> Bool in
        guard let key = AnyBase64.decode(String(secret.text.dropFirst("whsec_".count))) else {
          return false
        }
        return given.contains("v1," + Base64.encode(mac(content, key)))
      }
      return usable.contains(where: passes) && settled.allSatisfy(passes)
    }
    let given = header("X-Signature", letter)
    return usable.contains { given == "v1=" + Hex.encode(mac(letter.body, Array($0.text.utf8))) }
  }

  private func mac(_ content: [UInt8], _ key: [UInt8]) -> [UInt8] {
    HMACSHA256(key: key).authenticate(content)
  }

  private func header(_ name: String, _ letter: Letter) -> String {
    letter.headers.first { $0.name == name }?.value ?? ""
  }
}
