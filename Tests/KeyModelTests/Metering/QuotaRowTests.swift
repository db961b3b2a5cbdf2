// Days, rows and chunks of a quota.
import KeyModel
import Testing

@Suite struct QuotaRowTests {
  static func time(_ text: String) throws -> Timestamp { try #require(RFC3339.parse(text)) }

  @Test(
    "a day begins at the policy's time",
    arguments: [
      ("2026-11-21T00:00:00Z", "00:00", "2026-11-21T00:00:00Z"),
      ("2026-11-20T23:59:59.999999Z", "00:00", "2026-11-20T00:00:00Z"),
      ("2026-11-21T00:29:59Z", "00:30", "2026-11-20T00:30:00Z"),
      ("2026-11-21T00:30:00Z", "00:30", "2026-11-21T00:30:00Z"),
      ("2026-11-21T12:00:00Z", "23:59", "2026-11-20T23:59:00Z"),
      ("2024-03-01T05:59:59Z", "06:00", "2024-02-29T06:00:00Z"),
    ])
  func beginnings(now: String, at: String, start: String) throws {
    let second = try Self.time("1970-01-01T\(at):00Z").seconds
    let day = MeterDay(of: try Self.time(now), beginningAtSecond: second)
    #expect(RFC3339.format(day.start) == start)
    let rule = QuotaRule(
      Quota(calls: 1, scope: .account, resetsAtSecond: second, counterResetsAtSecond: 0))
    #expect(rule.resetsAt(try Self.time(now)) == day.start.adding(seconds: 86_400))
  }

  @Test("times before 1970 and far ahead still name a day")
  func edges() throws {
    #expect(MeterDay(of: Timestamp(microseconds: .min), beginningAtSecond: 0) == .never)
    let far = MeterDay(of: Timestamp(microseconds: .max), beginningAtSecond: 60)
    #expect(far.startMinute == 1 << MeterDay.bits - 1)
    #expect(far > MeterDay(of: try Self.time("2200-01-01T00:00:00Z"), beginningAtSecond: 0))
  }

  @Test("a row never goes back to an earlier day and never reserves beyond its limit")
  func rows() {
    var row = QuotaRow(day: MeterDay(startMinute: 1440))
    #expect(row.reserve(7, limit: 10) == 7)
    #expect(row.reserve(7, limit: 10) == 3)
    #expect(row.reserve(1, limit: 10) == 0)
    #expect(row.reserve(1, limit: 5) == 0 && row.reserved == 10)
    row.turn(to: .never)
    #expect(row.reserved == 10)
    row.turn(to: MeterDay(startMinute: 2880))
    #expect(row.reserved == 0 && row.reserve(4, limit: 3) == 3)
    #expect(!row.giveBack(3, of: MeterDay(startMinute: 1440)) && row.reserved == 3)
    #expect(row.giveBack(2, of: row.day) && row.reserved == 1)
  }

  @Test("each share is told once a day, several at once in their order")
  func notices() {
    let shares = QuotaShares([100, 80, 0, 101])
    var row = QuotaRow(day: MeterDay(startMinute: 0))
    row.reserved = 79
    #expect(row.takeNotices(shares, limit: 100).isEmpty)
    row.reserved = 80
    #expect(row.takeNotices(shares, limit: 100) == [80])
    #expect(row.takeNotices(shares, limit: 100).isEmpty)
    row.reserved = 100
    #expect(row.takeNotices(shares, limit: 100) == [100])
    row.turn(to: MeterDay(startMinute: 1440))
    row.reserved = .max
    #expect(row.takeNotices(shares, limit: 1) == [80, 100])
    #expect(row.takeNotices(QuotaShares([]), limit: 1).isEmpty)
  }

  @Test("chunks grow while calls come fast, shrink when they do not, and end at one")
  func chunks() {
    var chunk = QuotaChunk(limit: 2500)
    var now = Timestamp(seconds: 0)
    func wanted(_ remaining: Int64, held: Int64 = 0, waiting: Int64 = 0) -> Int64 {
      chunk.wanted(held: held, waiting: waiting, remaining: remaining, limit: 2500)
    }
    #expect(wanted(2500) == 5 && wanted(2500, held: 1) == 4 && wanted(2500, held: 9) == 0)
    for _ in 0..<20 {
      chunk.refilled(at: now, limit: 2500)
      now.microseconds += 1000
    }
    #expect(chunk.size == 256 && wanted(2500) == 156 && wanted(31) == 1 && wanted(0) == 1)
    #expect(wanted(31, waiting: 5) == 5)
    for _ in 0..<20 {
      now.microseconds += 600_000
      chunk.refilled(at: now, limit: 2500)
    }
    #expect(chunk.size == QuotaChunk.smallest(2500))
    #expect(QuotaChunk.smallest(100) == 4 && QuotaChunk.smallest(1_000_000) == 64)
    #expect(QuotaChunk.largest(1_000_000) == 256)
    #expect(QuotaChunk.largest(100_000_000) == 10_000)
  }
}
