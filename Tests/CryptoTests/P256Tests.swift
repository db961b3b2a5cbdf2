// ECDSA on P-256, held to the published example of GitHub's secret scanning.
import Crypto
import KeyModel
import Testing

struct P256Tests {
  private static let pem = """
    -----BEGIN PUBLIC KEY-----
    MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE9MJJHnMfn2+H4xL4YaPDA4RpJqUq
    kCmRCBnYERxZanmcpzQSXs1X/AljlKkbJ8qpVIW4clayyef9gWhFbNHWAA==
    -----END PUBLIC KEY-----
    """
  private static let body = #"[{"token":"some_token","type":"some_type","url":"some_url"}]"#
  private static let signature =
    "MEUCIQDKZokqnCjrRtw0tni+2Ltvl/uiMJ1EGumEsp1BsNr32AIgQY1YXD2n"
    + "lj+XNfGK4rBfkMJ1JDOQcYXxa2sY8FNkrKc="

  @Test("the published example is valid, and nothing that differs from it by a bit")
  func example() throws {
    let key = try #require(P256PublicKey(pem: Self.pem))
    let signature = try #require(AnyBase64.decode(Self.signature))
    #expect(key.isValid(signature, of: Array(Self.body.utf8)))
    for at in [0, 5, signature.count - 1] {
      var other = signature
      other[at] ^= 1
      #expect(!key.isValid(other, of: Array(Self.body.utf8)))
    }
    #expect(!key.isValid(signature, of: Array((Self.body + " ").utf8)))
    #expect(!key.isValid([], of: Array(Self.body.utf8)))
    #expect(!key.isValid(signature + [0], of: Array(Self.body.utf8)))
  }

  @Test("only a public key on this curve is one")
  func others() {
    #expect(P256PublicKey(pem: "") == nil)
    #expect(
      P256PublicKey(pem: "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n") == nil)
    // Ed25519.
    #expect(
      P256PublicKey(
        pem: """
          -----BEGIN PUBLIC KEY-----
          MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=
          -----END PUBLIC KEY-----
          """) == nil)
  }
}
