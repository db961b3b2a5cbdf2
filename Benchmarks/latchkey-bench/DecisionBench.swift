// Nanoseconds per decision: checksum, keyed hash, look-up and verdict, with keys drawn uniformly.
// Beside it, what the memory system alone charges for touching the same places.
import Crypto
import Glibc
import KeyModel
import Verification

struct DecisionBench {
  private let keys: Int
  private let population: Population

  init(keys: Int) {
    self.keys = keys
    population = Population(keys: keys)
  }

  func run(rounds: Int) {
    let decisions = max(1_000_000, min(keys, 4_000_000))
    var nanoseconds: [Double] = []
    var memory: [Double] = []
    for _ in 0..<rounds {
      nanoseconds.append(measure(decisions))
      memory.append(MemoryWalk.measure(rows: keys, steps: decisions))
    }
    nanoseconds.sort()
    memory.sort()
    print(
      "{\"bench\":\"decide\",\"keys\":\(keys),\"decisions\":\(decisions),"
        + "\"ns_median\":\(rounded(nanoseconds[rounds / 2])),\"ns_min\":\(rounded(nanoseconds[0])),"
        + "\"ns_max\":\(rounded(nanoseconds[rounds - 1])),"
        + "\"memory_ns_median\":\(rounded(memory[rounds / 2]))}")
  }

  private func measure(_ decisions: Int) -> Double {
    guard let project = population.project else { return .nan }
    let empty = UnsafeRawBufferPointer(start: nil, count: 0)
    let call = Call(
      method: empty, path: empty, query: nil, host: empty, now: Timestamp(seconds: 1_800_000_000))
    var valid = 0
    let started = clockNanoseconds()
    for at in 0..<decisions {
      let decision = population.verifier.decide(
        call, token: population.token(at % keys), project: project)
      if decision.code == .valid { valid += 1 }
    }
    let elapsed = clockNanoseconds() - started
    precondition(valid == decisions, "\(decisions - valid) of \(decisions) keys were not valid")
    return Double(elapsed) / Double(decisions)
  }
}

/// The memory system's share: for each step the two cache lines of a random row, in an area as
/// large as the record table's, the next step waiting for this one as one decision waits for the
/// last.
enum MemoryWalk {
  static func measure(rows: Int, steps: Int) -> Double {
    let hugePage = 2 << 20
    let byteCount = (rows * 110 + hugePage - 1) / hugePage * hugePage
    guard let area = aligned_alloc(hugePage, byteCount) else { preconditionFailure("memory") }
    defer { free(area) }
    madvise(area, byteCount, MADV_HUGEPAGE)
    memset(area, 0, byteCount)
    var state: UInt64 = 88_172_645_463_325_252
    let started = clockNanoseconds()
    for _ in 0..<steps {
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      let place = ((state >> 32) &* UInt64(byteCount / 96 - 1)) >> 32
      let at = Int(truncatingIfNeeded: place) * 96
      state &+= area.load(fromByteOffset: at, as: UInt64.self)
      state &+= area.load(fromByteOffset: at + 88, as: UInt64.self)
    }
    let elapsed = clockNanoseconds() - started
    precondition(state != 0)
    return Double(elapsed) / Double(steps)
  }
}

func clockNanoseconds() -> Int64 {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
}

func rounded(_ value: Double) -> Double { (value * 10).rounded() / 10 }
