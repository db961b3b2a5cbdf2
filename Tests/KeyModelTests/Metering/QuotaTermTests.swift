// Advances and the terms that vouch for them.
import KeyModel
import Testing

@Suite struct QuotaTermTests {
  private static let hour: UInt64 = 60
  private static func minute(_ minute: UInt64) -> MeterDay { MeterDay(startMinute: minute) }

  /// The first term, which reached to minute 50,000, as whoever comes after its crash finds it.
  private static func lost() -> QuotaTerm {
    var term = QuotaTerm.none
    term.extend(to: minute(50_000))
    return term.found
  }

  @Test("an advance is a five-hundredth of the limit, at most 64, and a sixteenth of what is left")
  func sizes() {
    let sizes = [0, 499, 500, 2_500, 31_999, 32_000, .max].map { QuotaAdvance.most(limit: $0) }
    #expect(sizes == [0, 0, 1, 5, 63, 64, 64])
    let left = [0, 1_000, 2_420, 2_485, 2_500, 9_000].map {
      QuotaAdvance.calls(limit: 2_500, reserved: $0)
    }
    #expect(left == [5, 5, 5, 0, 0, 0])
  }

  @Test("a term that ended in order leaves nothing behind")
  func order() {
    var term = QuotaTerm.none.found
    #expect(term == .none)
    term.extend(to: Self.minute(50_000))
    #expect(term.number == 1 && term.after == .never)
    term.extend(to: Self.minute(40_000))
    #expect(term.until == Self.minute(50_000))
    term.end()
    term = term.found
    #expect(term.number == 1 && term.until == .never && term.after == .never)
    term.extend(to: Self.minute(60_000))
    #expect(term.number == 2)
    #expect(term.owed(QuotaRow(day: Self.minute(49_000)), limit: 5_000) == 0)
  }

  @Test("after a crash rows of older terms owe one advance, and a day and more has no other")
  func crash() {
    let next = Self.lost()
    #expect(next.after == Self.minute(50_000 + 25 * Self.hour))
    func owed(_ day: UInt64, reserved: Int64 = 0, term: Int64) -> Int64 {
      next.owed(
        QuotaRow(day: Self.minute(day), reserved: reserved, term: term), limit: 5_000)
    }
    #expect(owed(49_000, term: 0) == 10 && owed(50_000, term: 0) == 10)
    #expect(owed(49_000, reserved: 4_968, term: 0) == 2)
    // Written by the term that was lost, by who found it so, or since: it says all.
    #expect(owed(49_000, term: 1) == 0 && owed(49_000, term: 2) == 0)
    #expect(owed(50_001, term: 0) == 0)
  }

  @Test("a crash of a term that gave no advances takes none, one that did takes the older's place")
  func crashes() {
    var term = Self.lost()
    term.extend(to: Self.minute(50_030))
    let early = term.found
    #expect(early.lost.number == 1 && early.lost.until == Self.minute(50_000))
    term.extend(to: Self.minute(60_000))
    let late = term.found.lost
    #expect(late.number == 2 && late.until == Self.minute(60_000))
  }

  @Test("a term comes back from its text, and nothing else does")
  func text() {
    var term = Self.lost()
    term.extend(to: Self.minute(70_000))
    #expect(QuotaTerm(text: term.text) == term)
    for text in ["", "1 2 3", "1 2 3 4 5", "1 -2 3 4", "a 2 3 4", "1 2 3 99999999999999999999"] {
      #expect(QuotaTerm(text: text) == nil)
    }
  }
}
