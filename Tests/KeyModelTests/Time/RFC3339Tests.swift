// Timestamps to text and back.
import KeyModel
import TestSupport
import Testing

@Suite("RFC 3339")
struct RFC3339Tests {
  static let formatted: [(Int64, String)] = [
    (0, "1970-01-01T00:00:00Z"), (-1, "1969-12-31T23:59:59.999999Z"),
    (1_000_000, "1970-01-01T00:00:01Z"), (50, "1970-01-01T00:00:00.000050Z"),
    (951_782_400_000_000, "2000-02-29T00:00:00Z"), (Int64.max, "9999-12-31T23:59:59.999999Z"),
    (Int64.min, "0000-01-01T00:00:00Z"), (1_795_253_880_000_000, "2026-11-21T09:38:00Z"),
  ]

  @Test("formats in UTC, with a fraction only where there is one", arguments: formatted)
  func formats(microseconds: Int64, text: String) {
    #expect(RFC3339.format(Timestamp(microseconds: microseconds)) == text)
  }

  static let parsed: [(String, Int64)] = [
    ("1970-01-01T00:00:00Z", 0), ("1970-01-01t00:00:00z", 0),
    ("1970-01-01T01:00:00+01:00", 0), ("1969-12-31T18:30:00.5-05:30", 500_000),
    ("1970-01-01T00:00:00-00:00", 0), ("1970-01-01T00:00:00.123456789Z", 123_456),
    ("2000-02-29T00:00:00Z", 951_782_400_000_000),
  ]

  @Test("parses any offset and precision", arguments: parsed)
  func parses(text: String, microseconds: Int64) {
    #expect(RFC3339.parse(text)?.microseconds == microseconds)
  }

  @Test(
    "refuses everything else",
    arguments: [
      "", "1970-01-01", "1970-01-01T00:00:00", "1970-01-01 00:00:00Z", "1970-01-01T00:00:60Z",
      "1970-01-01T24:00:00Z", "1970-01-01T00:60:00Z", "1970-13-01T00:00:00Z",
      "1970-00-01T00:00:00Z", "1970-01-00T00:00:00Z", "1970-02-29T00:00:00Z",
      "1900-02-29T00:00:00Z", "1970-04-31T00:00:00Z", "1970-1-01T00:00:00Z",
      "1970-01-01T00:00:00.Z", "1970-01-01T00:00:00.1234567890Z", "1970-01-01T00:00:00,5Z",
      "1970-01-01T00:00:00+0100", "1970-01-01T00:00:00+24:00", "1970-01-01T00:00:00+01:60",
      "1970-01-01T00:00:00ZZ", " 1970-01-01T00:00:00Z", "+970-01-01T00:00:00Z",
      "19700-01-01T00:00:00Z", "0000-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01",
      "١٩٧٠-01-01T00:00:00Z",
    ])
  func refuses(text: String) {
    #expect(RFC3339.parse(text) == nil)
  }

  @Test("random times survive")
  func roundTrip() {
    var random = SeededGenerator(seed: 3)
    let span = RFC3339.latest.microseconds - RFC3339.earliest.microseconds
    for _ in 0..<20_000 {
      let offset = Int64(random.next() % UInt64(span))
      let time = Timestamp(microseconds: RFC3339.earliest.microseconds + offset)
      #expect(RFC3339.parse(RFC3339.format(time)) == time)
    }
  }

  @Test("the calendar is its own inverse, day by day")
  func calendar() {
    var previous = CivilDate(daysSince1970: -800_000)
    for day in Int64(-799_999)..<800_000 where day % 7 == 0 || (-1000...1000).contains(day) {
      let date = CivilDate(daysSince1970: day)
      #expect(date.daysSince1970 == day)
      #expect(date != previous)
      previous = date
    }
    #expect(Timestamp(microseconds: -1).day == -1)
    #expect(Timestamp(seconds: 86_400).day == 1)
  }
}
