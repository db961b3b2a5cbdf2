// Known answers for every hash: RFC and NIST vectors, and BLAKE2b values made by another program.
import Crypto
import KeyModel
import Testing

func hex(_ bytes: some Sequence<UInt8>) -> String {
  bytes.map { byte in
    let text = String(byte, radix: 16)
    return text.count == 1 ? "0" + text : text
  }.joined()
}

@Suite struct HashTests {
  let key = (0..<32).map { UInt8($0) }

  @Test("SHA-256 gives NIST's answers")
  func sha256() {
    #expect(
      hex(SHA256.digest(of: Array("abc".utf8)))
        == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(
      hex(SHA256.digest(of: []))
        == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
  }

  @Test("HMAC-SHA-256 gives RFC 4231's answers, also with keys longer than a block")
  func hmac() {
    #expect(
      hex(
        HMACSHA256(key: Array("Jefe".utf8)).authenticate(
          Array("what do ya want for nothing?".utf8)))
        == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
    let long = [UInt8](repeating: 0xaa, count: 131)
    #expect(
      hex(
        HMACSHA256(key: long).authenticate(
          Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8)))
        == "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54")
  }

  @Test("one HMAC key value serves many messages")
  func hmacReuse() {
    let state = HMACSHA256(key: key)
    let first = state.authenticate(Array("one".utf8))
    #expect(state.authenticate(Array("two".utf8)) != first)
    #expect(state.authenticate(Array("one".utf8)) == first)
  }

  /// Made by Python's hashlib.blake2b(message, key=key, digest_size=32) over bytes 0, 1, … 255, 0
  /// ….
  static let lookups = [
    (0, "4e51e7a913fc80137da52880fecca175bf81e117d5c68126dc2774033517ea0d"),
    (127, "12879e69734944f25f9ed95cbfdbb3659a307e485ed8ec118ce7c60f107357f1"),
    (128, "138893f1631ef3165629515d6ed800da3771b7926dced294205c7507351deebc"),
    (129, "ca60f75cbb714330c046d8f28b4ed351a3ee81776bb02a96abb646fe573e3d5c"),
    (1000, "35ef19e1b0264b96e9d2f9c1ded07ab910b83e31c06559b5794ad4682e44f54a"),
  ]

  @Test("look-up values are keyed BLAKE2b-256 on both sides of a block", arguments: lookups)
  func lookupKnownAnswers(length: Int, expected: String) {
    let token = (0..<length).map { UInt8($0 & 255) }
    let hasher = LookupHasher(pepperID: 1, pepper: key)
    #expect(hex(token.withUnsafeBytes { hasher.lookup(of: $0) }.bytes) == expected)
    #expect(hex(BLAKE2b.digest(of: token, key: key)) == expected)
  }

  @Test("look-up values equal the plain keyed hash at every length up to 300")
  func lookupEveryLength() {
    let hasher = LookupHasher(pepperID: 1, pepper: key)
    for length in 0...300 {
      let token = SeededEntropy(seed: UInt64(length)).bytes(length)
      let lookup = token.withUnsafeBytes { hasher.lookup(of: $0) }
      #expect(lookup.bytes == BLAKE2b.digest(of: token, key: key))
    }
  }

  @Test("a pepper changes every look-up value")
  func pepperMatters() {
    let token = Secret("tw_sk_0123456789")
    let one = LookupHasher(pepperID: 1, pepper: key).lookup(of: token)
    let two = LookupHasher(pepperID: 2, pepper: key.reversed()).lookup(of: token)
    #expect(one != two)
  }

  @Test("constant-time comparison tells equal from unequal, and lengths apart")
  func compare() {
    #expect(constantTimeEqual([1, 2, 3], [1, 2, 3]))
    #expect(!constantTimeEqual([1, 2, 3], [1, 2, 4]))
    #expect(!constantTimeEqual([1, 2, 3], [1, 2]))
    #expect(constantTimeEqual([UInt8](), []))
  }
}
