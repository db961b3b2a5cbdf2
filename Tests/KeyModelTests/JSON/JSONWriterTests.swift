// JSON output, pointers and merge patches.
import KeyModel
import TestSupport
import Testing

@Suite("JSON writer, pointer and merge patch")
struct JSONWriterTests {
  @Test("writes compact text with everything escaped that must be")
  func compact() {
    let value: JSONValue = [
      "a\"b\\": [1, .decimal(0.1), .decimal(1e100), true, nil],
      "c": "\u{1}\u{1F}\u{8}\u{C}\n\r\t/é\u{7F}", "d": [:], "e": [],
    ]
    #expect(
      JSONWriter.compactText(value)
        == #"{"a\"b\\":[1,0.1,1e+100,true,null],"c":"\u0001\u001f\b\f\n\r\t/é"#
        + "\u{7F}" + #"","d":{},"e":[]}"#)
    #expect(JSONWriter.compactText(.decimal(.infinity)) == "null")
  }

  @Test("escapes what must be, and nothing else, wherever it stands")
  func everyPlace() throws {
    for byte in UInt8(1)..<128 {
      let scalar = Unicode.Scalar(byte)
      let mustBeEscaped = byte < 0x20 || scalar == "\"" || scalar == "\\"
      for place in 0..<19 {
        let text = String(repeating: "ä", count: place) + String(scalar) + "abcdefgh"
        let written = JSONWriter.compact(.string(text))
        #expect(try JSONReader.read(written) == .string(text))
        #expect((written.count > text.utf8.count + 2) == mustBeEscaped)
      }
    }
  }

  @Test("writes indented text for people")
  func pretty() {
    let value: JSONValue = ["a": [1, ["b": nil]], "c": [], "d": [:]]
    #expect(
      JSONWriter.pretty(value)
        == "{\n  \"a\": [\n    1,\n    {\n      \"b\": null\n    }\n  ],\n"
        + "  \"c\": [],\n  \"d\": {}\n}"
    )
  }

  @Test("numbers come back bit for bit")
  func numbers() throws {
    var random = SeededGenerator(seed: 1)
    for _ in 0..<20_000 {
      let double = Double(bitPattern: random.next())
      guard double.isFinite else { continue }
      #expect(try JSONReader.read(JSONWriter.compact(.decimal(double))) == .decimal(double))
      let integer = Int64(bitPattern: random.next())
      #expect(try JSONReader.read(JSONWriter.compact(.integer(integer))) == .integer(integer))
    }
  }

  @Test("random values survive both forms of writing")
  func roundTrip() throws {
    var random = SeededGenerator(seed: 2)
    for _ in 0..<2000 {
      let value = Self.value(&random, depth: 4)
      #expect(try JSONReader.read(JSONWriter.compact(value)) == value)
      #expect(try JSONReader.read(JSONWriter.pretty(value)) == value)
    }
  }

  private static func value(_ random: inout SeededGenerator, depth: Int) -> JSONValue {
    switch random.below(depth > 0 ? 7 : 5) {
    case 0: return .null
    case 1: return .bool(random.below(2) == 0)
    case 2: return .integer(Int64(bitPattern: random.next()))
    case 3: return .decimal(Double(random.below(1_000_000)) / 64)
    case 4: return .string(text(&random))
    case 5: return .array((0..<random.below(5)).map { _ in value(&random, depth: depth - 1) })
    default:
      return .object(
        JSONObject(
          (0..<random.below(5)).map { _ in (text(&random), value(&random, depth: depth - 1)) }))
    }
  }

  private static func text(_ random: inout SeededGenerator) -> String {
    let scalars = (0..<random.below(8)).compactMap { _ in
      Unicode.Scalar(UInt32(1 + random.below(random.below(2) == 0 ? 0x7F : 0x1_F000)))
    }
    return String(String.UnicodeScalarView(scalars))
  }

  @Test("pointers escape, parse and resolve")
  func pointers() {
    let pointer = JSONPointer().appending("a/b").appending("~").appending(1)
    #expect(pointer.description == "/a~1b/~0/1")
    #expect(JSONPointer("/a~1b/~0/1") == pointer)
    #expect(JSONPointer("") == JSONPointer())
    #expect(JSONPointer("/") == JSONPointer([""]))
    for bad in ["a", "/~", "/~2", "/a~"] { #expect(JSONPointer(bad) == nil) }
    let value: JSONValue = ["a/b": ["~": [1, 2]]]
    #expect(value[pointer] == 2)
    #expect(value[JSONPointer(["a/b", "~", "01"])] == nil)
    #expect(value[JSONPointer(["a/b", "x"])] == nil)
    #expect(value[JSONPointer()] == value)
  }

  /// The table of RFC 7396, appendix A.
  static let mergeCases: [(String, String, String)] = [
    (#"{"a":"b"}"#, #"{"a":"c"}"#, #"{"a":"c"}"#),
    (#"{"a":"b"}"#, #"{"b":"c"}"#, #"{"a":"b","b":"c"}"#),
    (#"{"a":"b"}"#, #"{"a":null}"#, #"{}"#),
    (#"{"a":"b","b":"c"}"#, #"{"a":null}"#, #"{"b":"c"}"#),
    (#"{"a":["b"]}"#, #"{"a":"c"}"#, #"{"a":"c"}"#),
    (#"{"a":"c"}"#, #"{"a":["b"]}"#, #"{"a":["b"]}"#),
    (#"{"a":{"b":"c"}}"#, #"{"a":{"b":"d","c":null}}"#, #"{"a":{"b":"d"}}"#),
    (#"{"a":[{"b":"c"}]}"#, #"{"a":[1]}"#, #"{"a":[1]}"#),
    (#"["a","b"]"#, #"["c","d"]"#, #"["c","d"]"#),
    (#"{"a":"b"}"#, #"["c"]"#, #"["c"]"#),
    (#"{"a":"foo"}"#, #"null"#, #"null"#),
    (#"{"a":"foo"}"#, #""bar""#, #""bar""#),
    (#"{"e":null}"#, #"{"a":1}"#, #"{"e":null,"a":1}"#),
    (#"[1,2]"#, #"{"a":"b","c":null}"#, #"{"a":"b"}"#),
    (#"{}"#, #"{"a":{"bb":{"ccc":null}}}"#, #"{"a":{"bb":{}}}"#),
  ]

  @Test("merge patches as RFC 7396 says", arguments: mergeCases)
  func mergePatch(target: String, patch: String, result: String) throws {
    let patched = JSONMergePatch.apply(
      try JSONReader.read(patch), to: try JSONReader.read(target))
    #expect(JSONWriter.compactText(patched) == result)
  }
}
