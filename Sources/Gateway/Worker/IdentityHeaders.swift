// How an admitted caller is named to upstreams and proxies. Every field is always there and never
// empty: a proxy that copies them must not be left with a value of the client's.
import KeyModel
import Verification

enum IdentityHeaders {
  /// Complete lines; `environment` is the policy's name for it.
  static func append(
    _ identity: Identity, environment: UnsafeRawBufferPointer, to out: OutputBuffer
  ) {
    out.append("X-Latchkey-Key: ")
    out.append(identity.keyID)
    out.append("\r\nX-Latchkey-Account: ")
    out.append(identity.accountID)
    out.append("\r\nX-Latchkey-Application: ")
    out.append(identity.applicationID)
    out.append("\r\nX-Latchkey-Environment: ")
    out.append(environment)
    out.append("\r\nX-Latchkey-Access: ")
    out.append(identity.access.word)
    out.append("\r\nX-Latchkey-Kind: ")
    out.append(identity.kind.word)
    out.append("\r\n")
  }
}
