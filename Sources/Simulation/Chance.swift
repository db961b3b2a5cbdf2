// All randomness of a simulated world: one generator, one seed.

struct Chance {
  private var state: UInt64

  init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 ^ 0xD1B5_4A32_D192_ED03 }

  /// SplitMix64.
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  mutating func below(_ limit: Int) -> Int { Int(truncatingIfNeeded: next() % UInt64(limit)) }

  mutating func within(_ range: ClosedRange<Int64>) -> Int64 {
    range.lowerBound
      + Int64(truncatingIfNeeded: next() % UInt64(range.upperBound - range.lowerBound + 1))
  }

  /// True so many times in a thousand.
  mutating func perMille(_ share: Int) -> Bool { share > 0 && below(1000) < share }
}
