// How long things took, counted in classes with round bounds. Pure: whoever counts brings the time.

/// The classes: each has an upper bound, the last has none.
package enum LatencyScale {
  /// Nanoseconds, inclusive. Each is at least twice the one before, so no more than one of them
  /// lies between two powers of two.
  package static let bounds: [Int64] = [
    5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000,
    10_000_000, 25_000_000, 50_000_000, 100_000_000, 250_000_000, 500_000_000, 1_000_000_000,
    2_500_000_000, 5_000_000_000, 10_000_000_000, 30_000_000_000,
  ]
  /// As they stand in metrics: seconds.
  package static let names = [
    "0.000005", "0.00001", "0.000025", "0.00005", "0.0001", "0.00025", "0.0005", "0.001", "0.0025",
    "0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "5", "10", "30", "+Inf",
  ]
  package static let classes = 22

  /// Of each power of two, the class that it is in.
  private static let ofPowers: [UInt8] = (0..<64).map { power in
    UInt8(bounds.firstIndex { power < 63 && 1 << power <= $0 } ?? bounds.count)
  }

  /// A dozen instructions; what is below nothing counts as nothing.
  @inline(__always)
  package static func place(of nanoseconds: Int64) -> Int {
    let value = max(nanoseconds, 1)
    let place = Int(ofPowers[63 - value.leadingZeroBitCount])
    return place < bounds.count && value > bounds[place] ? place + 1 : place
  }
}

/// Latencies as they are shown.
package struct Latencies: Sendable, Hashable {
  /// By class, not summed up.
  package private(set) var counts = [UInt64](repeating: 0, count: LatencyScale.classes)
  package private(set) var nanoseconds: UInt64 = 0

  package init() {}

  /// - Parameter counts: one for each class.
  package init(counts: [UInt64], nanoseconds: UInt64) {
    precondition(counts.count == LatencyScale.classes)
    self.counts = counts
    self.nanoseconds = nanoseconds
  }

  package var count: UInt64 { counts.reduce(0, +) }

  package mutating func add(_ nanoseconds: Int64) {
    counts[LatencyScale.place(of: nanoseconds)] += 1
    self.nanoseconds &+= UInt64(max(0, nanoseconds))
  }

  package mutating func add(_ other: Latencies) {
    for place in counts.indices { counts[place] += other.counts[place] }
    nanoseconds &+= other.nanoseconds
  }
}
