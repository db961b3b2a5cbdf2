// Where randomness comes from: an argument everywhere, so that a run can be repeated from a seed.
package import KeyModel
internal import Synchronization

package protocol Entropy: Sendable {
  func fill(_ buffer: UnsafeMutableRawBufferPointer)
}

extension Entropy {
  package func bytes(_ count: Int) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      fill(UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[..<count]))
      initialized = count
    }
  }

  package func random128() -> UInt128 {
    var value: UInt128 = 0
    withUnsafeMutableBytes(of: &value) { fill($0) }
    return value
  }

  package func newID<Tag: IDTag>(_ now: Timestamp) -> ID<Tag> {
    ID(now: now, random: random128())
  }
}

/// The system's generator (getrandom through libsodium). Any thread.
package struct SystemEntropy: Entropy {
  package init() {}
  package func fill(_ buffer: UnsafeMutableRawBufferPointer) { RandomBytes.system(buffer) }
}

/// The same bytes for the same seed and the same order of calls. For tests and simulation only.
package final class SeededEntropy: Entropy {
  private let seed: UInt64
  private let calls = Atomic<UInt64>(0)

  package init(seed: UInt64) { self.seed = seed }

  package func fill(_ buffer: UnsafeMutableRawBufferPointer) {
    let call = calls.wrappingAdd(1, ordering: .relaxed).newValue
    RandomBytes.deterministic(buffer, seed: (seed, call))
  }
}
