// No way of printing may show a secret, and seeded randomness repeats itself.
import Crypto
import KeyModel
import Testing

@Suite struct SecretTests {
  private struct Holder {
    var name = "holder"
    var secret: Secret
  }

  private enum Wrapping: Error {
    case failed(Secret)
  }

  @Test("no description, mirror, dump or interpolation shows a secret")
  func neverPrinted() {
    let canary = "canary-7f3a9c1e"
    let secret = Secret(canary)
    var dumped = ""
    dump(Holder(secret: secret), to: &dumped)
    dump(secret, to: &dumped)
    dump([secret], to: &dumped)
    let printed = [
      "\(secret)", String(describing: secret), String(reflecting: secret), "\([secret])",
      "\(Holder(secret: secret))", "\(Optional(secret) as Any)", "\(Wrapping.failed(secret))",
      String(reflecting: Wrapping.failed(secret)), "\(["a": secret])", dumped,
    ]
    for text in printed {
      #expect(!text.contains(canary))
      #expect(!text.contains(hex(Array(canary.utf8))))
    }
    #expect("\(secret)" == "[redacted]")
    #expect(Mirror(reflecting: secret).children.isEmpty)
    #expect(!((secret as Any) is any Encodable))
  }

  @Test("no description of keys, keyrings or hashers shows their bytes")
  func keysNeverPrinted() throws {
    let entropy = SeededEntropy(seed: 7)
    let keys = MasterKeys(oldestFirst: MasterKey(entropy: entropy))
    let rows = Keyring.foundation(
      masterKeys: keys, firstID: 1, now: Timestamp(seconds: 0), entropy: entropy)
    let keyring = try Keyring(masterKeys: keys, rows: rows)
    // The same seed gives the same bytes: the first 32 are the master key.
    let bytes = SeededEntropy(seed: 7).bytes(32)
    var dumped = ""
    dump(keys, to: &dumped)
    dump(keyring, to: &dumped)
    for text in ["\(keys)", "\(keyring)", String(reflecting: keyring), dumped] {
      #expect(!text.contains(hex(bytes)))
      #expect(!text.contains(bytes.map(String.init).joined(separator: ", ")))
    }
  }

  @Test("the text comes back only when it is asked for, and equality is by bytes")
  func reveal() {
    #expect(Secret("tw_sk_ü").revealText() == "tw_sk_ü")
    #expect(Secret([0x61, 0x62]) == Secret("ab"))
    #expect(Secret("ab") != Secret("ac"))
    #expect(Secret("").count == 0)
    #expect(Secret("") == Secret([]))
  }

  @Test("a seed repeats its bytes, another seed and the system do not")
  func entropy() {
    let first = SeededEntropy(seed: 1)
    let second = SeededEntropy(seed: 1)
    let one = first.bytes(40)
    #expect(one == second.bytes(40))
    #expect(first.bytes(40) != one)
    #expect(SeededEntropy(seed: 2).bytes(40) != one)
    #expect(SystemEntropy().random128() != SystemEntropy().random128())
  }
}
