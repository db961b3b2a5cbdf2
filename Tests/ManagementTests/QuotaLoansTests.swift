// Who is looked at for calls that nobody uses, and when.
import KeyModel
import Testing
import Verification

@testable import Management

@Suite("Quota loans")
struct QuotaLoansTests {
  private let rule = QuotaRefillerTests.rule(1_000)
  private let now = Timestamp(seconds: 1_800_000_000)

  /// Each has 20 calls.
  private func lend(to count: Int, _ cells: QuotaCells, _ loans: inout QuotaLoans) {
    for number in 1...count {
      let subject = QuotaSubject(id: UInt128(number), account: AccountID(bits: 1))
      _ = cells.debit(subject, rule, now: now)
      let requests = cells.takeRequests(limit: 1)
      for request in requests {
        cells.answer(request, .init(day: request.day, granted: 20, reserved: 20), low: 4)
      }
      cells.finish(requests)
      _ = loans.lent(20, to: subject, limit: rule.limit, at: now)
    }
  }

  @Test("a look at many is taken in parts and not begun anew before its end")
  func parts() {
    let cells = QuotaCells()
    var loans = QuotaLoans(isShared: false)
    lend(to: 3_000, cells, &loans)
    var returned: [UInt128] = []
    for look in 1...6 {
      loans.beginLook()
      let idle = loans.look(cells)
      #expect(idle.subjects.isEmpty)
      #expect(idle.returns.allSatisfy { $0.keeping == QuotaChunk.smallest(rule.limit) })
      // Nobody is idle who was not seen before.
      #expect(idle.returns.isEmpty == (look <= 3))
      returned += idle.returns.map(\.subject.id)
    }
    #expect(returned.count == 3_000)
    #expect(Set(returned).count == 3_000)
  }

  @Test("who calls in between is not idle")
  func busy() {
    let cells = QuotaCells()
    var loans = QuotaLoans(isShared: true)
    lend(to: 2, cells, &loans)
    for _ in 0..<20 {
      let busy = QuotaSubject(id: 1, account: AccountID(bits: 1))
      guard case .passed = cells.debit(busy, rule, now: now) else { break }
      loans.beginLook()
      let idle = loans.look(cells)
      #expect(!(idle.subjects + idle.returns.map(\.subject)).contains { $0.id == 1 })
    }
    #expect(Set(loans.subjects.map(\.id)) == [1, 2])
    loans.beginLook()
    #expect(loans.look(cells).subjects.map(\.id) == [2])
  }
}
