// A host that a project claims leads to that project alone. Hosts that come with a profile are no
// claim: several projects may have the same profile, and the gateway prefers a claim, then the
// oldest project.
internal import KeyModel
internal import Storage

struct HostRule {
  let policies: PolicyLibrary

  /// Throws 409 where another project has a host that this change claims, for the project or for
  /// one of its environments.
  /// - Parameter old: nil for a new project.
  func check(_ project: Project, _ policy: Policy, replacing old: Project?, _ tx: Transaction)
    throws
  {
    var claimed = try claims(project, policy)
    // What came with its profile was no claim of its own.
    if let old { claimed.subtract(try claims(old, policies.policy(of: old).policy)) }
    guard !claimed.isEmpty else { return }
    for other in try tx.projects.all() where other.id != project.id {
      if let host = claimed.intersection(try hosts(other)).min() {
        throw Problem(.hostTaken, "The host \(host) belongs to another project.")
      }
    }
  }

  private func claims(_ project: Project, _ policy: Policy) throws(Problem) -> Set<String> {
    let inherited = Self.hosts(try policies.merge(profile: project.profile, patch: .null).policy)
    return Self.hosts(policy).subtracting(inherited).union(project.hosts)
  }

  private func hosts(_ project: Project) throws(Problem) -> Set<String> {
    Self.hosts(try policies.policy(of: project).policy).union(project.hosts)
  }

  private static func hosts(_ policy: Policy) -> Set<String> {
    Set(policy.environments.flatMap(\.hosts))
  }
}
