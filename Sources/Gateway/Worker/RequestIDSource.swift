// Names for calls, `req_…`: cheap, never the same twice, in the order of the calls, of no use to a
// guesser since nothing is granted for knowing one.
import Crypto
import KeyModel

/// One per worker. What is random is drawn once; after that a counter is mixed so that successive
/// ids look unrelated.
struct RequestIDSource {
  private let worker: UInt16
  private var counter: UInt64

  init(entropy: some Entropy) {
    var seed: (UInt64, UInt64) = (0, 0)
    withUnsafeMutableBytes(of: &seed) { entropy.fill($0) }
    counter = seed.0
    worker = UInt16(truncatingIfNeeded: seed.1)
  }

  mutating func next(now: Timestamp) -> RequestID {
    // The finalizer of SplitMix64 is a bijection: a worker repeats a value after 2^64 calls.
    counter &+= 0x9E37_79B9_7F4A_7C15
    var mixed = (counter ^ counter >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    mixed ^= mixed >> 31
    // Ids sort by milliseconds: the rest of the time comes next, so that a log's newest is first.
    let microsecond = UInt128(UInt64(max(0, now.microseconds) % 1000))
    return RequestID(
      now: now, random: microsecond << 70 | UInt128(worker & 0x3F) << 64 | UInt128(mixed))
  }
}
