// Where the cells of a subject are. Keyed, so that nobody who picks his own addresses can pick
// whose cells they meet; it must therefore never be shown to anyone.
import Crypto

/// An almost-universal hash (NH) under random keys: two subjects that are chosen without knowing
/// the keys meet no more often than random ones.
struct SubjectHash: Sendable {
  private let keys: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64)

  init(entropy: some Entropy) {
    var drawn: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0, 0, 0)
    withUnsafeMutableBytes(of: &drawn) { entropy.fill($0) }
    keys = drawn
  }

  /// Never 0, which marks an empty place.
  /// - Parameter number: tells the rules apart that count one subject.
  @inline(__always)
  func tag(_ subject: UInt128, _ number: UInt64) -> UInt64 {
    let low = UInt64(truncatingIfNeeded: subject) &+ keys.0
    let high = UInt64(truncatingIfNeeded: subject >> 64) &+ keys.1
    let first = low.multipliedFullWidth(by: high)
    let second = (number &+ keys.2).multipliedFullWidth(by: keys.3 | 1)
    let mixed = (first.low ^ second.low) &+ (first.high &* 0x9E37_79B9_7F4A_7C15) ^ second.high
    let last = (mixed ^ keys.4).multipliedFullWidth(by: keys.5 | 1)
    let tag = last.high ^ last.low
    return tag == 0 ? 1 : tag
  }
}
