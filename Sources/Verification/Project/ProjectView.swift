// One worker's copy of a project, with what a decision needs worked out beforehand.
import KeyModel

package final class ProjectView {
  package let id: ProjectID
  package let slug: String
  package let policy: Policy
  package let upstream: String?
  package let hosts: [String]
  package let upstreamTimeoutSeconds: Int64?
  package let assertionKey: [UInt8]
  package let quota: QuotaRule?
  /// Changes whenever the project's record changed: for whoever caches something made from it.
  package let generation: UInt64
  package let limits: ProjectLimits

  let countersResetAtSecond: Int32
  let number: UInt32
  let matcher: TokenMatcher
  let scheme: CompiledScheme
  let credentialFields: [[UInt8]]
  /// `Authorization` is none of the scheme's headers.
  let leavesAuthorization: Bool
  /// Index into the policy's environments by interned number; -1 where the policy has none such.
  private let environmentIndexes: UnsafeMutableBufferPointer<Int>
  private let selectsEnvironment: Bool
  private let environmentHosts: [(host: [UInt8], environment: Int)]
  private let pathPrefixes: [(prefix: [UInt8], environment: Int)]
  let publishableAllow: [CompiledRoute]
  /// Tokens of any form may be keys here, and some are found by their SHA-256.
  let hasImports: Bool

  init(_ record: ProjectRecord, number: UInt32, generation: UInt64, environments: [String]) {
    id = record.id
    slug = record.slug
    policy = record.policy
    upstream = record.upstream
    hosts = record.hosts
    upstreamTimeoutSeconds = record.upstreamTimeoutSeconds
    assertionKey = record.assertionKey
    quota = record.policy.quota.map {
      QuotaRule($0, noticesAt: record.policy.notify.quotaPercent)
    }
    countersResetAtSecond = Int32(record.policy.countersResetAtSecond)
    self.generation = generation
    self.number = number
    matcher = TokenMatcher(TokenForms(policy: record.policy))
    scheme = CompiledScheme(record.policy.credential)
    credentialFields = scheme.fieldNames
    leavesAuthorization = !credentialFields.contains(CompiledScheme.authorization)
    publishableAllow = record.policy.publishableAllow.map(CompiledRoute.init)
    hasImports = record.hasImports
    limits = ProjectLimits(record.policy, project: record.id, quota: quota)
    let list = record.policy.environments
    environmentIndexes = .allocate(capacity: environments.count)
    for (number, name) in environments.enumerated() {
      environmentIndexes.initializeElement(
        at: number, to: list.firstIndex { $0.name == name } ?? -1)
    }
    environmentHosts = list.enumerated().flatMap { index, environment in
      environment.hosts.map { (Array($0.utf8), index) }
    }
    pathPrefixes = list.enumerated().compactMap { index, environment in
      environment.pathPrefix.map { (Array($0.utf8), index) }
    }
    selectsEnvironment = !environmentHosts.isEmpty || !pathPrefixes.isEmpty
  }

  deinit { environmentIndexes.deallocate() }

  var ownHosts: [[UInt8]] { hosts.map { Array($0.utf8) } }
  /// Other projects may have the same ones, by the same profile.
  var hostsOfEnvironments: [[UInt8]] { environmentHosts.map(\.host) }

  /// -1 where the policy no longer has the environment.
  @inline(__always)
  func environment(interned number: UInt16) -> Int {
    Int(number) < environmentIndexes.count ? environmentIndexes[Int(number)] : -1
  }

  /// The environment that the call's host or path selects; nil where neither does, -1 (no key is
  /// of it) where the path could be read in two ways.
  @inline(__always)
  func selectedEnvironment(of call: Call) -> Int? {
    selectsEnvironment ? environmentSelected(by: call) : nil
  }

  /// By what an unknown host or path might have selected an environment.
  func unselected(by call: Call) -> Unchecked {
    guard selectsEnvironment, environmentSelected(by: call) == nil else { return [] }
    var open: Unchecked = []
    if call.host.isEmpty, !environmentHosts.isEmpty { open.insert(.host) }
    if call.path.isEmpty, !pathPrefixes.isEmpty { open.insert(.path) }
    return open
  }

  private func environmentSelected(by call: Call) -> Int? {
    for entry in environmentHosts where equalsIgnoringCase(call.host, entry.host) {
      return entry.environment
    }
    guard !pathPrefixes.isEmpty, !call.path.isEmpty else { return nil }
    guard PathGuard.isUnambiguous(call.path) else { return -1 }
    for entry in pathPrefixes where isUnder(call.path, entry.prefix) { return entry.environment }
    return nil
  }
}

/// ASCII letters compare without their case; `lowercase` is lower case already.
func equalsIgnoringCase(_ bytes: UnsafeRawBufferPointer, _ lowercase: [UInt8]) -> Bool {
  guard bytes.count == lowercase.count else { return false }
  for at in 0..<bytes.count {
    let byte = bytes[at]
    let lower = byte &- 0x41 < 26 ? byte | 0x20 : byte
    if lower != lowercase[at] { return false }
  }
  return true
}

/// `/sandbox` and `/sandbox/…`, not `/sandboxes`.
private func isUnder(_ path: UnsafeRawBufferPointer, _ prefix: [UInt8]) -> Bool {
  guard path.count >= prefix.count else { return false }
  for at in 0..<prefix.count where path[at] != prefix[at] { return false }
  return path.count == prefix.count || path[prefix.count] == UInt8(ascii: "/")
}
