// Nanoseconds per debit of a day's quota: one thread, two on the same subject, two on subjects of
// their own. Calls are reserved beforehand; what a refill costs is the store's bench.
import Glibc
import KeyModel
import Synchronization
import Verification

struct QuotaBench {
  private static let rule = QuotaRule(
    Quota(
      calls: 1_000_000_000_000, scope: .account, resetsAtSecond: 0, counterResetsAtSecond: 0))
  private static let now = Timestamp(seconds: 1_800_000_000)

  static func run(debits: Int) {
    for (name, threads, subjects) in [
      ("one thread", 1, 1), ("two threads, one subject", 2, 1),
      ("two threads, two subjects", 2, 2), ("one thread, 100000 subjects", 1, 100_000),
    ] {
      let figures = (0..<5).map { _ in measure(debits, threads, subjects) }.sorted()
      print(
        "{\"bench\":\"quota\",\"case\":\"\(name)\",\"debits\":\(debits),"
          + "\"ns_median\":\(rounded(figures[2])),\"ns_min\":\(rounded(figures[0]))}")
    }
  }

  private static func subject(_ number: Int) -> QuotaSubject {
    QuotaSubject(
      id: UInt128(number + 1) &* 0x9E37_79B9_7F4A_7C15_F39C_0C5B_1E2D_3A4F,
      account: AccountID(bits: 1))
  }

  /// Wall time of one debit on each thread.
  private static func measure(_ debits: Int, _ threads: Int, _ subjects: Int) -> Double {
    let cells = QuotaCells()
    for number in 0..<subjects {
      _ = cells.debit(subject(number), rule, now: now)
      let requests = cells.takeRequests(limit: 1)
      for request in requests {
        cells.answer(
          request,
          .init(day: request.day, granted: 1_000_000_000, reserved: 1_000_000_000), low: 4)
      }
      cells.finish(requests)
    }
    let passed = Atomic<Int>(0)
    let started = clockNanoseconds()
    concurrently(threads) { thread in
      var count = 0
      for call in 0..<debits {
        let which = subjects > threads ? call % subjects : thread % subjects
        if case .passed = cells.debit(subject(which), rule, now: now) { count += 1 }
      }
      passed.add(count, ordering: .relaxed)
    }
    let elapsed = clockNanoseconds() - started
    precondition(passed.load(ordering: .relaxed) == debits * threads, "debits were refused")
    return Double(elapsed) / Double(debits)
  }

  private static func concurrently(_ threads: Int, _ body: @escaping @Sendable (Int) -> Void) {
    var handles: [pthread_t] = []
    for number in 0..<threads {
      var handle = pthread_t()
      let work = Unmanaged.passRetained(Work { body(number) })
      pthread_create(
        &handle, nil,
        { context in
          if let context { Unmanaged<Work>.fromOpaque(context).takeRetainedValue().body() }
          return nil
        }, work.toOpaque())
      handles.append(handle)
    }
    for handle in handles { pthread_join(handle, nil) }
  }

  private final class Work {
    let body: () -> Void
    init(_ body: @escaping () -> Void) { self.body = body }
  }
}
