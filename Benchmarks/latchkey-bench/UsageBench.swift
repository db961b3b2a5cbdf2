// Nanoseconds per call to count it and to keep in mind who made it, with keys drawn uniformly, and
// how long a worker is kept from its calls when what it gathered is taken.
import Glibc
import KeyModel
import Verification

struct UsageBench {
  private let keys: Int
  private let verifier: Verifier
  private let identities: [Identity]

  init(keys: Int) {
    let population = Population(keys: keys)
    let empty = UnsafeRawBufferPointer(start: nil, count: 0)
    let call = Call(method: empty, path: empty, query: nil, host: empty, now: Self.now)
    guard let project = population.project else { preconditionFailure("no project") }
    identities = (0..<keys).map { at in
      let decision = population.verifier.decide(
        call, token: population.token(at), project: project)
      guard let identity = decision.identity else { preconditionFailure("no identity") }
      return identity
    }
    self.keys = keys
    verifier = population.verifier
  }

  private static let now = Timestamp(seconds: 1_800_000_000)

  func run() {
    // The first round finds a table that has to grow, as only the first minute of a server does.
    let rounds = (0..<6).map { _ in measure() }.dropFirst()
    print(
      "{\"bench\":\"usage\",\"keys\":\(keys),"
        + "\"ns_median\":\(rounded(rounds.map(\.call).sorted()[2])),"
        + "\"take_ms_median\":\(rounded(rounds.map(\.take).sorted()[2])),"
        + "\"take_ms_max\":\(rounded(rounds.map(\.take).max() ?? 0))}")
  }

  private func measure() -> (call: Double, take: Double) {
    let empty = UnsafeRawBufferPointer(start: nil, count: 0)
    let seen = Presentation(
      addressHigh: 0, addressLow: 0xFFFF_7F00_0001, userAgent: empty, method: empty, path: empty)
    let started = clockNanoseconds()
    for identity in identities {
      verifier.admit(identity, now: Self.now)
      verifier.witness(identity, seen, now: Self.now)
    }
    let gathered = clockNanoseconds()
    let taken = verifier.takeUsage()
    let ended = clockNanoseconds()
    precondition(taken != nil)
    return (Double(gathered - started) / Double(keys), Double(ended - gathered) / 1e6)
  }
}
