// A record table with many keys, and their tokens in an order that has nothing to do with the
// rows'.
import Crypto
import KeyModel
import Verification

final class Population {
  let table: RecordTable
  let verifier: Verifier
  let project: ProjectView?
  private let keys: Int
  private let length: Int
  private var tokens: UnsafeMutablePointer<UInt8>?

  /// The default policy for measuring: one environment, whose secrets begin with `sk_live_`.
  static var policy: Policy {
    var policy = Policy()
    policy.environments[0].secretPrefix = "sk_live_"
    return policy
  }

  init(keys: Int, policy: Policy = Population.policy) {
    self.keys = keys
    let hasher = LookupHasher(pepperID: 1, pepper: [UInt8](repeating: 7, count: 32))
    let table = RecordTable(peppers: [hasher])
    let format = TokenFormat(prefix: "sk_live_", form: policy.secret)
    var source = Splitter(state: 42)
    let sample = format.generate(random: source.bytes(format.randomByteCount))
    length = sample.count
    let tokens = UnsafeMutablePointer<UInt8>.allocate(capacity: keys * sample.count)
    self.tokens = tokens
    Self.seed(table, policy)
    table.reserve(versions: keys)
    let order = Self.shuffled(keys, &source)
    for at in 0..<keys {
      let token = format.generate(random: source.bytes(format.randomByteCount))
      precondition(token.count == length)
      (tokens + Int(order[at]) * length).update(from: token, count: length)
      Self.add(at, token, hasher, table)
    }
    self.table = table
    verifier = Verifier(table: table)
    project = Array("bench".utf8).withUnsafeBytes { [verifier] in verifier.project(slug: $0) }
  }

  deinit { releaseTokens() }

  func releaseTokens() {
    tokens?.deallocate()
    tokens = nil
  }

  func token(_ at: Int) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: tokens.map { $0 + at * length }, count: length)
  }

  private static let accounts = 1000

  private static func seed(_ table: RecordTable, _ policy: Policy) {
    let project = ProjectID(bits: 1)
    table.apply(
      .project(
        ProjectRecord(
          id: project, slug: "bench", policy: policy, upstream: nil, hosts: [],
          upstreamTimeoutSeconds: nil, assertionKey: [UInt8](repeating: 1, count: 32))),
      position: 1)
    for number in 0..<accounts {
      table.apply(
        .account(
          AccountRecord(
            id: AccountID(bits: UInt128(number + 1)), projectID: project,
            clientID: "0123456789abcdef0123456789abcdef", username: "user", brands: [],
            suspended: false)), position: 2)
    }
  }

  private static func add(
    _ number: Int, _ token: [UInt8], _ hasher: LookupHasher, _ table: RecordTable
  ) {
    let bits = UInt128(number + 1) << 64 | UInt128(number)
    let version = VersionRecord(
      id: VersionID(bits: bits), lookup: token.withUnsafeBytes { hasher.lookup(of: $0) },
      acceptedFrom: Timestamp(seconds: 0))
    table.apply(
      .key(
        KeyRecord(
          id: KeyID(bits: bits), projectID: ProjectID(bits: 1),
          accountID: AccountID(bits: UInt128(number % accounts + 1)),
          applicationID: ApplicationID(bits: 1), environment: "production", versions: [version])),
      position: Int64(number + 3))
  }

  private static func shuffled(_ count: Int, _ source: inout Splitter) -> [UInt32] {
    var order = (0..<UInt32(count)).map { $0 }
    order.shuffle(using: &source)
    return order
  }
}

/// SplitMix64: the same population in every run.
struct Splitter: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
  mutating func bytes(_ count: Int) -> [UInt8] {
    (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) }
  }
}
