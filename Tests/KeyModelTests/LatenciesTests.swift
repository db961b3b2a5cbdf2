// The classes of latencies: each time in the class whose bound it does not pass.
import Testing

@testable import KeyModel

struct LatenciesTests {
  @Test("bounds double at least, and their names say the same in seconds")
  func scale() {
    for (lower, upper) in zip(LatencyScale.bounds, LatencyScale.bounds.dropFirst()) {
      #expect(upper >= 2 * lower)
    }
    #expect(LatencyScale.names.count == LatencyScale.classes)
    #expect(LatencyScale.bounds.count + 1 == LatencyScale.classes)
    for (name, bound) in zip(LatencyScale.names, LatencyScale.bounds) {
      #expect(Double(name) == Double(bound) / 1e9)
    }
  }

  @Test("every time is in the first class whose bound it does not pass")
  func places() {
    var times: [Int64] = [.min, -1, 0, 1, 2, .max]
    for bound in LatencyScale.bounds { times += [bound - 1, bound, bound + 1, bound * 3 / 2] }
    for power in 0..<63 { times += [1 << power, (1 << power) - 1, (1 << power) + 1] }
    for time in times {
      let expected = LatencyScale.bounds.firstIndex { time <= $0 } ?? LatencyScale.bounds.count
      #expect(LatencyScale.place(of: time) == expected, "\(time)")
    }
  }

  @Test("what is counted here and there adds up")
  func sum() {
    var one = Latencies()
    var other = Latencies()
    one.add(6_000)
    one.add(-5)
    other.add(.max)
    one.add(other)
    #expect(one.count == 3 && one.counts[0] == 1 && one.counts[1] == 1 && one.counts[21] == 1)
    #expect(one.nanoseconds == UInt64(Int64.max) + 6_000)
  }
}
