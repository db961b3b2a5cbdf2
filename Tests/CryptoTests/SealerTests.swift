// Sealed records open where they belong and nowhere else.
import KeyModel
import Testing

@testable import Crypto

@Suite struct SealerTests {
  let entropy = SeededEntropy(seed: 1)
  let now = Timestamp(seconds: 1_700_000_000)
  let secret = Secret("tw_sk_test_canary")
  let keyring: Keyring
  let key: DataKey
  let context: SealContext

  init() throws {
    let masterKeys = MasterKeys(oldestFirst: MasterKey(entropy: entropy))
    keyring = try Keyring(
      masterKeys: masterKeys,
      rows: Keyring.foundation(masterKeys: masterKeys, firstID: 1, now: now, entropy: entropy))
    let account = AccountID(now: now, random: 1)
    key = try keyring.dataKey(
      keyring.newDataKey(id: 4, for: account, now: now, entropy: entropy))
    context = SealContext(
      table: "key_versions", column: "sealed_secret", row: "ver_1", account: account,
      purpose: "reveal")
  }

  @Test("XChaCha20-Poly1305 gives the draft's answer")
  func knownAnswer() {
    let plain = Array(
      ("Ladies and Gentlemen of the class of '99: If I could offer you only one tip for "
        + "the future, sunscreen would be it.").utf8)
    let key = (0x80...0x9f).map { UInt8($0) }
    let nonce = (0x40...0x57).map { UInt8($0) }
    let data: [UInt8] = [0x50, 0x51, 0x52, 0x53] + (0xc0...0xc7).map { UInt8($0) }
    let sealed = plain.withUnsafeBytes { plain in
      key.withUnsafeBytes { AEAD.seal(plain, key: $0, nonce: nonce, data: data) }
    }
    #expect(hex(sealed.prefix(16)) == "bd6d179d3e83d43b9576579493c0e939")
    #expect(hex(sealed.suffix(16)) == "c0875924c1c7987947deafd8780acf49")
  }

  @Test("a record opens in its place and has the documented form")
  func roundTrip() throws {
    let record = Sealer.seal(secret, under: key, at: context, entropy: entropy)
    #expect(record.count == 1 + 16 + 24 + secret.count + 16)
    #expect(record[0] == 1)
    #expect(record[1..<17].elementsEqual([UInt8](repeating: 0, count: 15) + [4]))
    #expect(Sealer.keyID(of: record) == 4)
    #expect(try Sealer.open(record, under: key, at: context) == secret)
    let empty = Sealer.seal(Secret(""), under: key, at: context, entropy: entropy)
    #expect(try Sealer.open(empty, under: key, at: context) == Secret(""))
  }

  @Test("flipping any bit of a record makes it fail, and so does cutting it")
  func everyByteCounts() {
    let record = Sealer.seal(secret, under: key, at: context, entropy: entropy)
    for at in record.indices {
      var changed = record
      changed[at] ^= 1
      #expect(throws: SealError.self) { try Sealer.open(changed, under: key, at: context) }
    }
    for count in 0..<record.count {
      #expect(throws: SealError.self) {
        try Sealer.open(Array(record.prefix(count)), under: key, at: context)
      }
    }
    #expect(throws: SealError.forged) {
      try Sealer.open(record + [0], under: key, at: context)
    }
  }

  @Test("a record moved to another table, column, row, account or purpose does not open")
  func everyFieldCounts() {
    let record = Sealer.seal(secret, under: key, at: context, entropy: entropy)
    let moves: [(inout SealContext) -> Void] = [
      { $0.table = "accounts" }, { $0.column = "other" }, { $0.row = "ver_2" },
      { $0.account = AccountID(bits: 2) }, { $0.account = nil }, { $0.purpose = "cycle" },
      {
        $0.table = "key_versionss"
        $0.column = "ealed_secret"
      },
    ]
    for move in moves {
      var elsewhere = context
      move(&elsewhere)
      #expect(throws: SealError.forged) {
        try Sealer.open(record, under: key, at: elsewhere)
      }
    }
  }

  @Test("a record names its key: another key is refused, also one with the same id")
  func otherKeys() throws {
    let record = Sealer.seal(secret, under: key, at: context, entropy: entropy)
    let other = try keyring.dataKey(
      keyring.newDataKey(id: 5, for: context.account, now: now, entropy: entropy))
    #expect(throws: SealError.otherKey) {
      try Sealer.open(record, under: other, at: context)
    }
    let twin = try keyring.dataKey(
      keyring.newDataKey(id: 4, for: context.account, now: now, entropy: entropy))
    #expect(throws: SealError.forged) {
      try Sealer.open(record, under: twin, at: context)
    }
  }

  @Test("a hundred thousand records have a hundred thousand nonces")
  func uniqueNonces() {
    var seen: Set<[UInt8]> = []
    let system = SystemEntropy()
    for _ in 0..<100_000 {
      seen.insert(
        Array(Sealer.seal(secret, under: key, at: context, entropy: system)[17..<41]))
    }
    #expect(seen.count == 100_000)
  }
}
