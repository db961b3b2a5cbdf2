// Tokens: how they are made, what is taken for one, what is shown of one.
import KeyModel
import TestSupport
import Testing

@Suite("Token format")
struct TokenFormatTests {
  static func form(
    _ alphabet: SecretForm.Alphabet, bytes: Int = 32, checksum: Bool = true
  ) -> SecretForm {
    var form = SecretForm()
    form.alphabet = alphabet
    form.bytes = bytes
    form.checksum = checksum
    return form
  }

  @Test("CRC-32 has the published check values")
  func crcVectors() {
    func crc(_ text: String) -> UInt32 { Array(text.utf8).withUnsafeBytes(CRC32.checksum) }
    #expect(crc("") == 0)
    #expect(crc("123456789") == 0xCBF4_3926)
    #expect(crc("The quick brown fox jumps over the lazy dog") == 0x414F_A339)
  }

  @Test("CRC-32 equals the bit-by-bit definition at every length")
  func crcLengths() {
    var random = SeededGenerator(seed: 11)
    for length in 0..<100 {
      let bytes = random.bytes(length)
      var crc = UInt32.max
      for byte in bytes {
        crc ^= UInt32(byte)
        for _ in 0..<8 { crc = crc & 1 == 0 ? crc >> 1 : crc >> 1 ^ 0xEDB8_8320 }
      }
      #expect(bytes.withUnsafeBytes(CRC32.checksum) == ~crc)
    }
  }

  @Test("the checksum is six base 62 digits over all before it")
  func checksumVectors() {
    for token in [
      "ak_live_0123456789ABCDEFGHIJKLMNOPQRSTUV06nxXO",
      "ak_test_0123456789ABCDEFGHIJKLMNOPQRSTUV3KEnLL",
    ] {
      let bytes = Array(token.utf8)
      #expect(TokenFormat.checksum(of: Array(bytes.dropLast(6))) == Array(bytes.suffix(6)))
    }
    // A published sample whose checksum is over its body alone.
    let body = Array("zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ".utf8)
    #expect(TokenFormat.checksum(of: body) == Array("0mLq17".utf8))
    #expect(Base62.encode(UInt32.max) == Array("4gfFC3".utf8))
    #expect(Base62.encode(UInt32(0)) == Array("000000".utf8))
  }

  @Test("base 62 widths are the smallest that hold the bytes")
  func widths() {
    for bytes in 1...64 {
      let largest = Base62.encode([UInt8](repeating: 255, count: bytes))
      #expect(largest.count == Base62.width(ofBytes: bytes))
      #expect(largest[0] != UInt8(ascii: "0"))
    }
    #expect(Base62.width(ofBytes: 32) == 43)
    #expect(Base62.encode([0, 61]) == Array("00z".utf8))
    #expect(Base62.encode([1, 0]) == Array("048".utf8))
  }

  @Test("base 62 keeps every number, whatever its length")
  func base62Keeps() {
    var random = SeededGenerator(seed: 62)
    for count in 1...64 {
      let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
      var number = [UInt8](repeating: 0, count: count)
      for digit in Base62.encode(bytes) {
        var carry = Base62.digits.firstIndex(of: digit) ?? -1
        #expect(carry >= 0)
        for at in number.indices.reversed() {
          carry += Int(number[at]) * 62
          number[at] = UInt8(carry & 255)
          carry >>= 8
        }
        #expect(carry == 0)
      }
      #expect(number == bytes)
    }
  }

  @Test("each alphabet gives its published form")
  func generates() {
    let zeros = [UInt8](repeating: 0, count: 32)
    let ones = [UInt8](repeating: 255, count: 32)
    let hex = TokenFormat(prefix: "prod-", form: Self.form(.hex, bytes: 20, checksum: false))
    #expect(
      String(decoding: hex.generate(random: ones.prefix(20)), as: UTF8.self)
        == "prod-" + String(repeating: "f", count: 40))
    let url = TokenFormat(prefix: "tw_sk_", form: Self.form(.base64url, checksum: false))
    #expect(
      String(decoding: url.generate(random: ones), as: UTF8.self)
        == "tw_sk_" + String(repeating: "_", count: 42) + "8")
    let base62 = TokenFormat(prefix: "sk_", form: Self.form(.base62))
    let token = base62.generate(random: zeros)
    #expect(token.count == 3 + 43 + 6)
    #expect(Array(token.prefix(46)) == Array("sk_".utf8) + [UInt8](repeating: 48, count: 43))
  }

  static let formats = [
    TokenFormat(prefix: "sk_live_", form: form(.base62)),
    TokenFormat(prefix: "", form: form(.base62, bytes: 16)),
    TokenFormat(prefix: "tw_sk_", form: form(.base64url, checksum: false)),
    TokenFormat(prefix: "u-", form: form(.base64url, bytes: 64)),
    TokenFormat(prefix: "prod-", form: form(.hex, bytes: 20, checksum: false)),
    TokenFormat(prefix: "h", form: form(.hex, bytes: 16)), .operatorKey,
  ]

  @Test("what is made is well-formed", arguments: formats)
  func wellFormed(format: TokenFormat) {
    var random = SeededGenerator(seed: 12)
    var seen: Set<[UInt8]> = []
    for _ in 0..<2000 {
      let token = format.generate(random: random.bytes(format.randomByteCount))
      #expect(format.isWellFormed(token))
      #expect(seen.insert(token).inserted)
    }
  }

  @Test("every digit is about equally likely in a base 62 body")
  func unbiased() {
    var random = SeededGenerator(seed: 13)
    let format = TokenFormat(prefix: "", form: Self.form(.base62, checksum: false))
    var counts = [UInt8: Int]()
    for _ in 0..<6200 {
      // The first digit alone is not uniform: the largest number is a little below 62^43.
      for byte in format.generate(random: random.bytes(32)).dropFirst() {
        counts[byte, default: 0] += 1
      }
    }
    let expected = 6200 * 42 / 62
    #expect(counts.count == 62)
    for count in counts.values { #expect(abs(count - expected) < expected / 10) }
  }

  @Test("wrong prefix, alphabet, length or checksum is refused")
  func refuses() {
    let format = TokenFormat(prefix: "sk_live_", form: Self.form(.base62))
    let token = format.generate(random: (0..<32).map { UInt8($0) })
    func refused(_ bytes: [UInt8]) -> Bool { !format.isWellFormed(bytes) }
    #expect(refused([]))
    #expect(refused(Array("sk_live_".utf8)))
    #expect(refused(Array(token.dropLast())))
    #expect(refused(token + [48]))
    #expect(refused(Array("sk_test_".utf8) + token.dropFirst(8)))
    #expect(refused(Array("SK_live_".utf8) + token.dropFirst(8)))
    for bad: UInt8 in [0, 0x20, 0x2D, 0x5F, 0x7F, 0x80, 0xC3, 0xFF] {
      var changed = token
      changed[20] = bad
      #expect(refused(changed))
      changed = token
      changed[changed.count - 1] = bad
      #expect(refused(changed))
    }
    let hex = TokenFormat(prefix: "", form: Self.form(.hex, bytes: 16, checksum: false))
    #expect(hex.isWellFormed(Array("0123456789abcdef0123456789abcdef".utf8)))
    #expect(!hex.isWellFormed(Array("0123456789ABCDEF0123456789abcdef".utf8)))
  }

  @Test("URL-safe tokens may grow up to 512 bytes, others may not")
  func lengths() {
    let url = TokenFormat(prefix: "tw_sk_", form: Self.form(.base64url, checksum: false))
    func token(_ count: Int) -> [UInt8] {
      Array("tw_sk_".utf8) + [UInt8](repeating: 65, count: count)
    }
    #expect(!url.isWellFormed(token(42)))
    #expect(url.isWellFormed(token(43)))
    #expect(url.isWellFormed(token(506)))
    #expect(!url.isWellFormed(token(507)))
    var raised = Self.form(.hex, bytes: 32, checksum: false)
    let strict = TokenFormat(prefix: "", form: raised)
    raised.acceptFromBytes = 16
    let lenient = TokenFormat(prefix: "", form: raised)
    let old = [UInt8](repeating: 97, count: 32)
    #expect(!strict.isWellFormed(old))
    #expect(lenient.isWellFormed(old))
    #expect(!lenient.isWellFormed(old.dropLast()))
  }

  @Test("no mutated token passes as well-formed")
  func mutations() {
    var random = SeededGenerator(seed: 14)
    let format = TokenFormat(prefix: "sk_live_", form: Self.form(.base62))
    var token = format.generate(random: random.bytes(32))
    var accepted = 0
    for round in 0..<100_000 {
      if round % 1000 == 0 { token = format.generate(random: random.bytes(32)) }
      var mutated = token
      switch random.below(4) {
      case 0: mutated[random.below(token.count)] = UInt8(truncatingIfNeeded: random.next())
      case 1: mutated[random.below(token.count)] = Base62.digits[random.below(62)]
      case 2: mutated.swapAt(random.below(token.count), random.below(token.count))
      default: mutated.remove(at: random.below(token.count))
      }
      if mutated != token, mutated.withUnsafeBytes(format.isWellFormed) { accepted += 1 }
    }
    #expect(accepted == 0)
  }

  @Test("lists show the prefix and the last four characters and nothing else")
  func masking() {
    let format = TokenFormat(prefix: "tw_sk_", form: Self.form(.base62))
    let token = format.generate(random: (0..<32).map { UInt8($0) })
    let hint = TokenFormat.hint(of: token)
    #expect(hint.utf8.elementsEqual(token.suffix(4)))
    #expect(format.masked(hint: hint) == "tw_sk_…" + hint)
  }
}
