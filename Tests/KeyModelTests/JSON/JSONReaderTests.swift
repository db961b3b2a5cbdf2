// What the JSON reader takes, what it refuses, and where it says the fault is.
import KeyModel
import TestSupport
import Testing

@Suite("JSON reader")
struct JSONReaderTests {
  static let readable: [(String, JSONValue)] = [
    ("null", JSONValue.null), (" true ", true), ("\t\r\nfalse", false), ("0", 0), ("-0", 0),
    ("9223372036854775807", .integer(.max)), ("-9223372036854775808", .integer(.min)),
    ("1.5", .decimal(1.5)), ("1e3", .decimal(1000)), ("-2.5E-1", .decimal(-0.25)),
    ("0.0", .decimal(0)), (#""""#, ""), (#""aéß😀""#, "aéß😀"), ("[]", []), ("{}", [:]),
    (#""\"\\\/\b\f\n\r\t\u0041\ud83d\ude00z""#, "\"\\/\u{8}\u{C}\n\r\tA😀z"),
    (#"[1,[2],{"a":[]}]"#, [1, [2], ["a": []]]),
    (#"{"b":1,"a":{"c":null}}"#, ["b": 1, "a": ["c": nil]]),
  ]

  @Test("reads every kind of value", arguments: readable)
  func reads(text: String, value: JSONValue) throws {
    #expect(try JSONReader.read(text) == value)
  }

  static let refused: [(String, JSONError.Reason)] = [
    ("", JSONError.Reason.endOfText), ("  ", .endOfText), ("[1", .endOfText),
    (#"{"a""#, .endOfText), (#""abc"#, .endOfText), ("tru", .endOfText), ("-", .endOfText),
    ("1.", .endOfText), ("1e", .endOfText), (#""\"#, .endOfText), (#""\u12"#, .endOfText),
    ("trux", .unexpectedByte), ("[1,]", .unexpectedByte), (#"{"a":1,}"#, .unexpectedByte),
    ("[,1]", .unexpectedByte), ("{a:1}", .unexpectedByte), ("'a'", .unexpectedByte),
    ("NaN", .unexpectedByte), ("+1", .unexpectedByte), (".5", .unexpectedByte),
    ("\u{FEFF}1", .unexpectedByte), ("// c\n1", .unexpectedByte), (#"{"a" 1}"#, .unexpectedByte),
    ("[1 2]", .unexpectedByte), ("]", .unexpectedByte), ("\u{B}1", .unexpectedByte),
    ("01", .invalidNumber), ("-01", .invalidNumber), ("1.x", .invalidNumber),
    ("1e+x", .invalidNumber), ("-x", .invalidNumber),
    ("9223372036854775808", .numberOutOfRange), ("-9223372036854775809", .numberOutOfRange),
    ("1e400", .numberOutOfRange), ("-1e400", .numberOutOfRange),
    (#""\x""#, .invalidEscape), (#""\u00g0""#, .invalidEscape), (#""\U0041""#, .invalidEscape),
    (#""\ud800""#, .loneSurrogate), (#""\udc00""#, .loneSurrogate),
    (#""\ud800\u0041""#, .loneSurrogate), (#""\ud800\ud800""#, .loneSurrogate),
    (#""\u0000""#, .nulCharacter), ("\"a\u{0}\"", .nulCharacter), ("\"a\nb\"", .controlCharacter),
    (#"{"a":1,"a":2}"#, .duplicateName), (#"{"a":1,"\u0061":2}"#, .duplicateName),
    ("1 2", .trailingBytes), ("{}}", .trailingBytes), ("1\u{0}", .trailingBytes),
  ]

  @Test("refuses what RFC 8259 does not allow", arguments: refused)
  func refuses(text: String, reason: JSONError.Reason) throws {
    let error = try #require(throws: JSONError.self) { try JSONReader.read(text) }
    #expect(error.reason == reason)
  }

  @Test(
    "refuses bytes that are not UTF-8",
    arguments: [
      [0x80], [0xC0, 0xAF], [0xC1, 0xBF], [0xE0, 0x80, 0x80], [0xED, 0xA0, 0x80],
      [0xF0, 0x80, 0x80, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xFF],
      [0xE2, 0x82], [0xF0, 0x9F, 0x98], [0xC3],
    ] as [[UInt8]])
  func refusesInvalidUTF8(bytes: [UInt8]) throws {
    let text = Array(#"{"a":"xyz"#.utf8) + bytes + Array(#"pq"}"#.utf8)
    let error = try #require(throws: JSONError.self) { try JSONReader.read(text) }
    #expect(error.reason == .invalidUTF8)
    #expect(error.offset == 9)
    #expect(error.pointer.description == "/a")
  }

  @Test("says the offset, line, column and pointer of a fault")
  func place() throws {
    let text = "{\n  \"é\": [1, {\"a/b~c\":\n    \"ßx\\q\"}]\n}"
    let error = try #require(throws: JSONError.self) { try JSONReader.read(text) }
    #expect(error.reason == .invalidEscape)
    #expect(error.line == 3)
    #expect(error.column == 8)
    #expect(error.offset == 32)
    #expect(error.pointer.description == "/é/1/a~1b~0c")
    #expect(
      error.description == "line 3, column 8: invalid escape (in /é/1/a~1b~0c)")
  }

  @Test("finds duplicate names in large objects too")
  func duplicatesInLargeObjects() throws {
    let members = (0..<40).map { #""n\#($0)":1"# }
    let good = "{" + members.joined(separator: ",") + "}"
    #expect(try JSONReader.read(good).object?.members.count == 40)
    let bad = "{" + (members + [#""n3":2"#]).joined(separator: ",") + "}"
    let error = try #require(throws: JSONError.self) { try JSONReader.read(bad) }
    #expect(error.reason == .duplicateName)
    #expect(error.pointer.tokens == ["n3"])
  }

  @Test("stops at the depth it is given")
  func depth() throws {
    func nested(_ levels: Int) -> String {
      String(repeating: "[", count: levels) + String(repeating: "]", count: levels)
    }
    #expect(throws: Never.self) { try JSONReader.read(nested(32)) }
    let error = try #require(throws: JSONError.self) { try JSONReader.read(nested(33)) }
    #expect(error.reason == .tooDeep(limit: 32))
    #expect(throws: Never.self) { try JSONReader.read(nested(3), maximumDepth: 3) }
    #expect(throws: JSONError.self) { try JSONReader.read(nested(4), maximumDepth: 3) }
    #expect(throws: JSONError.self) { try JSONReader.read(String(repeating: "[", count: 100_000)) }
  }

  @Test("takes comments and trailing commas only where they are allowed")
  func comments() throws {
    let text = """
      // head
      { "a": 1, /* one
        two **/ "b": [1, 2, /**/], // end
      } // tail
      """
    #expect(try JSONReader.read(text, comments: true) == ["a": 1, "b": [1, 2]])
    #expect(throws: JSONError.self) { try JSONReader.read(text) }
    for bad in ["/* 1", "/*/ 1", "[1,,]", "[,]", "/ 1", "{,}", "1 /"] {
      #expect(throws: JSONError.self) { try JSONReader.read(bad, comments: true) }
    }
  }

  @Test("does not crash on damaged texts and takes only what can be written again")
  func damaged() throws {
    var random = SeededGenerator(seed: 7)
    let seed = Array(#"{"a":[1,-2.5e3,"x\u00e9\n",true,null],"b":{"c":"ß","d":[]}}"#.utf8)
    for _ in 0..<20_000 {
      var bytes = seed
      for _ in 0...random.below(3) {
        bytes[random.below(bytes.count)] = UInt8(truncatingIfNeeded: random.next())
      }
      if let value = try? JSONReader.read(bytes, comments: random.below(2) == 0) {
        #expect(try JSONReader.read(JSONWriter.compact(value)) == value)
      }
    }
  }
}
