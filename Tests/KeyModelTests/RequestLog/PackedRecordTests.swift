// The packed form: what goes in comes out, what is too long is cut, and no bytes, however wrong,
// lead a reader astray.
import KeyModel
import TestSupport
import Testing

@Suite("Packed request records")
struct PackedRecordTests {
  @Test("What is packed is read again")
  func roundTrip() throws {
    var sample = RecordSample()
    sample.fields.denial = .routeNotAllowed
    sample.fields.way = .authz
    sample.fields.addressHigh = 0x2001_0db8_0000_0000
    sample.brand = Array("Marke ✓".utf8)
    sample.headers = Array("x-trace: 1\nx-b: 2\n".utf8)
    let record = try #require(sample.value)
    #expect(record.id.bits == sample.fields.id)
    #expect(record.time == sample.fields.time)
    #expect(record.projectID == ProjectID(bits: 5) && record.accountID == AccountID(bits: 7))
    #expect(record.keyID == KeyID(bits: 11) && record.versionID == VersionID(bits: 12))
    #expect(record.applicationID == ApplicationID(bits: 13))
    #expect(record.environment == "production" && record.brand == "Marke ✓")
    #expect(record.method == "GET" && record.path == "/v1/orders/17")
    #expect(record.userAgent == "curl/8.5.0" && record.headers == "x-trace: 1\nx-b: 2\n")
    #expect(record.status == 200 && record.denial == .routeNotAllowed && record.way == .authz)
    #expect(record.latencyMicroseconds == 1_234 && record.upstreamLatencyMicroseconds == 1_000)
    #expect(record.bytesIn == 10 && record.bytesOut == 2_000)
    #expect(record.addressHigh == 0x2001_0db8_0000_0000 && record.addressLow == 0xffff_7f00_0001)
  }

  @Test("What is not known is nil, and an admitted call has no denial")
  func absence() throws {
    var sample = RecordSample()
    sample.fields.project = 0
    sample.fields.account = 0
    sample.fields.key = 0
    sample.fields.version = 0
    sample.fields.application = 0
    sample.fields.upstreamLatency = -1
    let record = try #require(sample.value)
    #expect(record.projectID == nil && record.accountID == nil && record.keyID == nil)
    #expect(record.versionID == nil && record.applicationID == nil)
    #expect(record.upstreamLatencyMicroseconds == nil && record.denial == nil)
  }

  @Test("Numbers beyond their field are held at its end")
  func extremes() throws {
    var sample = RecordSample()
    sample.fields.latency = .max
    sample.fields.upstreamLatency = .max
    sample.fields.bytesIn = .max
    sample.fields.time = Timestamp(microseconds: -1)
    let record = try #require(sample.value)
    #expect(record.latencyMicroseconds == Int64(UInt32.max))
    #expect(record.upstreamLatencyMicroseconds == Int64(UInt32.max) - 1)
    #expect(record.bytesIn == .max && record.time.microseconds == -1)
    sample.fields.latency = -5
    #expect(sample.value?.latencyMicroseconds == 0)
  }

  @Test("Long texts are cut between characters, each at its own limit")
  func cutting() throws {
    var sample = RecordSample()
    sample.path = Array(("/" + String(repeating: "é", count: 2_000)).utf8)
    sample.agent = Array(String(repeating: "a", count: 1_000).utf8)
    sample.brand = Array(String(repeating: "🙂", count: 100).utf8)
    sample.environment = Array(String(repeating: "e", count: 129).utf8)
    sample.method = Array(String(repeating: "M", count: 40).utf8)
    sample.headers = Array(String(repeating: "h", count: 5_000).utf8)
    let record = try #require(sample.value)
    #expect(record.path.utf8.count == 2_047 && record.path.hasSuffix("é"))
    #expect(record.userAgent.utf8.count == 256)
    #expect(record.brand == String(repeating: "🙂", count: 32))
    #expect(record.environment.utf8.count == 128 && record.method.utf8.count == 32)
    #expect(record.headers.utf8.count == 4_096)
    #expect(sample.packed.count <= RecordLayout.maximum)
  }

  @Test("Bytes that are no text, controls and marks of direction become text that can be shown")
  func unsafeTexts() throws {
    var sample = RecordSample()
    sample.path = [0x2F, 0xFF, 0xC3, 0x28, 0x00, 0x1B, 0x5B, 0x41]
    sample.agent = Array("a\u{202E}b\r\nc\u{7F}".utf8) + [0xE2, 0x82]
    let record = try #require(sample.value)
    #expect(record.path == "/\u{FFFD}\u{FFFD}([A")
    #expect(record.userAgent == "abc\u{FFFD}")
    sample.path = [UInt8](repeating: 0x80, count: 3_000)
    #expect(try #require(sample.value).path.unicodeScalars.count == 2_048)
  }

  @Test("A record that has no room is not begun")
  func noRoom() {
    let sample = RecordSample()
    sample.withFields { fields in
      var small = [UInt8](repeating: 0xAA, count: fields.packedSize - 1)
      #expect(small.withUnsafeMutableBytes { fields.write(to: $0) } == 0)
      #expect(small.allSatisfy { $0 == 0xAA })
      #expect(fields.write(to: UnsafeMutableRawBufferPointer(start: nil, count: 0)) == 0)
    }
  }

  @Test("Records that follow each other are read in turn, and a torn one ends the reading")
  func sequence() {
    let whole = (0..<20).flatMap { RecordSample($0).packed }
    let size = RecordSample().packed.count
    for end in 0...whole.count {
      whole.withUnsafeBytes { bytes in
        let read = PackedRecords(UnsafeRawBufferPointer(rebasing: bytes[..<end]))
        #expect(Array(read).count == end / size)
      }
    }
  }

  /// Under the sanitizers this finds what reads past the end.
  @Test("Damaged bytes are refused or read within their bounds", arguments: 0..<4)
  func damage(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    for _ in 0..<500 {
      var sample = RecordSample(random.below(1_000))
      sample.path = random.bytes(random.below(80))
      sample.agent = random.bytes(random.below(40))
      var bytes = sample.packed
      for _ in 0...random.below(4) {
        bytes[random.below(bytes.count)] = UInt8(truncatingIfNeeded: random.next())
      }
      if random.below(3) == 0 { bytes.removeLast(random.below(bytes.count)) }
      guard let record = RecordSample.read(bytes) else { continue }
      let texts = [record.path, record.userAgent, record.headers, record.brand, record.method]
      #expect(texts.allSatisfy { $0.unicodeScalars.count <= bytes.count })
      #expect(!record.path.unicodeScalars.contains { $0.value < 0x20 })
    }
  }

  @Test("Noise is never taken for a record longer than itself")
  func noise() {
    var random = SeededGenerator(seed: 99)
    for _ in 0..<1_000 {
      let bytes = random.bytes(random.below(400))
      bytes.withUnsafeBytes { bytes in
        var records = PackedRecords(bytes)
        while let record = records.next() { #expect(record.size <= bytes.count) }
        #expect(records.offset <= bytes.count)
      }
    }
  }
}
