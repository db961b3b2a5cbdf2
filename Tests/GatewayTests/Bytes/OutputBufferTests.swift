// Bytes that go out: numbers, ids, JSON strings and base64 look as their readers expect.
import Foundation
import HTTPServer
import KeyModel
import Testing

@testable import Gateway

struct OutputBufferTests {
  @Test(
    "numbers are written as Swift writes them",
    arguments: [
      0, 7, 10, 99, 100, -1, 1_800_000_000, Int64.max, Int64.min,
    ])
  func decimals(value: Int64) {
    let out = OutputBuffer()
    out.append(decimal: value)
    #expect(out.text == String(value))
  }

  @Test("ids are written as they describe themselves")
  func ids() {
    let values: [UInt128] = [0, 1, 31, 32, 1 << 60, 1 << 65, 0x0123_4567_89AB_CDEF << 61, .max]
    for value in values {
      let out = OutputBuffer()
      out.append(KeyID(bits: value))
      #expect(out.text == KeyID(bits: value).description)
    }
  }

  @Test(
    "strings are escaped so that a JSON reader gets them back",
    arguments: [
      "", "plain", "qu\"ote", "back\\slash", "line\nfeed\u{1}", "ä€😀", "\"", "\\\\",
    ])
  func json(value: String) throws {
    let out = OutputBuffer()
    out.append(json: value)
    #expect(try JSONReader.read(out.bytes) == .string(value))
  }

  @Test(
    "base64url follows RFC 4648 without padding",
    arguments: [
      ("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"),
      ("fooba", "Zm9vYmE"), ("foobar", "Zm9vYmFy"), ("??>", "Pz8-"), ("???", "Pz8_"),
    ])
  func base64(plain: String, encoded: String) {
    let out = OutputBuffer()
    out.append(base64url: bytes(plain))
    #expect(out.text == encoded)
  }

  @Test("base64url has every digit in every place", arguments: 0...64)
  func everyDigit(count: Int) {
    for start in stride(from: 0, to: 256, by: 7) {
      let plain = (0..<count).map { UInt8(truncatingIfNeeded: start + $0 * 37) }
      let out = OutputBuffer()
      out.append("v1.")
      plain.withUnsafeBytes { out.append(base64url: $0) }
      let standard = Data(plain).base64EncodedString()
      let expected = standard.map { $0 == "+" ? "-" : $0 == "/" ? "_" : $0 }.filter { $0 != "=" }
      #expect(out.text == "v1." + String(expected))
    }
  }

  @Test(
    "addresses are written as their text",
    arguments: [
      "127.0.0.1", "255.255.255.255", "0.0.0.0", "::1", "2001:db8::7",
    ])
  func addresses(text: String) throws {
    let out = OutputBuffer()
    out.append(try #require(IPAddress(text)))
    #expect(out.text == text)
  }

  @Test("a buffer grows and is used again")
  func grows() {
    let out = OutputBuffer(capacity: 64)
    for _ in 0..<2 {
      out.reset()
      for _ in 0..<1000 { out.append("0123456789") }
      #expect(out.count == 10_000)
      #expect(out.text.hasSuffix("6789"))
    }
  }

  @Test("request ids never repeat and differ between workers")
  func requestIDs() {
    var first = RequestIDSource(entropy: SeededBytes(seed: 1))
    var second = RequestIDSource(entropy: SeededBytes(seed: 2))
    var seen: Set<RequestID> = []
    for _ in 0..<1000 {
      #expect(seen.insert(first.next(now: noon)).inserted)
      #expect(seen.insert(second.next(now: noon)).inserted)
    }
    #expect(seen.allSatisfy { $0.description.hasPrefix("req_") })
  }
}
