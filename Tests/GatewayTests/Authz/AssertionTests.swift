// The signed identity: whoever has the project's assertion key can check it, and nothing in it can
// be changed unnoticed.
import Crypto
import KeyModel
import Testing
import Verification

@testable import Gateway

struct AssertionTests {
  private func make(method: String = "GET", path: String = "/v1/a", key: [UInt8]) -> String {
    let identity = sampleIdentity()
    let claims = AssertionClaims(
      key: identity.keyID, account: identity.accountID, application: identity.applicationID,
      environment: bytes("production"), access: .readOnly, kind: .publishable,
      method: bytes(method), path: bytes(path), now: noon)
    let out = OutputBuffer()
    out.append("before ")
    Assertion.append(claims, key: HMACSHA256(key: key), payload: OutputBuffer(), to: out)
    return String(out.text.dropFirst(7))
  }

  private let key = [UInt8](repeating: 9, count: 32)

  @Test("the tag is HMAC-SHA-256 over version and payload")
  func tag() throws {
    let parts = make(key: key).split(separator: ".", omittingEmptySubsequences: false)
    #expect(parts.count == 3)
    #expect(parts[0] == "v1")
    let expected = OutputBuffer()
    let tag = HMACSHA256(key: key).authenticate(Array("v1.\(parts[1])".utf8))
    tag.withUnsafeBytes { expected.append(base64url: $0) }
    #expect(parts[2] == expected.text)
    #expect(make(key: [UInt8](repeating: 8, count: 32)).split(separator: ".")[2] != parts[2])
  }

  /// Of well-formed base64url only.
  private func decode(_ text: Substring) -> [UInt8] {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
    var bytes: [UInt8] = []
    var bits = (value: UInt32(0), count: 0)
    for digit in text.utf8 {
      bits = (bits.value << 6 | UInt32(alphabet.firstIndex(of: digit) ?? 0), bits.count + 6)
      if bits.count >= 8 {
        bits.count -= 8
        bytes.append(UInt8(truncatingIfNeeded: bits.value >> UInt32(bits.count)))
      }
    }
    return bytes
  }

  @Test("the payload binds key, account, environment, access, kind, method, path and end")
  func payload() throws {
    let encoded = make(method: "PO\"ST", path: "/v1/b", key: key).split(separator: ".")[1]
    let payload = try JSONReader.read(decode(encoded))
    let identity = sampleIdentity()
    #expect(payload["key"]?.string == identity.keyID.description)
    #expect(payload["account"]?.string == identity.accountID.description)
    #expect(payload["application"]?.string == identity.applicationID.description)
    #expect(payload["environment"]?.string == "production")
    #expect(payload["access"]?.string == "read_only")
    #expect(payload["kind"]?.string == "publishable")
    #expect(payload["method"]?.string == "PO\"ST")
    #expect(payload["path_sha256"]?.string == Hex.encode(SHA256.digest(of: Array("/v1/b".utf8))))
    #expect(payload["exp"]?.integer == noon.seconds + 30)
  }
}
