// The signed form of an identity, `X-Latchkey-Assertion`: an upstream that checks it cannot be
// fooled by whoever reaches it around the proxy or slips a header past it.
import Crypto
import KeyModel

struct AssertionClaims {
  var key: KeyID
  var account: AccountID
  var application: ApplicationID
  var environment: UnsafeRawBufferPointer
  var access: Access
  var kind: KeyKind
  var method: UnsafeRawBufferPointer
  /// Up to the question mark, percent-encoding untouched.
  var path: UnsafeRawBufferPointer
  var now: Timestamp
}

enum Assertion {
  static let lifetimeSeconds: Int64 = 30

  /// `v1.<payload>.<tag>`: both base64url without padding, the tag HMAC-SHA-256 over all before
  /// its dot. `payload` is scratch.
  static func append(
    _ claims: AssertionClaims, key: HMACSHA256, payload: OutputBuffer, to out: OutputBuffer
  ) {
    payload.reset()
    write(claims, to: payload)
    let start = out.count
    out.append("v1.")
    out.append(base64url: payload.bytes)
    var tag: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
    withUnsafeMutableBytes(of: &tag) { key.authenticate(out.slice(from: start), into: $0) }
    out.append(UInt8(ascii: "."))
    withUnsafeBytes(of: tag) { out.append(base64url: $0) }
  }

  private static func write(_ claims: AssertionClaims, to out: OutputBuffer) {
    out.append("{\"key\":\"")
    out.append(claims.key)
    out.append("\",\"account\":\"")
    out.append(claims.account)
    out.append("\",\"application\":\"")
    out.append(claims.application)
    out.append("\",\"environment\":")
    out.append(json: claims.environment)
    out.append(",\"access\":\"")
    out.append(claims.access.word)
    out.append("\",\"kind\":\"")
    out.append(claims.kind.word)
    out.append("\",\"method\":")
    out.append(json: claims.method)
    out.append(",\"path_sha256\":\"")
    var digest: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
    withUnsafeMutableBytes(of: &digest) { SHA256.digest(of: claims.path, into: $0) }
    withUnsafeBytes(of: digest) { out.append(hexadecimal: $0) }
    out.append("\",\"exp\":")
    out.append(decimal: claims.now.seconds + lifetimeSeconds)
    out.append(UInt8(ascii: "}"))
  }
}
