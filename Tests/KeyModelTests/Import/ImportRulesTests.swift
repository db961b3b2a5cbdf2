// What may come in as a key from elsewhere, as pure rules.
import KeyModel
import Testing

@Suite("Import rules")
struct ImportRulesTests {
  /// SHA-256 of `test`.
  private let hex = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
  private let base64 = "n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg="

  private func lookup(
    _ text: String, _ encoding: ImportRules.HashEncoding? = nil
  ) -> Result<Lookup, ImportCode> {
    Result { () throws(ImportCode) in try ImportRules.lookup(ofHash: text, encoding) }
  }

  @Test("A hash is the same in hexadecimal of either case and in base 64 of either alphabet")
  func forms() throws {
    let bytes = try #require(Hex.decode(hex))
    let wanted = try #require(Lookup(bytes: bytes))
    let urlSafe = base64.map { $0 == "+" ? "-" : $0 == "/" ? "_" : String($0) }.joined()
    for text in [hex, hex.uppercased(), base64, String(base64.dropLast()), urlSafe] {
      #expect(lookup(text) == .success(wanted), "\(text.count)")
    }
    #expect(lookup(hex, .hex) == .success(wanted) && lookup(base64, .base64) == .success(wanted))
    #expect(lookup(hex, .base64) == .failure(.malformedHash))
    #expect(lookup(base64, .hex) == .failure(.malformedHash))
  }

  @Test(
    "What is not 32 bytes is no hash",
    arguments: [
      "", "abc", String(repeating: "a", count: 63), String(repeating: "g", count: 64),
      String(repeating: "a", count: 66), String(repeating: "A", count: 42),
      String(repeating: "A", count: 43) + "==", String(repeating: "=", count: 44),
      String(repeating: "A", count: 42) + "B=", "-+" + String(repeating: "A", count: 41),
      " " + String(repeating: "A", count: 43), String(repeating: "é", count: 32),
    ])
  func malformed(_ text: String) {
    #expect(lookup(text) == .failure(.malformedHash))
  }

  @Test("The hash of nothing is refused in every form")
  func nothing() {
    let hex = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    #expect(lookup(hex) == .failure(.weakSecret))
    #expect(lookup("47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=") == .failure(.weakSecret))
  }

  @Test("Base 64 with and without padding gives back every length")
  func base64Lengths() {
    let bytes: [UInt8] = Array(0...255)
    for count in 0...64 {
      let text = String(decoding: Base64URL.encode(bytes.prefix(count)), as: UTF8.self)
      #expect(AnyBase64.decode(text) == Array(bytes.prefix(count)))
      let padded = text + String(repeating: "=", count: (4 - text.count % 4) % 4)
      #expect(AnyBase64.decode(padded) == Array(bytes.prefix(count)))
      if padded != text { #expect(AnyBase64.decode(padded + "=") == nil) }
    }
  }

  private func refusal(of secret: String) -> ImportCode? {
    do {
      try ImportRules.check(secret: secret.utf8)
      return nil
    } catch { return error }
  }

  @Test("A secret has 16 visible characters or more, and is not one letter over and over")
  func secrets() {
    #expect(refusal(of: "0123456789abcdef") == nil)
    #expect(refusal(of: "sk:live/with+signs=") == nil)
    #expect(refusal(of: "0123456789abcde") == .weakSecret)
    #expect(refusal(of: "aaaaaaaaaaaaaaaaaaaa") == .weakSecret)
    #expect(refusal(of: "0123456789 abcdef") == .validationFailed)
    #expect(refusal(of: "0123456789\tabcdef") == .validationFailed)
    #expect(refusal(of: "0123456789abcdéfgh") == .validationFailed)
    let long = String(repeating: "abcdefgh", count: TokenFormat.maximumLength / 8)
    #expect(refusal(of: long) == nil && refusal(of: long + "a") == .validationFailed)
  }

  @Test("A public id of the counting form gives its number, no other does")
  func numbers() {
    let form = PublicIDForm.integer(before: "K-", after: "")
    #expect(form.number(in: "K-17") == 17 && form.number(in: "K-017") == 17)
    for text in ["17", "K-", "K-1a", "K--1", "k-17", "K-99999999999999999999"] {
      #expect(form.number(in: text) == nil, "\(text)")
    }
    #expect(PublicIDForm.uuid(before: "", after: "").number(in: "17") == nil)
  }

  @Test("Hints have one to four characters, identifiers no colon and no blank")
  func texts() {
    #expect(ImportRules.isHint("a") && ImportRules.isHint("x7Qa"))
    for text in ["", "abcde", "a b", "é"] { #expect(!ImportRules.isHint(text)) }
    #expect(ImportRules.isIdentifier("PFK-17") && !ImportRules.isIdentifier("a:b"))
    for text in ["", "a b", "é", String(repeating: "a", count: 129)] {
      #expect(!ImportRules.isIdentifier(text))
    }
  }
}
