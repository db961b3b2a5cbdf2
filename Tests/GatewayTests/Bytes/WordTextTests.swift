// Eight bytes at a time must find what one byte at a time finds.
import TestSupport
import Testing

@testable import Gateway

struct WordTextTests {
  private static let alphabet = Array("abyzAZ09-_@[`{\u{1}\u{7f}".utf8) + [0x80, 0xC1, 0xE1, 0xFF]

  private static func lower(_ byte: UInt8) -> UInt8 { byte &- 0x41 < 26 ? byte | 0x20 : byte }

  @Test("Texts of every length are the same where each of their bytes is", arguments: 0..<34)
  func lengths(count: Int) {
    var random = SeededGenerator(seed: UInt64(count))
    for round in 0..<2_000 {
      let wanted = (0..<count).map { _ in
        Self.lower(Self.alphabet[random.below(Self.alphabet.count)])
      }
      var given = wanted
      if count > 0, round > 0 {
        let place = random.below(count)
        given[place] = round % 2 == 0 ? given[place] ^ 0x20 : Self.alphabet[random.below(20)]
      }
      let same = given.map(Self.lower) == wanted
      given.withUnsafeBytes { given in
        wanted.withUnsafeBytes { wanted in
          #expect(ByteText.equal(given, wanted) == given.elementsEqual(wanted))
        }
        #expect(ByteText.equal(given, ignoringCase: wanted) == same)
      }
    }
  }

  @Test("Literals are compared as texts are")
  func literals() {
    #expect(ByteText.equal(bytes("Connection"), ignoringCase: "connection"))
    #expect(!ByteText.equal(bytes("Connectio\u{4e}"), ignoringCase: "connectiom"))
    #expect(!ByteText.equal(bytes("Connection"), "connection"))
    #expect(ByteText.equal(bytes("lk_op_"), "lk_op_"))
    #expect(!ByteText.equal(bytes("lk\u{7f}op_"), ignoringCase: "lk_op_"))
    #expect(!ByteText.equal(bytes("h\u{f}st"), ignoringCase: "host"))
    #expect(ByteText.equal(bytes("TE"), ignoringCase: "te"))
    #expect(!ByteText.equal(bytes("t"), ignoringCase: "te"))
    let nothing = UnsafeRawBufferPointer(start: nil, count: 0)
    #expect(ByteText.equal(nothing, "") && !ByteText.equal(nothing, "a"))
    #expect(ByteText.equal(nothing, nothing) && !ByteText.equal(bytes("a"), nothing))
  }
}
