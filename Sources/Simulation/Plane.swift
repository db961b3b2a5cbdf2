// The data plane of a simulated server: the house's own record table and verifier, with one project
// and the customers' keys.
import Crypto
import KeyModel
import Verification

final class Plane {
  private static let slug = Array("demo".utf8)
  private static let policy = Policy()
  private static let hasher = LookupHasher(
    pepperID: 1, pepper: [UInt8](repeating: 9, count: 32))

  private let table: RecordTable
  private let verifier: Verifier
  private var position: Int64 = 0

  private var suspended: [AccountID: Bool] = [:]

  init(_ project: ProjectID) {
    table = RecordTable(peppers: [Self.hasher])
    verifier = Verifier(table: table)
    apply(
      .project(
        ProjectRecord(
          id: project, slug: "demo", policy: Self.policy, upstream: nil, hosts: [],
          upstreamTimeoutSeconds: nil, assertionKey: [UInt8](repeating: 1, count: 32))))
  }

  /// Its server starts: nothing is left of what it knew.
  func forget(_ keys: [Key]) {
    for key in keys { apply(.keyRemoved(key.id)) }
  }

  func hear(_ key: Key, isSuspended: Bool) {
    if suspended[key.accountID] != isSuspended {
      suspended[key.accountID] = isSuspended
      apply(.account(Self.account(of: key, isSuspended)))
    }
    apply(.key(KeyRecord(key)))
  }

  private func apply(_ change: RecordChange) {
    position += 1
    table.apply(change, position: position)
  }

  static func account(of key: Key, _ isSuspended: Bool) -> AccountRecord {
    AccountRecord(
      id: key.accountID, projectID: key.projectID, clientID: "client", username: "user",
      brands: [], suspended: isSuspended)
  }

  func decide(_ token: [UInt8], now: Timestamp) -> DecisionCode {
    let nothing = UnsafeRawBufferPointer(start: nil, count: 0)
    return Self.slug.withUnsafeBytes { slug in
      guard let project = verifier.project(slug: slug) else { return .notFound }
      return token.withUnsafeBytes { token in
        let call = Call(method: nothing, path: nothing, query: nil, host: nothing, now: now)
        return verifier.decide(call, token: token, project: project).code
      }
    }
  }

  // MARK: Secrets

  private static let form = TokenFormat(prefix: "", form: policy.secret)

  /// The secret of a version: it follows from its id alone.
  static func token(of version: VersionID) -> [UInt8] {
    var chance = Chance(seed: UInt64(truncatingIfNeeded: version.bits))
    return form.generate(
      random: (0..<form.randomByteCount).map { _ in UInt8(truncatingIfNeeded: chance.next()) })
  }

  static func lookup(of token: [UInt8]) -> Lookup {
    token.withUnsafeBytes { hasher.lookup(of: $0) }
  }
}
