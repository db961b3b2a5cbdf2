// Summaries of blocks: never a wrong no, and few wrong yeses.
import KeyModel
import TestSupport
import Testing

@Suite("Summaries of records")
struct RecordSummaryTests {
  private static func summary(_ samples: [RecordSample], _ scope: SummaryScope) -> [UInt8] {
    var summary = RecordSummary(scope)
    for sample in samples {
      sample.packed.withUnsafeBytes { bytes in
        if let record = PackedRecord(bytes) { summary.add(RecordTags(record)) }
      }
    }
    return summary.bytes
  }

  private static func mayFit(
    _ bytes: [UInt8], _ scope: SummaryScope, _ change: (inout RecordFilter) -> Void
  ) -> Bool {
    var filter = RecordFilter()
    change(&filter)
    return bytes.withUnsafeBytes { RecordMatcher(filter).mayFit($0, scope) }
  }

  private static func random(_ random: inout SeededGenerator, _ number: Int) -> RecordSample {
    var sample = RecordSample(number)
    sample.fields.status = UInt16(100 + random.below(500))
    sample.fields.key = UInt128(random.next()) << 64 | UInt128(number)
    sample.fields.denial = DecisionCode.allCases[random.below(DecisionCode.allCases.count)]
    sample.method = Array(["GET", "POST", "DELETE", "PROPPATCH"][random.below(4)].utf8)
    sample.brand = random.below(2) == 0 ? [] : Array("brand-\(random.below(50))".utf8)
    sample.path = Array(
      "/v\(random.below(3))/\(["a", "orders", ""][random.below(3)])/\(number)".utf8)
    return sample
  }

  @Test("What is inside is never denied", arguments: [SummaryScope.block, .run])
  func neverWrongly(scope: SummaryScope) throws {
    var random = SeededGenerator(seed: 5)
    let samples = (0..<300).map { Self.random(&random, $0) }
    let bytes = Self.summary(samples, scope)
    for sample in samples {
      let record = try #require(sample.value)
      let cut = random.below(record.path.utf8.count + 1)
      #expect(
        Self.mayFit(bytes, scope) {
          $0.status = .exact(UInt16(record.status))
          $0.key = record.keyID
          $0.brand = record.brand
          $0.method = record.method
          $0.denial = record.denial
          $0.pathPrefix = String(record.path.prefix(cut))
        })
      #expect(Self.mayFit(bytes, scope) { $0.status = .hundreds(UInt16(record.status / 100)) })
    }
  }

  @Test("What is not inside is seen to be missing", arguments: [SummaryScope.block, .run])
  func absent(scope: SummaryScope) {
    let bytes = Self.summary((0..<300).map { RecordSample($0) }, scope)
    for code in 200..<600 where code != 200 {
      #expect(!Self.mayFit(bytes, scope) { $0.status = .exact(UInt16(code)) })
    }
    #expect(!Self.mayFit(bytes, scope) { $0.status = .hundreds(4) })
    for code in DecisionCode.allCases where code != .valid {
      #expect(!Self.mayFit(bytes, scope) { $0.denial = code })
    }
    #expect(!Self.mayFit(bytes, scope) { $0.method = "DELETE" })
    #expect(!Self.mayFit(bytes, scope) { $0.brand = "acme" })
    #expect(!Self.mayFit(bytes, scope) { $0.key = KeyID(bits: 99) })
    #expect(!Self.mayFit(bytes, scope) { $0.pathPrefix = "/v2/orders" })
    #expect(Self.mayFit(bytes, scope) { $0.pathPrefix = "/v1" })
  }

  @Test("A block of 300 unlike paths and keys still denies nearly all others")
  func falseYes() {
    var random = SeededGenerator(seed: 6)
    let bytes = Self.summary((0..<300).map { Self.random(&random, $0) }, .block)
    let wrong = (0..<1_000).count { number in
      Self.mayFit(bytes, .block) { $0.key = KeyID(bits: UInt128(random.next() | 1) << 64) }
    }
    #expect(wrong < 100)
  }

  @Test("A summary of another length may hold anything")
  func unknown() {
    #expect(Self.mayFit([], .block) { $0.status = .exact(500) })
    #expect(Self.mayFit([1, 2, 3], .run) { $0.status = .exact(500) })
  }
}
